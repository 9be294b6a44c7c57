package seh

import (
	"bytes"
	"compress/gzip"
	"math"
	"testing"

	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/rewards/assay"
)

// What the package comment says of the proxy's worth on measured compounds.
func TestTheProxyIsWorthAsMuchAsItSays(t *testing.T) {
	t.Parallel()
	z, err := gzip.NewReader(bytes.NewReader(chemtest.Read(t, "seh_proxy", "seh_chembl.csv.gz")))
	if err != nil {
		t.Fatal(err)
	}
	table, err := assay.Read(z)
	if err != nil {
		t.Fatal(err)
	}
	var mols []string
	var potencies []assay.Potency
	var size []float64
	for _, c := range table.Compounds {
		mols, potencies = append(mols, c.SMILES), append(potencies, c.Potency)
		size = append(size, float64(chemtest.Parse(t, c.SMILES).HeavyAtoms()))
	}
	for _, c := range []struct {
		name                       string
		scores                     []float64
		spearman, concord, partial float64
	}{
		{"port", raw(t, load(t, port), mols), 0.284, 0.603, 0.253},
		{"orig", raw(t, load(t, orig), mols), 0.179, 0.569, 0.161},
		{"heavy atoms", size, 0.284, 0.605, math.NaN()},
	} {
		a, err := assay.Compare(c.scores, potencies)
		if err != nil {
			t.Fatal(err)
		}
		partial, spread, err := assay.Beyond(size, c.scores, potencies)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %+v; beyond size %.3f +- %.3f", c.name, a, partial, spread)
		if a.Exact != 1786 || a.Weaker != 101 || a.Better != 2 {
			t.Errorf("%d measured compounds, %d and %d with a bound, want 1786, 101 and 2", a.Exact, a.Weaker, a.Better)
		}
		if math.Abs(a.Spearman-c.spearman) > 0.001 || math.Abs(a.All.Share-c.concord) > 0.001 {
			t.Errorf("%s: rank correlation %.4f and concordance %.4f, want %v and %v", c.name, a.Spearman, a.All.Share, c.spearman, c.concord)
		}
		if !math.IsNaN(c.partial) && math.Abs(partial-c.partial) > 0.001 {
			t.Errorf("%s: beyond size %.4f, want %v", c.name, partial, c.partial)
		}
	}
}
