package molfile_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/molfile"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

// draw writes an SD file by RDKit of the SMILES on standard input, with the
// canonical SMILES of what RDKit reads out of each record as data field rdkit.
// The argument is V2000 or V3000.
const draw = `
import sys
from rdkit import Chem, RDLogger
from rdkit.Chem import AllChem
RDLogger.DisableLog('rdApp.*')
for line in sys.stdin:
    m = Chem.MolFromSmiles(line.strip())
    AllChem.Compute2DCoords(m)
    b = Chem.MolToMolBlock(m, forceV3000=sys.argv[1] == 'V3000')
    print(b + '>  <rdkit>\n' + Chem.MolToSmiles(Chem.MolFromMolBlock(b)) + '\n\n$$$$')
`

// readBack writes the canonical SMILES of each record of an SD file, or ERROR.
const readBack = `
import sys
from rdkit import Chem, RDLogger
RDLogger.DisableLog('rdApp.*')
for m in Chem.SDMolSupplier(sys.argv[1]):
    print(Chem.MolToSmiles(m) if m is not None else 'ERROR')
`

// rdkit runs a program in the first Python that has RDKit.
func rdkit(t *testing.T, program, input string, args ...string) string {
	t.Helper()
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import rdkit").Run() != nil {
			continue
		}
		c := exec.Command(python, append([]string{"-c", program}, args...)...)
		var stderr bytes.Buffer
		c.Stdin, c.Stderr = strings.NewReader(input), &stderr
		out, err := c.Output()
		if err != nil {
			t.Fatalf("%v: %s", err, stderr.String())
		}
		return string(out)
	}
	t.Skip("RDKit absent: no python3 imports it (Debian's package python3-rdkit)")
	return ""
}

// babel converts a file by Open Babel to its canonical SMILES.
func babel(t *testing.T, format, path string) []string {
	t.Helper()
	if _, err := exec.LookPath("obabel"); err != nil {
		t.Skip("Open Babel absent: no obabel (Debian's package openbabel)")
	}
	out, err := exec.Command("obabel", "-i"+format, path, "-ocan").Output()
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for line := range strings.Lines(string(out)) {
		list = append(list, strings.TrimSpace(strings.Split(line, "\t")[0]))
	}
	return list
}

func write(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// fourTables are 1,000 molecules, by their reference SMILES.
func fourTables(t *testing.T) (canonical []string, mols []*chem.Mol) {
	t.Helper()
	for _, table := range []string{"zinc", "chembl", "drugs", "diverse"} {
		sampleOf(t, table, 250, func(row map[string]string, m *chem.Mol) {
			canonical, mols = append(canonical, row["canonical"]), append(mols, m)
		})
	}
	return canonical, mols
}

func TestWhatRDKitDrawsIsReadAsRDKitReadsIt(t *testing.T) {
	t.Parallel()
	canonical, _ := fourTables(t)
	for name := range formats {
		n := 0
		for rec, err := range molfile.Read(strings.NewReader(rdkit(t, draw, strings.Join(canonical, "\n"), name))) {
			if err != nil {
				t.Error(err)
				continue
			}
			text, _ := rec.Field("rdkit")
			m, err := smiles.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			if a, b := smiles.Canonical(rec.Mol), smiles.Canonical(m); a != b {
				t.Errorf("%s record %d: got %s, RDKit reads %s", name, rec.Number, a, b)
			}
			n++
		}
		if n != len(canonical) {
			t.Errorf("%s: %d of %d molecules", name, n, len(canonical))
		}
	}
}

func TestWhatIsWrittenOpensInRDKitAndOpenBabel(t *testing.T) {
	t.Parallel()
	canonical, mols := fourTables(t)
	for name, o := range formats {
		var out bytes.Buffer
		w := molfile.NewWriter(&out, o)
		for i, m := range mols {
			if err := w.Write(&molfile.Record{Name: canonical[i], Mol: m, Points: drawn(m)}); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		compareWithRDKit(t, name, out.Bytes(), canonical)
		compareWithBabel(t, name, out.Bytes(), canonical)
	}
}

// compareWithRDKit tests that RDKit reads the wanted molecules, as its canonical
// SMILES, out of an SD file.
func compareWithRDKit(t *testing.T, name string, sdf []byte, want []string) {
	t.Helper()
	got := strings.Fields(rdkit(t, readBack, "", write(t, name+".sdf", sdf)))
	if len(got) != len(want) {
		t.Fatalf("%s: RDKit reads %d molecules, want %d", name, len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("%s record %d: RDKit reads %s, want %s", name, i+1, got[i], want[i])
		}
	}
}

// compareWithBabel tests that Open Babel finds the same molecules in an SD file
// as in SMILES. Open Babel 3.1 does not know crossed double bonds in V3000 and
// makes them cis or trans, so that double bonds are not compared there.
func compareWithBabel(t *testing.T, name string, sdf []byte, want []string) {
	t.Helper()
	a := babel(t, "sdf", write(t, name+".sdf", sdf))
	b := babel(t, "smi", write(t, name+".smi", []byte(strings.Join(want, "\n")+"\n")))
	if len(a) != len(want) || len(b) != len(want) {
		t.Fatalf("%s: Open Babel reads %d and %d molecules, want %d", name, len(a), len(b), len(want))
	}
	for i := range a {
		if name == "V3000" {
			marks := strings.NewReplacer("/", "", "\\", "")
			a[i], b[i] = marks.Replace(a[i]), marks.Replace(b[i])
		}
		if a[i] != b[i] {
			t.Errorf("%s record %d: Open Babel reads %s, want %s", name, i+1, a[i], b[i])
		}
	}
}
