package descriptor

import (
	"cmp"
	"math"
	"slices"
	"testing"
)

func TestContributionTableIsWhole(t *testing.T) {
	t.Parallel()
	table := contributions()
	if n := len(table.entries); n != 705292 {
		t.Fatalf("%d entries, want 705292", n)
	}
	if n := table.start[1<<16]; n != 705292 {
		t.Errorf("the last bucket ends at %d", n)
	}
	sum := 0.0
	for h := range 1 << 16 {
		bucket := table.entries[table.start[h]:table.start[h+1]]
		if !slices.IsSortedFunc(bucket, func(a, b saEntry) int { return cmp.Compare(a.low, b.low) }) {
			t.Fatalf("bucket %d is out of order", h)
		}
	}
	for _, e := range table.entries {
		sum += table.values[e.index]
	}
	if mean := sum / 705292; math.Abs(mean-(-2.738437)) > 1e-6 {
		t.Errorf("the mean contribution is %v", mean)
	}
	// The environment of a methyl carbon, and one that does not exist.
	if v, ok := table.get(2246728737); !ok || v < 2 {
		t.Errorf("methyl: %v, %v", v, ok)
	}
	if _, ok := table.get(1); ok {
		t.Error("an unknown environment was found")
	}
}

func BenchmarkLoadContributions(b *testing.B) {
	for b.Loop() {
		unpack()
	}
}
