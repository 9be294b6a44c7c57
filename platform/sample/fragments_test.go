package sample_test

import (
	"context"
	"math"
	"testing"

	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/descriptor"
	"github.com/molsculpt/molsculpt/chem/fragment"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk/space"
)

func fragmentSpace(t testing.TB, maxFragments int, vocabulary string) *space.Fragments {
	t.Helper()
	v, err := fragment.Parse([]byte(vocabulary))
	if err != nil {
		t.Fatal(err)
	}
	sp, err := space.NewFragments(v, maxFragments)
	if err != nil {
		t.Fatal(err)
	}
	return sp
}

// TestSamplesOfSymmetricTreesAreTheComposite walks rings whose sites symmetry
// exchanges, and a fragment with a head and a tail, chains of which grow to the
// same chain at either end: several cells, one child. Up to four fragments, with models that are not balanced: the exact
// law of paths is held against the weighted samples, state by state.
func TestSamplesOfSymmetricTreesAreTheComposite(t *testing.T) {
	t.Parallel()
	sp := fragmentSpace(t, 4, `[
		{"smiles": "c1ccccc1", "attach": [0, 1, 2, 3, 4, 5]},
		{"smiles": "C1CNCCN1", "attach": [2, 5]},
		{"smiles": "CNC=O", "attach": [0, 2]}
	]`)
	shared := 0 // steps with several cells
	for _, text := range []string{"a & b", "a - b", "product(a, b)"} {
		c := compile(t, text, nil)
		bases := bagModels(sp, c, 1)
		exact := 0.
		law := map[space.State]float64{}
		for _, p := range allPaths(sp, bases) {
			g := math.Exp(c.LogDensity(p.logs, p.logB))
			law[p.states[len(p.states)-1]] += g
			exact += g
			for k := 1; k < len(p.states); k++ {
				for _, parent := range sp.Parents(p.states[k]) {
					if parent.State == p.states[k-1] && len(parent.Cells) > 1 {
						shared++
					}
				}
			}
		}
		if shared == 0 {
			t.Fatal("no child is reached by several cells: the test tests nothing")
		}
		populations := collect(t, sp, bases, c, sample.Options{Seed: 1, Particles: 64, Populations: 400})
		within(t, text+": evidence", evidence(t, populations), exact, 4)
		weights, total, squares := map[space.State]float64{}, 0., 0.
		for _, p := range populations {
			for i := range p.Trajectories {
				w := math.Exp(p.Trajectories[i].LogWeight)
				weights[p.Trajectories[i].Final()] += w
				total += w
				squares += w * w
			}
		}
		l1, floor := 0., 0.
		for s, g := range law {
			p := g / exact
			l1 += math.Abs(p - weights[s]/total)
			floor += math.Sqrt(2 / math.Pi * p * (1 - p) * squares / (total * total))
		}
		t.Logf("%s: %d molecules, L1 %.4f [floor %.4f]", text, len(law), l1, floor)
		if l1 > 1.3*floor {
			t.Errorf("%s: L1 %.4f, floor %.4f", text, l1, floor)
		}
	}
}

// TestCompositeOfDrugLikenessAndAccessibility samples from exact models of QED
// and SA at beta 32 on all trees of up to three of 24 fragments.
func TestCompositeOfDrugLikenessAndAccessibility(t *testing.T) {
	t.Parallel()
	size := 3 // 52,324 trees
	if testing.Short() {
		size = 2
	}
	sp := fragmentSpace(t, size, string(chemtest.Vocabulary24(t)))
	g, err := oracle.Enumerate(context.Background(), sp, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	qed, sa := make([]float64, len(g.States)), make([]float64, len(g.States))
	good := map[space.State]float64{}
	for i, s := range g.States[1:] {
		m, err := sp.Trees().Assemble(fragment.Tree(s))
		if err != nil {
			t.Fatal(err)
		}
		q, a := descriptor.QED(m), descriptor.SA(m)
		qed[i+1], sa[i+1] = 32*math.Log(max(q, 1e-30)), 32*math.Log((10-a)/9)
		if q >= .6 && a <= 3 {
			good[s] = 1
		}
	}
	laws := map[string]*oracle.Law{"qed": oracle.FlowsOf(g, qed).Law(), "sa": oracle.FlowsOf(g, sa).Law()}
	for _, text := range []string{"qed", "sa", "qed | sa", "qed & sa", "qed - sa"} {
		c := compile(t, text, nil)
		var own []*oracle.Law
		var bases []space.Policy
		for _, name := range c.Models() {
			own = append(own, laws[name])
			bases = append(bases, laws[name].Policy())
		}
		law, logZ, err := oracle.Composite(c, own)
		if err != nil {
			t.Fatal(err)
		}
		share := 0.
		for i, s := range g.States {
			share += good[s] * math.Exp(law[i])
		}
		populations := collect(t, sp, bases, c, sample.Options{Seed: 1, Populations: 100})
		z := evidence(t, populations)
		within(t, text+": evidence", z, math.Exp(logZ), 4)
		got := sample.MeanOf(populations, func(tr *sample.Trajectory) float64 { return good[tr.Final()] })
		within(t, text+": share of good molecules", got, share, 4)
		t.Logf("%-8s  evidence %.4f ± %.4f (exact %.4f), share %.3f ± %.3f (exact %.3f)", text, z.Value, z.SE, math.Exp(logZ), got.Value, got.SE, share)
	}
}
