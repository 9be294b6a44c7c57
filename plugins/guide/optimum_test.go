package guide_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/molsculpt/molsculpt/plugins/guide"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// dyadic is two models on the grid of side 2, with probabilities that are
// multiples of 1/16: out of 256 paths each model makes every one as often as it
// should. They are not balanced.
type dyadic struct {
	grid *space.Grid
	// Of each model the probabilities of Stop, the first and the second axis at
	// the origin and at (1,0) and (0,1), where one axis is left.
	steps [2]map[string][3]float64
}

func newDyadic(t *testing.T) *dyadic {
	t.Helper()
	grid, err := space.NewGrid(2, 2)
	if err != nil {
		t.Fatal(err)
	}
	return &dyadic{grid, [2]map[string][3]float64{
		{"00": {.5, .25, .25}, "10": {.75, 0, .25}, "01": {.25, .75, 0}, "11": {1, 0, 0}},
		{"00": {.125, .75, .125}, "10": {.25, 0, .75}, "01": {.5, .5, 0}, "11": {1, 0, 0}},
	}}
}

func (d *dyadic) name(s space.State) string {
	z := d.grid.Coordinates(s, nil)
	return string([]byte{'0' + byte(z[0]), '0' + byte(z[1])})
}

// paths is all paths of both models, each as often as 256 times its probability.
func (d *dyadic) paths(t *testing.T) []sdk.Path {
	t.Helper()
	var out []sdk.Path
	for label := range 2 {
		var extend func(p sdk.Path, logs [2]float64)
		extend = func(p sdk.Path, logs [2]float64) {
			at := d.name(p.States[len(p.States)-1])
			for action := range 3 {
				next := logs
				for m := range 2 {
					next[m] += math.Log(d.steps[m][at][action])
				}
				if math.IsInf(next[label], -1) {
					continue
				}
				q := sdk.Path{Label: label, States: slices.Clone(p.States), Cells: slices.Clone(p.Cells), LogBase: append(slices.Clone(p.LogBase), next[:]...)}
				if action > 0 {
					q.States = append(q.States, d.grid.Child(p.States[len(p.States)-1], action-1))
					q.Cells = append(q.Cells, action-1)
					extend(q, next)
					continue
				}
				n := 256 * math.Exp(next[label])
				if math.Abs(n-math.Round(n)) > 1e-9 {
					t.Fatalf("a path would be there %g times", n)
				}
				for range int(math.Round(n)) {
					out = append(out, q)
				}
			}
		}
		extend(sdk.Path{Label: label, States: []space.State{""}}, [2]float64{})
	}
	if len(out) != 512 {
		t.Fatalf("%d paths", len(out))
	}
	return out
}

// best is the exact probabilities of the outcomes (1,1), (1,2), (2,2) of lists
// at a state, after an action (or -1), and at an end, by enumeration: of the
// paths that come there, the first observation is the path's model, the second
// is made with the probabilities q of its end, or of the path.
type best struct {
	state, end map[space.State][3]float64
	action     map[space.State]map[int][3]float64
}

func (d *dyadic) best(paths []sdk.Path, byPath bool) best {
	ends, seen := map[space.State]float64{}, map[space.State]float64{}
	last := func(p sdk.Path) space.State { return p.States[len(p.States)-1] }
	for _, p := range paths {
		seen[last(p)]++
		if p.Label == 0 {
			ends[last(p)]++
		}
	}
	b := best{map[space.State][3]float64{}, map[space.State][3]float64{}, map[space.State]map[int][3]float64{}}
	count, actions := map[space.State]float64{}, map[space.State]map[int]float64{}
	for _, p := range paths {
		q := ends[last(p)] / seen[last(p)]
		first := 1 - float64(p.Label)
		if byPath {
			l := p.LogBase[len(p.LogBase)-2:]
			q = 1 / (1 + math.Exp(l[1]-l[0]))
		}
		v := [3]float64{first * q, (first*(1-q) + (1-first)*q) / 2, (1 - first) * (1 - q)}
		for t, s := range p.States {
			cell := -1
			if t < len(p.Cells) {
				cell = p.Cells[t]
			}
			if b.action[s] == nil {
				b.action[s], actions[s] = map[int][3]float64{}, map[int]float64{}
			}
			sum, act := b.state[s], b.action[s][cell]
			for k := range v {
				sum[k] += v[k]
				act[k] += v[k]
			}
			b.state[s], b.action[s][cell] = sum, act
			count[s]++
			actions[s][cell]++
		}
	}
	scaled := func(v [3]float64, n float64) [3]float64 { return [3]float64{v[0] / n, v[1] / n, v[2] / n} }
	for s, v := range b.state {
		b.state[s] = scaled(v, count[s])
		for c := range b.action[s] {
			b.action[s][c] = scaled(b.action[s][c], actions[s][c])
		}
		q := ends[s] / seen[s]
		b.end[s] = [3]float64{q * q, q * (1 - q), (1 - q) * (1 - q)}
	}
	return b
}

// TestTheOptimumIsTheExactPosterior trains on the expected loss itself, all paths
// of a tiny space in every update, until nothing moves. Then the guide is exact:
// at states, the unfinished copies of ends included, at ends and after actions.
func TestTheOptimumIsTheExactPosterior(t *testing.T) {
	t.Parallel()
	d := newDyadic(t)
	paths := d.paths(t)
	for _, labels := range []string{"ema", "exact"} {
		tr, err := guide.NewTrainer(d.grid, []string{"a", "b"}, guide.Config{
			Labels: labels, Head: "action", Width: 16, Steps: 700, Batch: 256, Ramp: 50, Rate: .02, LastRate: 1e-3, Average: .98,
		}, 1)
		if err != nil {
			t.Fatal(err)
		}
		for !tr.Done() {
			if _, err := tr.Update(paths); err != nil {
				t.Fatal(err)
			}
		}
		m, err := tr.Model()
		if err != nil {
			t.Fatal(err)
		}
		b := d.best(paths, labels == "exact")
		var states []space.State
		for s := range b.state {
			states = append(states, s)
		}
		ask := func(finished bool) []float32 {
			flags := make([]bool, len(states))
			for i := range flags {
				flags[i] = finished
			}
			r, err := m.LogQ(context.Background(), &sdk.GuideRequest{States: states, Finished: flags})
			if err != nil {
				t.Fatal(err)
			}
			return r.LogQ
		}
		near := func(what string, s space.State, got []float64, want [3]float64, tolerance float64) {
			t.Helper()
			sum := 0.0
			for k, g := range got {
				if math.Abs(g-want[k]) > 2e-3 {
					t.Errorf("labels %s, %s %s: Q is %.4f, want %.4f", labels, what, d.name(s), got, want)
					break
				}
				sum += g * []float64{1, 2, 1}[k]
			}
			if math.Abs(sum-1) > tolerance {
				t.Errorf("labels %s, %s %s: the probabilities of all lists add up to %g", labels, what, d.name(s), sum)
			}
		}
		on, end := ask(false), ask(true)
		req := &sdk.ActionRequest{States: states, Columns: 2}
		for _, s := range states {
			req.Rows = append(req.Rows, d.grid.Rows(s))
		}
		reply := sdk.NewActionReply(req, 3)
		if err := m.LogQActions(context.Background(), req, reply); err != nil {
			t.Fatal(err)
		}
		for i, s := range states {
			near("state", s, exps(on[3*i:3*i+3]), b.state[s], 1e-5)
			near("end", s, exps(end[3*i:3*i+3]), b.end[s], 1e-5)
			for cell, want := range b.action[s] {
				residual := reply.StopOf(i)
				if cell >= 0 {
					residual = reply.Cells(i)[3*cell : 3*cell+3]
				}
				// At the origin there is one path, so that what the path says is
				// known; and with exact labels Stop needs no residual anywhere.
				if s == "" {
					near("action at", s, afterAction(d, residual, cell), want, 4e-3)
				}
				for _, r := range residual {
					if labels == "exact" && cell < 0 && math.Abs(float64(r)) > 2e-2 {
						t.Errorf("the residual of Stop at %s is %v", d.name(s), residual)
					}
				}
			}
		}
	}
}

func exps(v []float32) (out []float64) {
	for _, l := range v {
		out = append(out, math.Exp(float64(l)))
	}
	return out
}

// afterAction is Q of the outcomes after an action at the origin.
func afterAction(d *dyadic, residual []float32, cell int) []float64 {
	p, q := d.steps[0]["00"][cell+1], d.steps[1]["00"][cell+1]
	p, q = p/(p+q), q/(p+q)
	v := []float64{p * p, p * q, q * q}
	for k := range v {
		v[k] *= math.Exp(float64(residual[k]))
	}
	return v
}
