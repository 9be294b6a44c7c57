package treenet

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/molsculpt/molsculpt/chem/fragment"
	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// smallSpace is a space of a handful of fragments with symmetries.
func smallSpace(t testing.TB, size int) *space.Fragments {
	t.Helper()
	v, err := fragment.Parse([]byte(`[
		{"smiles": "c1ccccc1", "attach": [0, 1, 2, 3, 4, 5]},
		{"smiles": "C", "attach": [0, 0]},
		{"smiles": "C1CCNCC1", "attach": [0, 3]},
		{"smiles": "NC=O", "attach": [0, 1]},
		{"smiles": "O", "attach": [0, 0]},
		{"smiles": "F", "attach": [0]}]`))
	if err != nil {
		t.Fatal(err)
	}
	sp, err := space.NewFragments(v, size)
	if err != nil {
		t.Fatal(err)
	}
	return sp
}

// randomPath is a random trajectory with a random target.
func randomPath(sp *space.Fragments, e *Encoder, m *Masks, r *rand.Rand, group int, beta float64) Path {
	w := space.Walk(sp, 0.2, r)
	p := Path{Beta: beta, Group: group}
	for k, s := range w.States {
		legal := make([]bool, sp.Rows(s)*sp.Columns())
		st := Step{Tree: e.Encode(sp.Nodes(s, nil), sp.RowSites(s)), Stops: sp.Legal(s, legal), Masks: m.Number(legal), Target: w.LogPB + 5*r.NormFloat64()}
		if k < len(w.Cells) {
			st.Cells = w.Cells[k]
		}
		p.Steps = append(p.Steps, st)
	}
	return p
}

func testPaths(sp *space.Fragments, f *Features, m *Masks, n int) []Path {
	r := rand.New(rand.NewPCG(1, 2))
	e := NewEncoder(f)
	var paths []Path
	for i := range n {
		paths = append(paths, randomPath(sp, e, m, r, i/3, float64(i/3)*7+0.5))
	}
	return paths
}

func TestGradientsOfTheWholeNetworkAreRight(t *testing.T) {
	sp := smallSpace(t, 5)
	f := NewFeatures(sp.Vocabulary())
	for _, objective := range []op.Objective{op.TrajectoryBalance, op.Variance, op.SubTrajectories, op.Likelihood} {
		t.Run(fmt.Sprint(objective), func(t *testing.T) {
			m := NewMasks(sp.Columns())
			paths := testPaths(sp, f, m, 9)
			params := nn.NewParams(rand.New(rand.NewPCG(3, 4)))
			l, err := NewLearner(Config{Width: 32, Layers: 2, BetaMax: 64}, LearnerConfig{Objective: objective, Knee: 4, Stop: 2, Threads: 2}, f, params, m)
			if err != nil {
				t.Fatal(err)
			}
			version := uint64(0)
			run := func() float64 {
				version++
				loss, _, err := l.Run(paths, version)
				if err != nil {
					t.Fatal(err)
				}
				return loss
			}
			run()
			run() // gradients must not pile up
			r := rand.New(rand.NewPCG(5, 6))
			checked := 0
			checks := l.Params()
			if objective != op.Variance && objective != op.Likelihood { // else it is fitted beside the loss, or there is none
				checks = append(checks, l.LogZ())
			}
			for _, p := range checks {
				// Along the gradient and along a random direction.
				grad := append([]float32(nil), p.Grad...)
				var norm float64
				for _, g := range grad {
					norm += float64(g) * float64(g)
				}
				norm = math.Sqrt(norm)
				if norm < 1e-4 {
					t.Logf("%s: gradient %g is too small to check", p.Name, norm)
					continue
				}
				for trial := range 2 {
					dir := make([]float64, len(grad))
					var slope float64
					for i := range dir {
						dir[i] = float64(grad[i]) / norm
						if trial == 1 {
							dir[i] = 0.5*dir[i] + 0.5*r.NormFloat64()/math.Sqrt(float64(len(dir)))
						}
						slope += dir[i] * float64(grad[i])
					}
					old := append([]float32(nil), p.Data...)
					diff := func(h float64) float64 {
						var side [2]float64
						for k, s := range []float64{h, -h} {
							for i := range old {
								p.Data[i] = old[i] + float32(s*dir[i])
							}
							side[k] = run()
						}
						copy(p.Data, old)
						return (side[0] - side[1]) / (2 * h)
					}
					h := 2e-3
					numeric := (4*diff(h) - diff(2*h)) / 3
					if math.Abs(numeric-slope) > 0.02*math.Abs(slope)+2e-3 {
						t.Errorf("%s: slope %v, by differences %v", p.Name, slope, numeric)
					}
					checked++
				}
			}
			t.Logf("%d directions in %d parameters", checked, len(l.Params()))
		})
	}
}

func TestAnswersDoNotDependOnTheBatch(t *testing.T) {
	sp := smallSpace(t, 6)
	f := NewFeatures(sp.Vocabulary())
	m := NewMasks(sp.Columns())
	var trees []*Tree
	var beta []float64
	for _, p := range testPaths(sp, f, m, 40) {
		for _, s := range p.Steps {
			trees = append(trees, s.Tree)
			beta = append(beta, p.Beta)
		}
	}
	params := nn.NewParams(rand.New(rand.NewPCG(3, 4)))
	two, err := NewPolicy(Config{Width: 48, Layers: 2, BetaMax: 64}, f, params, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	one, err := NewPolicy(Config{Width: 48, Layers: 2, BetaMax: 64}, f, params, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := two.Load(trees, beta, 1); err != nil {
		t.Fatal(err)
	}
	for i := range trees {
		if err := one.Load(trees[i:i+1], beta[i:i+1], 1); err != nil {
			t.Fatal(err)
		}
		if one.Stop(0) != two.Stop(i) {
			t.Fatalf("tree %d: Stop %v alone, %v in the batch", i, one.Stop(0), two.Stop(i))
		}
		a, b := one.Queries(0), two.Queries(i)
		for k := range b {
			if a[k] != b[k] {
				t.Fatalf("tree %d: query %d: %v alone, %v in the batch", i, k, a[k], b[k])
			}
		}
	}
}

func TestGradientsDoNotDependOnThreads(t *testing.T) {
	sp := smallSpace(t, 6)
	f := NewFeatures(sp.Vocabulary())
	var grads [2][]*nn.Param
	for i := range grads {
		m := NewMasks(sp.Columns())
		params := nn.NewParams(rand.New(rand.NewPCG(3, 4)))
		l, err := NewLearner(Config{Width: 32, Layers: 2, BetaMax: 64}, LearnerConfig{Stop: 2, Threads: 1 + 2*i}, f, params, m)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := l.Run(testPaths(sp, f, m, 90), 1); err != nil {
			t.Fatal(err)
		}
		grads[i] = l.Params()
	}
	for k, p := range grads[0] {
		for i, g := range p.Grad {
			if q := grads[1][k].Grad[i]; g != q {
				t.Fatalf("%s[%d]: %v with one thread, %v with three", p.Name, i, g, q)
			}
		}
	}
}

// paperSpace is the space of the 72-fragment vocabulary of the data folder.
func paperSpace(tb testing.TB) *space.Fragments {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "..", "shared", "data", "fragments", "fragments_72.json"))
	if err != nil {
		tb.Skip("the 72-fragment vocabulary is not here: ", err)
	}
	v, err := fragment.Parse(data)
	if err != nil {
		tb.Fatal(err)
	}
	sp, err := space.NewFragments(v, 9)
	if err != nil {
		tb.Fatal(err)
	}
	return sp
}

func BenchmarkLearn(b *testing.B) {
	sp := paperSpace(b)
	f := NewFeatures(sp.Vocabulary())
	m := NewMasks(sp.Columns())
	paths := testPaths(sp, f, m, 64)
	states := 0
	for _, p := range paths {
		states += len(p.Steps)
	}
	for _, width := range []int{64, 96, 128} {
		b.Run(fmt.Sprint(width), func(b *testing.B) {
			params := nn.NewParams(rand.New(rand.NewPCG(3, 4)))
			l, err := NewLearner(Config{Width: width, Layers: 3, BetaMax: 64}, LearnerConfig{Threads: 2}, f, params, m)
			if err != nil {
				b.Fatal(err)
			}
			v := uint64(0)
			b.ReportAllocs()
			for b.Loop() {
				v++
				if _, _, err := l.Run(paths, v); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(paths)*b.N)/b.Elapsed().Seconds(), "paths/s")
			b.ReportMetric(float64(states), "states")
		})
	}
}
