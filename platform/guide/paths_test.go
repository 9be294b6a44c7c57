package guide_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molsculpt/molsculpt/platform/guide"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// counted counts the states that a policy is asked about.
type counted struct {
	space.Policy
	states int
	fail   bool
}

func (c *counted) Steps(ctx context.Context, states []space.State, dst []space.Steps) error {
	if c.fail {
		return errors.New("out of order")
	}
	c.states += len(states)
	return c.Policy.Steps(ctx, states, dst)
}

func gridLaws(t *testing.T, side int) (*space.Grid, []*oracle.Law) {
	t.Helper()
	sp, err := space.NewGrid(2, side)
	if err != nil {
		t.Fatal(err)
	}
	g, err := oracle.Enumerate(t.Context(), sp, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	var laws []*oracle.Law
	for _, reward := range []oracle.GridReward{oracle.Shubert, oracle.Diagonal} {
		logR := make([]float64, len(g.States))
		for i, s := range g.States {
			logR[i] = reward(sp.Coordinates(s, nil), side)
		}
		laws = append(laws, oracle.FlowsOf(g, logR).Law())
	}
	return sp, laws
}

func TestPathsFollowTheirModelsAndKnowTheirLikelihoods(t *testing.T) {
	t.Parallel()
	sp, laws := gridLaws(t, 5)
	bases := []*counted{{Policy: laws[0].Policy()}, {Policy: laws[1].Policy()}}
	p := guide.NewPaths(sp, []space.Policy{bases[0], bases[1]}, 3)
	const n = 20000
	paths, err := p.Paths(t.Context(), 0, n)
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) != 2*n {
		t.Fatalf("%d paths", len(paths))
	}
	g := laws[0].Graph
	ends := [2][]float64{make([]float64, len(g.States)), make([]float64, len(g.States))}
	for k, path := range paths {
		if path.Label != k/n {
			t.Fatalf("path %d is of model %d", k, path.Label)
		}
		logs := make([]float64, 2)
		for i, s := range path.States {
			at, _ := g.Index(s)
			last := i == len(path.States)-1
			for m, law := range laws {
				if last {
					logs[m] += law.Stop[at]
					continue
				}
				if path.States[i+1] != sp.Child(s, path.Cells[i]) {
					t.Fatalf("path %d: cell %d does not lead on", k, path.Cells[i])
				}
				for c, e := range g.Children[at] {
					if g.States[e.Child] == path.States[i+1] {
						logs[m] += law.Step[at][c]
					}
				}
			}
			for m := range laws {
				if d := path.LogBase[2*i+m] - logs[m]; math.Abs(d) > 1e-9 {
					t.Fatalf("path %d, state %d: log-likelihood is off by %g", k, i, d)
				}
			}
			if last {
				ends[path.Label][at]++
			}
		}
	}
	for m, law := range laws {
		x, cells := 0.0, 0.0
		for i := range ends[m] {
			want := n * math.Exp(law.Terminal[i])
			if want < 5 {
				continue
			}
			x += (ends[m][i] - want) * (ends[m][i] - want) / want
			cells++
		}
		// Six standard deviations: false alarms are rarer than one in a million.
		if x > cells+6*math.Sqrt(2*cells) {
			t.Errorf("model %d: chi-square %.1f over %g end points", m, x, cells)
		}
		if bases[m].states != len(g.States) {
			t.Errorf("model %d was asked about %d states of %d", m, bases[m].states, len(g.States))
		}
	}
}

func TestAPathIsAFunctionOfSeedModelAndNumber(t *testing.T) {
	t.Parallel()
	sp, laws := gridLaws(t, 8)
	bases := []space.Policy{laws[0].Policy(), laws[1].Policy()}
	make10 := func(seed, first uint64, n int) []sdk.Path {
		paths, err := guide.NewPaths(sp, bases, seed).Paths(t.Context(), first, n)
		if err != nil {
			t.Fatal(err)
		}
		return paths
	}
	all := make10(1, 0, 10)
	for first := range 7 {
		some := make10(1, uint64(first), 3)
		if !cmp.Equal(some[:3], all[first:first+3]) || !cmp.Equal(some[3:], all[10+first:10+first+3]) {
			t.Errorf("paths %d to %d differ when they are asked for alone", first, first+2)
		}
	}
	if cmp.Equal(all, make10(2, 0, 10)) {
		t.Error("another seed gives the same paths")
	}
}

func TestAModelThatFailsIsToldAndAskedAgain(t *testing.T) {
	t.Parallel()
	sp, laws := gridLaws(t, 4)
	second := &counted{Policy: laws[1].Policy(), fail: true}
	p := guide.NewPaths(sp, []space.Policy{laws[0].Policy(), second}, 1)
	if _, err := p.Paths(t.Context(), 0, 3); err == nil || !strings.Contains(err.Error(), "guide: make paths: ask model 1: out of order") {
		t.Errorf("got %v", err)
	}
	second.fail = false
	if _, err := p.Paths(t.Context(), 0, 3); err != nil {
		t.Errorf("after the failure: %v", err)
	}
}

func BenchmarkPaths(b *testing.B) {
	sp, err := space.NewGrid(2, 32)
	if err != nil {
		b.Fatal(err)
	}
	g, err := oracle.Enumerate(b.Context(), sp, 0, 0)
	if err != nil {
		b.Fatal(err)
	}
	var bases []space.Policy
	for _, reward := range []oracle.GridReward{oracle.Shubert, oracle.Diagonal} {
		logR := make([]float64, len(g.States))
		for i, s := range g.States {
			logR[i] = reward(sp.Coordinates(s, nil), 32)
		}
		bases = append(bases, oracle.FlowsOf(g, logR).Law().Policy())
	}
	p := guide.NewPaths(sp, bases, 1)
	b.ReportAllocs()
	for k := 0; b.Loop(); k++ {
		if _, err := p.Paths(b.Context(), uint64(64*k), 64); err != nil {
			b.Fatal(err)
		}
	}
}
