package descriptor_test

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/descriptor"
	"github.com/molsculpt/molsculpt/chem/mass"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// odd are molecules that touch the corners of the definitions.
var odd = []string{
	"C", "[H][H]", "O", "[2H]OC", "[NH4+]", "[Na+].[Cl-]", "C[N+](C)(C)CC(=O)[O-]", "CC(C)(C)c1ccc(C#CC(F)(F)F)cc1",
	"C1CC11CC1", "C1CC2CCC1C2", "C12C3C4C1C5C2C3C45", "O=C1CCCCCCCCCCCCCC1", "C1CO1", "C1CN1", "[13CH4]", "OS(=O)(=O)O",
	"c1ccc2c(c1)CCc1ccccc1-2", "C[C@H](O)[C@@H](N)C(=O)O", "OB(O)c1ccc[nH]1", "[O-][n+]1ccccc1", "CC(=O)NN", "N#CC(=O)C=C=C",
}

// TestGoldenTable holds all columns of a few molecules to recorded values,
// which agree with RDKit 2022.09.
func TestGoldenTable(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	fmt.Fprint(&out, "smiles")
	for _, c := range descriptor.Columns() {
		fmt.Fprint(&out, "\t", c.Name)
	}
	fmt.Fprintln(&out)
	for _, s := range append(append([]string{}, druglike...), odd...) {
		a := descriptor.New(chemtest.Parse(t, s))
		fmt.Fprint(&out, s)
		for _, c := range descriptor.Columns() {
			fmt.Fprint(&out, "\t", c.Text(a))
		}
		fmt.Fprintln(&out)
	}
	const golden = "testdata/golden.tsv"
	if *update {
		if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(out.String(), "\n")); diff != "" {
		t.Errorf("(-recorded +now):\n%s", diff)
	}
}

// The examples of the QED paper's authors for their own program, to the
// precision that the different logP allows.
func TestQEDOfPublishedExamples(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]float64{
		"N=C(CCSCc1csc(N=C(N)N)n1)NS(N)(=O)=O": 0.253,
		"CNC(=NCCSCc1nc[nH]c1C)NC#N":           0.234,
		"CCCCCNC(=N)NN=Cc1c[nH]c2ccc(CO)cc12":  0.234,
	} {
		if got := descriptor.QED(chemtest.Parse(t, s)); math.Abs(got-want) > 1e-3 {
			t.Errorf("QED of %s is %.4f, want %.3f", s, got, want)
		}
	}
}

func TestPropertiesDoNotDependOnWhatWasAskedBefore(t *testing.T) {
	t.Parallel()
	columns := descriptor.Columns()
	var reused descriptor.Analysis
	for _, s := range append(append([]string{}, odd...), druglike...) {
		m := chemtest.Parse(t, s)
		reused.Reset(m)
		for i := range columns {
			c := columns[len(columns)-1-i]
			if got, want := c.Text(&reused), c.Text(descriptor.New(m)); got != want {
				t.Errorf("%s of %s: %s after other columns, %s alone", c.Name, s, got, want)
			}
		}
	}
}

func TestPropertiesAreInvariantUnderAtomOrder(t *testing.T) {
	t.Parallel()
	skip := map[string]bool{"hcounts": true, "arom_atoms": true}
	rows := 0
	for row := range chemtest.Rows(t, "zinc") {
		if rows++; rows > 1000 {
			break
		}
		a := descriptor.New(chemtest.Parse(t, row["smiles"]))
		b := descriptor.New(chemtest.Parse(t, row["rand_smiles"]))
		for _, c := range descriptor.Columns() {
			if !skip[c.Name] && c.Text(a) != c.Text(b) {
				t.Errorf("%s: %s for %s, %s for %s", c.Name, c.Text(a), row["smiles"], c.Text(b), row["rand_smiles"])
			}
		}
	}
}

func TestMoleculeWithoutAtomsHasNoSA(t *testing.T) {
	t.Parallel()
	m := &chem.Mol{}
	m.Connect()
	if !math.IsNaN(descriptor.SA(m)) {
		t.Error("SA of nothing is a number")
	}
	c, ok := descriptor.Find("sa")
	if !ok || c.Text(descriptor.New(m)) != "NA" {
		t.Error("the column does not say NA")
	}
	for _, c := range descriptor.Columns() {
		c.Text(descriptor.New(m)) // must not panic
	}
}

func TestESOLIsDelaneysEquation(t *testing.T) {
	t.Parallel()
	m := chemtest.Parse(t, "CCCOc1ccccc1")
	want := 0.16 - 0.63*descriptor.LogP(m) - 0.0062*descriptor.MolWt(m) + 0.066*3 - 0.74*0.6
	if got := descriptor.ESOL(m); math.Abs(got-want) > 1e-12 {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestFormulaHydrogensAndWeightAgree proves for the molecules of a table, as
// written and as their canonical form, that the formula counts every atom and
// hydrogen once, and that the weight is the sum over the formula.
func TestFormulaHydrogensAndWeightAgree(t *testing.T) {
	t.Parallel()
	for row := range chemtest.Rows(t, "drugs") {
		m := chemtest.Parse(t, row["smiles"])
		counts := map[string]int{}
		isotopes := false
		for _, a := range m.Atoms {
			counts[chem.Symbol(a.Element)]++
			counts["H"] += a.Hydrogens()
			isotopes = isotopes || a.Isotope != 0
		}
		formula := descriptor.Formula(m)
		weight := 0.0
		for _, part := range elements.FindAllStringSubmatch(strings.FieldsFunc(formula, func(r rune) bool { return r == '+' || r == '-' })[0], -1) {
			n := 1
			if part[2] != "" {
				n, _ = strconv.Atoi(part[2])
			}
			if n != counts[part[1]] {
				t.Errorf("%s: %s counts %d of %s, the atoms %d", row["smiles"], formula, n, part[1], counts[part[1]])
			}
			delete(counts, part[1])
			z, _ := chem.AtomicNumber(part[1])
			weight += float64(n) * mass.Average(z)
		}
		if counts["H"] == 0 {
			delete(counts, "H")
		}
		if len(counts) > 0 {
			t.Errorf("%s: %s leaves out %v", row["smiles"], formula, counts)
		}
		if got := descriptor.MolWt(m); !isotopes && math.Abs(got-weight) > 1e-9*weight {
			t.Errorf("%s: %s weighs %v, the molecule %v", row["smiles"], formula, weight, got)
		}
		if again := descriptor.Formula(chemtest.Parse(t, smiles.Canonical(m))); again != formula {
			t.Errorf("%s: %s, from the canonical form %s", row["smiles"], formula, again)
		}
	}
}

var elements = regexp.MustCompile(`([A-Z][a-z]?)(\d*)`)
