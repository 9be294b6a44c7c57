package fragment

import (
	"math"
	"slices"
	"testing"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

func golden24(t testing.TB) *Vocabulary {
	t.Helper()
	v, err := Parse(chemtest.Vocabulary24(t))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// states lists all trees by size, following children.
func states(t testing.TB, ts *Trees) [][]Tree {
	t.Helper()
	levels := [][]Tree{{""}}
	for size := 0; size < ts.Max(); size++ {
		seen := make(map[Tree]bool)
		var next []Tree
		for _, x := range levels[size] {
			rows := len(ts.Rows(x))
			legal := make([]bool, rows*ts.v.Columns())
			ts.Legal(x, legal)
			for c, ok := range legal {
				if !ok {
					continue
				}
				if y := ts.Child(x, c); !seen[y] {
					seen[y] = true
					next = append(next, y)
				}
			}
		}
		levels = append(levels, next)
	}
	return levels
}

func TestGoldenSpaceHasTheKnownStatesAndEdges(t *testing.T) {
	t.Parallel()
	v := golden24(t)
	if v.Columns() != 40 {
		t.Errorf("site classes: got %d, want 40", v.Columns())
	}
	ts, err := NewTrees(v, 3)
	if err != nil {
		t.Fatal(err)
	}
	levels := states(t, ts)
	for n, want := range []int{1, 24, 820, 51480} {
		if got := len(levels[n]); got != want {
			t.Errorf("trees of %d fragments: got %d, want %d", n, got, want)
		}
	}
	edges := 0
	children := make(map[Tree]int)
	for _, l := range levels[1:] {
		for _, x := range l {
			p := ts.Parents(x)
			edges += len(p)
			for _, y := range p {
				children[y.Tree]++
			}
		}
	}
	most := 0
	for _, n := range children {
		most = max(most, n)
	}
	if edges != 103976 || most != 320 {
		t.Errorf("got %d edges and at most %d children, want 103976 and 320", edges, most)
	}
}

// goldenSpace is the whole space of golden24: trees by size and, in the same
// order, the molecules of all but the empty one.
func goldenSpace(t testing.TB) (*Trees, [][]Tree, []*chem.Mol) {
	t.Helper()
	ts, err := NewTrees(golden24(t), 3)
	if err != nil {
		t.Fatal(err)
	}
	levels := states(t, ts)
	var mols []*chem.Mol
	for _, l := range levels[1:] {
		for _, x := range l {
			m, err := ts.Assemble(x)
			if err != nil {
				t.Fatal(err)
			}
			mols = append(mols, m)
		}
	}
	return ts, levels, mols
}

// law is a distribution over the trees of the golden space.
type law struct {
	logR []float64
	logZ float64
	p    []float64
}

func newLaw(mols []*chem.Mol, logR func(*chem.Mol) float64) law {
	l := law{logR: make([]float64, len(mols)), p: make([]float64, len(mols))}
	sum := 0.0
	for i, m := range mols {
		l.logR[i] = logR(m)
		sum += math.Exp(l.logR[i])
	}
	l.logZ = math.Log(sum)
	for i := range l.p {
		l.p[i] = math.Exp(l.logR[i] - l.logZ)
	}
	return l
}

func entropy(p []float64) float64 {
	h := 0.0
	for _, x := range p {
		if x > 0 {
			h -= x * math.Log(x)
		}
	}
	return h
}

// composite normalises g(p, q) point by point; the sum is halved as the
// mixture of equal weights has it.
func composite(a, b law, g func(p, q float64) float64) (evidence float64, p []float64) {
	p = make([]float64, len(a.p))
	sum := 0.0
	for i := range p {
		if s := a.p[i] + b.p[i]; s > 0 {
			p[i] = g(a.p[i], b.p[i]) / s
		}
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return sum / 2, p
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance || math.IsNaN(got) {
		t.Errorf("%s: got %.9g, want %.9g", what, got, want)
	}
}

func TestGoldenSpaceHasTheKnownLaws(t *testing.T) {
	t.Parallel()
	ts, levels, mols := goldenSpace(t)
	square := func(x float64) float64 { return x * x }
	one := newLaw(mols, func(m *chem.Mol) float64 { return -square(float64(m.HeavyAtoms()-16) / 4) })
	two := newLaw(mols, func(m *chem.Mol) float64 {
		n := 0
		for _, a := range m.Atoms {
			if a.Element == 7 || a.Element == 8 {
				n++
			}
		}
		return -square(float64(n-3) / 1.5)
	})
	near(t, "log Z of R1", one.logZ, 10.32891916, 5e-9)
	near(t, "log Z of R2", two.logZ, 10.38060026, 5e-9)
	near(t, "entropy of R1", entropy(one.p), 10.652869, 5e-7)
	near(t, "entropy of R2", entropy(two.p), 10.700250, 5e-7)
	l1 := 0.0
	for i := range one.p {
		l1 += math.Abs(one.p[i] - two.p[i])
	}
	near(t, "L1 between them", l1, 0.659170, 5e-7)
	for _, c := range []struct {
		name              string
		g                 func(p, q float64) float64
		evidence, entropy float64
	}{
		{"harmonic mean", func(p, q float64) float64 { return p * q }, 0.20056493, 10.633852},
		{"contrast of 1 over 2", func(p, q float64) float64 { return p * p }, 0.29943507, 10.523424},
		{"contrast of 2 over 1", func(p, q float64) float64 { return q * q }, 0.29943507, 10.569117},
	} {
		evidence, p := composite(one, two, c.g)
		near(t, c.name+": evidence", evidence, c.evidence, 5e-9)
		near(t, c.name+": entropy", entropy(p), c.entropy, 5e-7)
	}
	checkFlows(t, ts, levels, one)
}

// checkFlows computes the flows of the reward with the uniform backward kernel
// and holds the terminal law of their policy against it: a test that cells,
// parents and children fit together.
func checkFlows(t *testing.T, ts *Trees, levels [][]Tree, l law) {
	t.Helper()
	flow := make(map[Tree]float64)
	reward := make(map[Tree]float64)
	i := 0
	for _, level := range levels[1:] {
		for _, x := range level {
			reward[x] = math.Exp(l.logR[i] - l.logZ)
			i++
		}
	}
	for n := len(levels) - 1; n >= 0; n-- {
		for _, x := range levels[n] {
			flow[x] += reward[x]
			parents := ts.Parents(x)
			for _, p := range parents {
				flow[p.Tree] += flow[x] / float64(len(parents))
			}
		}
	}
	near(t, "flow of the empty tree", flow[""], 1, 1e-12)
	// The policy spreads the probability of a step evenly over its cells.
	visits := map[Tree]float64{"": 1}
	worst := 0.0
	for _, level := range levels {
		for _, x := range level {
			worst = max(worst, math.Abs(visits[x]*reward[x]/flow[x]-reward[x]))
			legal := make([]bool, len(ts.Rows(x))*ts.v.Columns())
			ts.Legal(x, legal)
			total := reward[x] / flow[x]
			for c, ok := range legal {
				if !ok {
					continue
				}
				y := ts.Child(x, c)
				parents := ts.Parents(y)
				for _, p := range parents {
					if p.Tree == x {
						step := flow[y] / float64(len(parents)) / flow[x] / float64(len(p.Cells))
						visits[y] += visits[x] * step
						total += step
					}
				}
			}
			if math.Abs(total-1) > 1e-12 {
				t.Fatalf("the policy at %v sums to %g", x.Nodes(nil), total)
			}
		}
	}
	near(t, "largest error of the terminal law", worst, 0, 1e-15)
}

func TestGoldenMoleculesDecomposeIntoExactlyTheirTrees(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("52,324 canonical SMILES")
	}
	ts, levels, mols := goldenSpace(t)
	all := slices.Concat(levels[1:]...)
	of := make(map[string][]Tree, len(mols))
	first := make(map[string]*chem.Mol, len(mols))
	for i, m := range mols {
		s := smiles.Canonical(m)
		of[s] = append(of[s], all[i])
		first[s] = m
	}
	if len(of) != 51943 {
		t.Errorf("got %d distinct molecules of %d trees, want 51943", len(of), len(mols))
	}
	i := 0
	for s, trees := range of {
		// All molecules with several trees and some of the others.
		if i++; len(trees) == 1 && i%20 != 0 {
			continue
		}
		slices.Sort(trees)
		got, complete := ts.Decompose(first[s], 1000)
		if !complete || !slices.Equal(got, trees) {
			t.Fatalf("%s: %d trees found of %d", s, len(got), len(trees))
		}
	}
}
