//go:build unix

package alert_test

import (
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/alert"
	"github.com/molsculpt/molsculpt/chem/smarts"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

// molecules are parsed ones of ZINC250k, and their SMILES.
func molecules(t testing.TB, n int) ([]string, []*chem.Mol) {
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
	return list, mols
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
	_, mols := molecules(b, 1000)
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
	_, mols := molecules(b, 1000)
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

// BenchmarkAgainstRDKit lets RDKit and us search the same molecules for the
// PAINS alerts, one after the other on one thread each, and reports the time
// of the processor per molecule for both, the least of several rounds. Neither
// counts the reading of SMILES.
func BenchmarkAgainstRDKit(b *testing.B) {
	list, mols := molecules(b, 300)
	f := strings.Split(reference(b, list, "time")[0], "\t")
	theirs, err := strconv.ParseFloat(f[0], 64)
	if err != nil {
		b.Fatal(err)
	}
	c := joined(b)
	var target smarts.Target
	n, fired := search(c, &target, nil, mols)
	if f[1] != strconv.Itoa(n) {
		b.Fatalf("%d alerts fire, %s in RDKit", n, f[1])
	}
	var ours float64
	for i := 0; b.Loop(); i++ {
		start := processorTime(b)
		for range 10 {
			_, fired = search(c, &target, fired, mols)
		}
		if d := (processorTime(b) - start) / 10; i == 0 || d < ours {
			ours = d
		}
	}
	b.ReportMetric(theirs*1e6/float64(len(mols)), "rdkit-us/mol")
	b.ReportMetric(ours*1e6/float64(len(mols)), "us/mol")
	b.ReportMetric(theirs/ours, "times")
}

// processorTime is what this process has used so far, in seconds.
func processorTime(t testing.TB) float64 {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

func TestFiredDoesNotAllocate(t *testing.T) { //nolint:paralleltest // what other tests allocate would be counted
	_, mols := molecules(t, 100)
	c := joined(t)
	var target smarts.Target
	_, fired := search(c, &target, nil, mols)
	if a := testing.AllocsPerRun(3, func() { _, fired = search(c, &target, fired, mols) }); a != 0 {
		t.Errorf("%v allocations for %d molecules", a, len(mols))
	}
}
