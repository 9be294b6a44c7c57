package descriptor_test

import (
	"bufio"
	"compress/gzip"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/descriptor"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

// tolerance is how far a column of reals may be from the oracle, which prints
// a limited number of decimals.
var tolerance = map[string]float64{
	"mw": 1e-3, "exact_mw": 2e-6, "logp": 2e-6, "mr": 2e-6, "tpsa": 1e-4, "fsp3": 1e-6, "qed": 1e-6, "sa": 1e-6,
}

// shortRows is how many rows of a table are read with -short.
const shortRows = 300

// readOracle calls f for each good row of a table; it skips the test where the
// reference data are absent.
func readOracle(t *testing.T, table string, f func(row map[string]string)) {
	t.Helper()
	path := filepath.Join("..", "..", "..", "shared", "data", "oracle", table+".dev.tsv.gz")
	file, err := os.Open(path)
	if err != nil {
		t.Skipf("the reference table is absent: %v", err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	lines.Scan()
	head := strings.Split(lines.Text(), "\t")
	for n := 0; lines.Scan() && (!testing.Short() || n < shortRows); n++ {
		row := map[string]string{}
		for i, x := range strings.Split(lines.Text(), "\t") {
			row[head[i]] = x
		}
		if row["status"] == "ok" {
			f(row)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

func sameAs(name, got, want string) bool {
	tol, ok := tolerance[name]
	if !ok || got == "NA" || want == "NA" {
		return got == want
	}
	x, err1 := strconv.ParseFloat(got, 64)
	y, err2 := strconv.ParseFloat(want, 64)
	return err1 == nil && err2 == nil && math.Abs(x-y) <= tol
}

// TestColumnsEqualTheOracle holds every column to RDKit's values. Rows that the
// parser refuses are the parser's business and count as different here.
func TestColumnsEqualTheOracle(t *testing.T) {
	t.Parallel()
	for table, allowed := range map[string]float64{
		"zinc": 0, "chembl": 0, "drugs": 0.005, "frag72": 0, "diverse": 0.001, "tricky": 0.01,
	} {
		t.Run(table, func(t *testing.T) {
			t.Parallel()
			rows := 0
			wrong := map[string]int{}
			examples := map[string][]string{}
			readOracle(t, table, func(row map[string]string) {
				rows++
				m, err := smiles.Parse(row["smiles"])
				if err != nil {
					wrong["parse"]++
					examples["parse"] = append(examples["parse"], row["smiles"]+" "+err.Error())
					return
				}
				a := descriptor.New(m)
				for _, c := range descriptor.Columns() {
					want, ok := row[c.Name]
					if !ok || want == "" {
						continue
					}
					if got := c.Text(a); !sameAs(c.Name, got, want) {
						wrong[c.Name]++
						if len(examples[c.Name]) < 5 {
							examples[c.Name] = append(examples[c.Name], row["smiles"]+" got "+short(got)+" want "+short(want))
						}
					}
				}
			})
			for name, n := range wrong {
				report := t.Logf
				if float64(n) > allowed*float64(rows) {
					report = t.Errorf
				}
				report("%s: %d of %d rows differ, as in\n\t%s", name, n, rows, strings.Join(examples[name][:min(len(examples[name]), 5)], "\n\t"))
			}
		})
	}
}

func short(s string) string {
	if len(s) > 60 {
		return s[:60] + "..."
	}
	return s
}

// parse is smiles.Parse for input that is known to be right.
func parse(t testing.TB, s string) *chem.Mol {
	t.Helper()
	m, err := smiles.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
