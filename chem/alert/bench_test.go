package alert_test

import (
	"testing"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/alert"
	"github.com/molsculpt/molsculpt/chem/smarts"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

// molecules are parsed ones of ZINC250k.
func molecules(t testing.TB, n int) []*chem.Mol {
	t.Helper()
	list := sample(t, n, "zinc")
	mols := make([]*chem.Mol, len(list))
	for i, s := range list {
		m, err := smiles.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		mols[i] = m
	}
	return mols
}

func joined(t testing.TB) *alert.Catalogue {
	t.Helper()
	return alert.Join("pains", get(t, "pains_a"), get(t, "pains_b"), get(t, "pains_c"))
}

// search is the number of alerts that fire on the molecules.
func search(c *alert.Catalogue, target *smarts.Target, fired []int, mols []*chem.Mol) (int, []int) {
	n := 0
	for _, m := range mols {
		target.Reset(m)
		fired = c.Fired(fired[:0], target)
		n += len(fired)
	}
	return n, fired
}

// BenchmarkPAINS searches one molecule for all 480 alerts, preparing it
// included.
func BenchmarkPAINS(b *testing.B) {
	mols := molecules(b, 1000)
	c := joined(b)
	var target smarts.Target
	var fired []int
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		_, fired = search(c, &target, fired, mols[i%len(mols):i%len(mols)+1])
	}
}

// BenchmarkAll searches one molecule for all alerts of all catalogues.
func BenchmarkAll(b *testing.B) {
	mols := molecules(b, 1000)
	var parts []*alert.Catalogue
	for _, name := range alert.Names() {
		parts = append(parts, get(b, name))
	}
	c := alert.Join("all", parts...)
	var target smarts.Target
	var fired []int
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		_, fired = search(c, &target, fired, mols[i%len(mols):i%len(mols)+1])
	}
}

func TestFiredDoesNotAllocate(t *testing.T) { //nolint:paralleltest // what other tests allocate would be counted
	mols := molecules(t, 100)
	c := joined(t)
	var target smarts.Target
	_, fired := search(c, &target, nil, mols)
	if a := testing.AllocsPerRun(3, func() { _, fired = search(c, &target, fired, mols) }); a != 0 {
		t.Errorf("%v allocations for %d molecules", a, len(mols))
	}
}
