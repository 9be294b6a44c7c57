package platform

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/molsculpt/molsculpt/chem/fragment"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// enumerable is a fragment space that can be listed, with symmetric fragments:
// several cells lead to one child, and trees have several parents.
func enumerable(t *testing.T) (*space.Fragments, *oracle.Graph) {
	t.Helper()
	v, err := fragment.Parse([]byte(`[
		{"smiles":"c1ccccc1","attach":[0,1,2,3,4,5]},
		{"smiles":"C","attach":[0,0,0]},
		{"smiles":"CO","attach":[1,0]},
		{"smiles":"F","attach":[0]}]`))
	if err != nil {
		t.Fatal(err)
	}
	sp, err := space.NewFragments(v, 4)
	if err != nil {
		t.Fatal(err)
	}
	g, err := oracle.Enumerate(t.Context(), sp, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	return sp, g
}

// ends are the states of a graph where a path may end.
func ends(g *oracle.Graph) []space.State {
	var out []space.State
	for i, s := range g.States {
		if g.Stop[i] {
			out = append(out, s)
		}
	}
	return out
}

// uneven is a policy with preferences drawn by seed: balanced for no reward.
type uneven struct {
	space space.Space
	seed  uint64
}

func (u uneven) Steps(_ context.Context, states []space.State, dst []space.Steps) error {
	for i, s := range states {
		h := u.seed
		for _, c := range []byte(s) {
			h = (h ^ uint64(c)) * 1099511628211
		}
		rng := rand.New(rand.NewPCG(u.seed, h))
		legal := make([]bool, u.space.Rows(s)*u.space.Columns())
		stop := u.space.Legal(s, legal)
		d := &dst[i]
		d.Stop, d.Cells = math.Inf(-1), make([]float64, len(legal))
		var sum float64
		if stop {
			d.Stop = rng.NormFloat64()
			sum = math.Exp(d.Stop)
		}
		for c := range legal {
			d.Cells[c] = math.Inf(-1)
			if legal[c] {
				d.Cells[c] = 2 * rng.NormFloat64()
				sum += math.Exp(d.Cells[c])
			}
		}
		d.Stop -= math.Log(sum)
		for c := range d.Cells {
			d.Cells[c] -= math.Log(sum)
		}
	}
	return nil
}

func TestBackwardPathsEstimateTheLawOfAnUnbalancedPolicy(t *testing.T) {
	t.Parallel()
	sp, g := enumerable(t)
	policy := uneven{sp, 3}
	law, err := oracle.LawOf(t.Context(), g, policy)
	if err != nil {
		t.Fatal(err)
	}
	finished := ends(g)
	b, err := drawBackward(t.Context(), sp, finished, 400, 7)
	if err != nil {
		t.Fatal(err)
	}
	logP, se, err := b.logP(t.Context(), policy, nil)
	if err != nil {
		t.Fatal(err)
	}
	// The mean of exp(estimate - truth) is 1, whatever the trees; so is that of
	// each tree by itself, within its own error.
	var ratio, variance float64
	far := 0
	for i, s := range finished {
		k, _ := g.Index(s)
		r, e := math.Exp(logP[i]-law.Terminal[k]), se[i]*math.Exp(logP[i]-law.Terminal[k])
		ratio += r / float64(len(finished))
		variance += e * e / float64(len(finished)*len(finished))
		if math.Abs(r-1) > 4*e+1e-9 {
			far++
		}
	}
	if sd := math.Sqrt(variance); math.Abs(ratio-1) > 4*sd || sd > 0.01 {
		t.Errorf("over %d trees the estimates are %.4f times the truth, standard error %.4f", len(finished), ratio, sd)
	}
	if far > len(finished)/50 {
		t.Errorf("%d of %d trees are more than four standard errors off", far, len(finished))
	}
	if n := len(b.paths) * 4; len(b.states) > len(g.States) || len(b.steps) > n/10 {
		t.Errorf("%d states and %d steps are asked about; they are not put together", len(b.states), len(b.steps))
	}
}

func TestBackwardPathsOfTheBalancedPolicyAreAllExact(t *testing.T) {
	t.Parallel()
	sp, g := enumerable(t)
	const beta = 6.0
	flows, logR := balanced(sp, g, beta)
	policy := flows.Law().Policy()
	finished := ends(g)
	b, err := drawBackward(t.Context(), sp, finished, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	logP, se, err := b.logP(t.Context(), policy, nil)
	if err != nil {
		t.Fatal(err)
	}
	target := make([]float64, len(finished))
	for i, s := range finished {
		target[i] = logR[s]
		if d := logP[i] - (target[i] - flows.LogZ()); math.Abs(d) > 1e-9 || se[i] > 1e-6 {
			t.Fatalf("%x: log p is off by %g, standard error %g", s, d, se[i])
		}
	}
	if f := newFitGroup(logP, target); math.Abs(f.Correlation-1) > 1e-9 || math.Abs(f.Slope-1) > 1e-9 || f.RMS > 1e-9 {
		t.Errorf("the fit of the exact policy is %+v", f)
	}
	own, err := drawOwn(t.Context(), sp, policy, 300, 5, nil)
	if err != nil {
		t.Fatal(err)
	}
	residual := make([]float64, len(own))
	for i, d := range own {
		residual[i] = d.balance - logR[d.state]
	}
	mean, _, sd := meanOf(residual)
	if sd > 1e-9 || math.Abs(mean+flows.LogZ()) > 1e-9 {
		t.Errorf("the residual of the exact policy has mean %g and standard deviation %g, log Z is %g", mean, sd, flows.LogZ())
	}
	again, err := drawOwn(t.Context(), sp, policy, 100, 5, nil)
	if err != nil || !slices.Equal(again, own[:100]) {
		t.Errorf("fewer draws of a seed are not the first of more (%v)", err)
	}
}

// balanced are the flows of a reward that depends on size and bytes, to a beta.
func balanced(sp space.Space, g *oracle.Graph, beta float64) (*oracle.Flows, map[space.State]float64) {
	logs := make([]float64, len(g.States))
	byState := map[space.State]float64{}
	for i, s := range g.States {
		h := uint64(len(s))
		for _, c := range []byte(s) {
			h = h*31 + uint64(c)
		}
		r := rand.New(rand.NewPCG(11, h)).Float64() / float64(1+sp.Size(s))
		logs[i] = beta * math.Log(0.05+r)
		byState[s] = logs[i]
	}
	return oracle.FlowsOf(g, logs), byState
}

func TestBackwardPathsFollowTheKernel(t *testing.T) {
	t.Parallel()
	sp, g := enumerable(t)
	b, err := drawBackward(t.Context(), sp, ends(g), 2, 9)
	if err != nil {
		t.Fatal(err)
	}
	for n, p := range b.paths {
		states := []space.State{}
		for _, k := range slices.Backward(p.steps) {
			states = append(states, b.states[b.steps[k].from])
		}
		w, ok := space.Retrace(sp, states)
		if !ok || math.Abs(w.LogPB-p.logPB) > 1e-12 || w.Last() != ends(g)[n/2] {
			t.Fatalf("path %d, %x: log P_B %g, should be %g", n, states, p.logPB, w.LogPB)
		}
		for i, cells := range w.Cells {
			if got := b.steps[p.steps[len(p.steps)-1-i]].cells; !slices.Equal(got, cells) {
				t.Fatalf("path %d: step %d has cells %v, should have %v", n, i, got, cells)
			}
		}
	}
}
