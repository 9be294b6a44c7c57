package experiment

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/rewards/assay"
)

// alkanes writes a table of activities of chains of carbon atoms, longer ones more
// potent, but for some that were not measured.
func alkanes(t *testing.T, data string) {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	fmt.Fprintln(z, `"Smiles";"Standard Type";"Standard Relation";"Standard Value";"Standard Units";"Data Validity Comment";"Potential Duplicate"`)
	for n := 1; n <= 40; n++ {
		relation := "'='"
		if n > 36 {
			relation = "'<'"
		}
		fmt.Fprintf(z, "%q;\"IC50\";\"%s\";\"%g\";\"nM\";\"\";\"False\"\n", strings.Repeat("C", n), relation, 1e5/float64(n*n*n))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(data, filepath.FromSlash(sehTable))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// On a made table, without any reference data: what orders the compounds as they
// are has a correlation of 1, and the report is the same again.
func TestScoresAreHeldAgainstATable(t *testing.T) {
	t.Parallel()
	e := bench(t)
	e.Data = t.TempDir()
	alkanes(t, e.Data)
	if err := os.WriteFile(e.Path("seh.yaml"), []byte("objectives: [{name: weight, reward: mw}]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), proxy(), e); err != nil {
		t.Fatal(err)
	}
	first := contents(t, e.Folder)
	for _, want := range []string{"| weight | 1.000 ± ", "40 compounds", "36 with a value", "4 known to be stronger"} {
		if !strings.Contains(first["report.md"], want) {
			t.Errorf("the report has no %q:\n%s", want, first["report.md"])
		}
	}
	said := done(e)
	if _, err := Run(t.Context(), proxy(), e); err != nil {
		t.Fatal(err)
	}
	if len(*said) > 0 {
		t.Errorf("done again: %v", *said)
	}
	for name, text := range contents(t, e.Folder) {
		if first[name] != text {
			t.Errorf("%s differs", name)
		}
	}
	if err := os.WriteFile(e.Path("seh.yaml"), []byte("objectives: [{name: weight, reward: mw}, {reward: logp}]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), proxy(), e); err != nil || len(*said) != 1 {
		t.Errorf("a changed file: done %v, %v", *said, err)
	}
}

func TestWithoutATableTheErrorSaysWhatToDo(t *testing.T) {
	t.Parallel()
	e := bench(t)
	e.Data = t.TempDir()
	if _, err := Run(t.Context(), proxy(), e); err == nil || !strings.Contains(err.Error(), "try: --data FOLDER") {
		t.Errorf("the error is %v", err)
	}
}

// The plugin's process gives the scores that its package says, on compounds of the
// table of reference data.
func TestTheProxyIsScoredThroughItsPlugin(t *testing.T) {
	t.Parallel()
	chemtest.File(t, "seh_proxy", "seh_chembl.csv.gz")
	e := bench(t)
	if _, err := Run(t.Context(), proxy(), e); err != nil {
		t.Fatal(err)
	}
	md := contents(t, e.Folder)["report.md"]
	for _, want := range []string{"| port |", "| orig |", "| heavy atoms |", "rows without an IC50"} {
		if !strings.Contains(md, want) {
			t.Errorf("the report has no %q:\n%s", want, md)
		}
	}
}

// The definition, over all orders of compounds of one score: on average so many
// potent ones are among the first.
func TestEnrichmentIsTheMeanOverOrders(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 3))
	for range 8 {
		n := 40 + rng.IntN(60)
		x, y := make([]float64, n), make([]float64, n)
		for i := range x {
			x[i], y[i] = float64(rng.IntN(8)), 7+2*rng.Float64()
		}
		for _, got := range enrichment(x, y) {
			// A random number beside the score breaks ties.
			const orders = 600
			sum, squares := 0., 0.
			for range orders {
				noise := rng.Perm(n)
				hits := 0.
				for i := range x {
					before := 0
					for j := range x {
						if x[j] > x[i] || x[j] == x[i] && noise[j] < noise[i] {
							before++
						}
					}
					if before < got.N && y[i] >= potent {
						hits++
					}
				}
				sum += hits
				squares += hits * hits
			}
			mean := sum / orders
			se := math.Sqrt(max(0, squares/orders-mean*mean) / orders)
			if off := math.Abs(got.Rate*float64(got.N) - mean); off > 5*se+1e-9 {
				t.Errorf("%d of %d: %g potent, over orders %g ± %g", got.N, n, got.Rate*float64(got.N), mean, se)
			}
		}
	}
}

func TestMediansAreThoseOfGroups(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(4, 4))
	var x, y []float64
	for _, i := range rng.Perm(100) {
		x, y = append(x, float64(i)), append(y, float64(2*i))
	}
	at, low, middle, high := medians(x, y, 10)
	for g := range 10 {
		centre := float64(10*g) + 4.5
		if at[g] != centre || middle[g] != 2*centre || low[g] != 2*(centre-2.25) || high[g] != 2*(centre+2.25) {
			t.Errorf("group %d: %g, %g, %g, %g", g, at[g], low[g], middle[g], high[g])
		}
	}
}

// A score that nobody has is left out, and counted.
func TestCompoundsWithoutAScoreAreLeftOut(t *testing.T) {
	t.Parallel()
	var table assay.Table
	s := scored{Name: "s"}
	var heavy []float64
	for i := range 30 {
		table.Compounds = append(table.Compounds, assay.Compound{Potency: assay.Potency{Low: float64(i), High: float64(i)}})
		s.Values, s.Reasons, heavy = append(s.Values, float64(i)), append(s.Reasons, ""), append(heavy, float64(i%7))
	}
	s.Values[3], s.Reasons[3] = -100, "failed"
	w, err := worthOf("s", s, table, heavy)
	if err != nil || w.Missing != 1 || w.Whole.Exact != 29 || math.Abs(w.Whole.Spearman-1) > 1e-12 || w.Classes.Measured.Share != 1 {
		t.Errorf("%+v, %v", w, err)
	}
}
