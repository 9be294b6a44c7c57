package descriptor_test

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/descriptor"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

// tolerance is how far a column of reals may be from the oracle, which prints
// a limited number of decimals.
var tolerance = map[string]float64{
	"mw": 1e-3, "exact_mw": 2e-6, "logp": 2e-6, "mr": 2e-6, "tpsa": 1e-4, "fsp3": 1e-6, "qed": 1e-6, "sa": 1e-6,
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
			for row := range chemtest.Rows(t, table) {
				if row["status"] != "ok" {
					continue
				}
				rows++
				m, err := smiles.Parse(row["smiles"])
				if err != nil {
					wrong["parse"]++
					examples["parse"] = append(examples["parse"], row["smiles"]+" "+err.Error())
					continue
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
			}
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
