package treemodel

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/treenet"
	"github.com/molsculpt/molsculpt/plugins/internal/treetest"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
)

var family = Family{Plugin: "core/test", Format: "molsculpt-test/1", Beta: true}

// toyModel has parameters drawn by chance, far from those of a new network.
func toyModel(tb testing.TB, sp *space.Fragments) *Model {
	tb.Helper()
	r := rand.New(rand.NewPCG(3, 4))
	f, params := treenet.NewFeatures(sp.Vocabulary()), nn.NewParams(r)
	c := treenet.Config{Width: 16, Layers: 1, BetaMax: 8}
	if _, err := treenet.NewLearner(c, treenet.LearnerConfig{Objective: op.TrajectoryBalance, Stop: 1, Threads: 1}, f, params, treenet.NewMasks(sp.Columns())); err != nil {
		tb.Fatal(err)
	}
	for _, p := range params.All() {
		for i := range p.Data {
			p.Data[i] += float32(0.1 * r.NormFloat64())
		}
	}
	m, err := New(family, c, sp, f, params, 3, 2)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// someStates are distinct states of random walks.
func someStates(sp *space.Fragments, walks int, r *rand.Rand) (list []space.State) {
	seen := map[space.State]bool{}
	for range walks {
		for _, s := range space.Walk(sp, 0.2, r).States {
			if !seen[s] {
				seen[s] = true
				list = append(list, s)
			}
		}
	}
	return list
}

func TestServedModelAnswersWhatTheModelSays(t *testing.T) {
	sp := treetest.Toy(t, 5)
	m := toyModel(t, sp)
	for _, queries := range []bool{false, true} {
		t.Run(fmt.Sprintf("queries=%v", queries), func(t *testing.T) {
			s, err := m.serve(queries)
			if err != nil {
				t.Fatal(err)
			}
			compareServed(t, sp, m, s)
		})
	}
}

// compareServed holds what pm answers against the model m.
func compareServed(t *testing.T, sp *space.Fragments, m *Model, pm sdk.PolicyModel) {
	t.Helper()
	req := &sdk.StepRequest{Condition: map[string]float64{"beta": 3}, Columns: sp.Columns()}
	req.States = someStates(sp, 60, rand.New(rand.NewPCG(1, 2)))
	for _, s := range req.States {
		req.Rows = append(req.Rows, sp.Rows(s))
	}
	info := pm.Info()
	reply := sdk.NewStepReply(req, info)
	if err := pm.Step(context.Background(), req, reply); err != nil {
		t.Fatal(err)
	}
	own := make([]space.Steps, len(req.States))
	if err := m.At(3).Steps(context.Background(), req.States, own); err != nil {
		t.Fatal(err)
	}
	for i, s := range req.States {
		logits := func(row, col int) float64 {
			if reply.Queries == nil {
				return float64(reply.Cells(i)[row*sp.Columns()+col])
			}
			l := float64(info.Bias[col])
			for k, q := range reply.Query(i)[row*info.Width : (row+1)*info.Width] {
				l += float64(q) * float64(info.Keys[col*info.Width+k])
			}
			return l
		}
		legal := make([]bool, sp.Rows(s)*sp.Columns())
		var sum, stop float64
		if sp.Legal(s, legal) {
			stop = math.Exp(float64(reply.Stop[i]))
			sum = stop
		}
		for c, ok := range legal {
			if ok {
				sum += math.Exp(logits(c/sp.Columns(), c%sp.Columns()))
			}
		}
		if want := math.Exp(own[i].Stop); math.Abs(stop/sum-want) > 1e-5 {
			t.Fatalf("state %d: Stop %v served, %v in the model", i, stop/sum, want)
		}
		for c, ok := range legal {
			want, got := math.Exp(own[i].Cells[c]), 0.0
			if ok {
				got = math.Exp(logits(c/sp.Columns(), c%sp.Columns())) / sum
			}
			if math.Abs(got-want) > 1e-5 {
				t.Fatalf("state %d, cell %d: %v served, %v in the model", i, c, got, want)
			}
		}
	}
}

// law is the probability of ending at each tree, by dynamic programming over
// the policy.
func law(t *testing.T, sp *space.Fragments, p space.Policy) map[space.State]float64 {
	t.Helper()
	out, level := map[space.State]float64{}, map[space.State]float64{"": 1}
	for len(level) > 0 {
		next := map[space.State]float64{}
		for s, u := range level {
			var steps [1]space.Steps
			if err := p.Steps(t.Context(), []space.State{s}, steps[:]); err != nil {
				t.Fatal(err)
			}
			if stop := u * math.Exp(steps[0].Stop); stop > 0 {
				out[s] += stop
			}
			for c, l := range steps[0].Cells {
				if v := math.Exp(l); v > 0 {
					next[sp.Child(s, c)] += u * v
				}
			}
		}
		level = next
	}
	return out
}

// The law of the policy sums to one; samples have it; estimates by backward
// paths are it.
func TestSamplesAndEstimatesHaveTheLawOfThePolicy(t *testing.T) {
	const n = 40000
	sp := treetest.Toy(t, 3)
	m := toyModel(t, sp)
	exact := law(t, sp, m.At(3))
	var total float64
	for _, p := range exact {
		total += p
	}
	if math.Abs(total-1) > 1e-5 {
		t.Fatalf("the law sums to %v", total)
	}
	drawn, err := m.Sample(n, 3, rand.New(rand.NewPCG(5, 6)))
	if err != nil {
		t.Fatal(err)
	}
	count := map[space.State]float64{}
	for _, s := range drawn {
		count[s]++
	}
	// Pearson's statistic over trees expected five times or more, the others
	// together.
	var chi, cells, restWant, restGot float64
	for s, p := range exact {
		if want := n * p; want >= 5 {
			chi += (count[s] - want) * (count[s] - want) / want
			cells++
		} else {
			restWant, restGot = restWant+want, restGot+count[s]
		}
	}
	if restWant > 0 {
		chi += (restGot - restWant) * (restGot - restWant) / restWant
	}
	if cells < 30 || chi > cells+5*math.Sqrt(2*cells) {
		t.Errorf("chi-square %.1f over %.0f cells", chi, cells)
	}
	var states []space.State
	for s := range exact {
		states = append(states, s)
	}
	logP, err := m.LogP(states, 3, 400, rand.New(rand.NewPCG(7, 8)))
	if err != nil {
		t.Fatal(err)
	}
	var sum float64
	for i, s := range states {
		sum += math.Exp(logP[i])
		if d := logP[i] - math.Log(exact[s]); math.Abs(d) > 0.5 {
			t.Errorf("tree %x: log p %v by backward paths, %v exactly", s, logP[i], math.Log(exact[s]))
		}
	}
	if math.Abs(sum-1) > 0.02 {
		t.Errorf("the estimates sum to %v", sum)
	}
}

func TestWeightsComeBackAsTheyWent(t *testing.T) {
	sp := treetest.Toy(t, 4)
	m := toyModel(t, sp)
	data, err := m.Encode(false, []byte(`{"a": 1}`))
	if err != nil {
		t.Fatal(err)
	}
	again, err := Decode(family, data, sp, 1)
	if err != nil {
		t.Fatal(err)
	}
	if string(again.Card()) != `{"a":1}` || again.Beta() != 3 || again.BetaMax() != 8 || again.Parameters() != m.Parameters() {
		t.Errorf("card %s, beta %v of %v, %d parameters", again.Card(), again.Beta(), again.BetaMax(), again.Parameters())
	}
	states := someStates(sp, 20, rand.New(rand.NewPCG(1, 2)))
	a, b := make([]space.Steps, len(states)), make([]space.Steps, len(states))
	if err := m.At(2).Steps(t.Context(), states, a); err != nil {
		t.Fatal(err)
	}
	if err := again.At(2).Steps(t.Context(), states, b); err != nil {
		t.Fatal(err)
	}
	for i := range a {
		if fmt.Sprint(a[i]) != fmt.Sprint(b[i]) {
			t.Fatalf("state %d: another answer", i)
		}
	}
	for name, want := range map[string]string{
		"another family": "molsculpt-other/1", "another space": "max_fragments 4, here it is 3",
	} {
		f, s := family, sp
		if name == "another family" {
			f.Format = "molsculpt-other/1"
		} else {
			s = treetest.Toy(t, 3)
		}
		if _, err := Decode(f, data, s, 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Probabilities below the least float32 are as exact as others: a bias b makes
// Stop e^b times as likely where it is rare, and so the trees that it ends, but
// for full ones, where it must be.
func TestTheSmallestProbabilitiesAreExact(t *testing.T) {
	sp := treetest.Toy(t, 4)
	r := rand.New(rand.NewPCG(5, 6))
	var trees []space.State
	for _, s := range someStates(sp, 60, r) {
		if n := sp.Size(s); n > 0 && n < 4 && sp.Rows(s) > 0 {
			trees = append(trees, s)
		}
	}
	logP := func(bias float32) []float64 {
		m := toyModel(t, sp)
		m.params.Get("stop.bias").Data[0] = bias
		m, err := New(family, m.config, sp, m.features, m.params, 3, 2)
		if err != nil {
			t.Fatal(err)
		}
		p, err := m.LogP(trees, 3, 1, rand.New(rand.NewPCG(7, 8)))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	common, rare := logP(-50), logP(-250)
	for i := range trees {
		if d := common[i] - rare[i]; !(math.Abs(d-200) < 1e-3) {
			t.Errorf("log p %v and, with a bias 200 lower, %v: they differ by %v", common[i], rare[i], d)
		}
	}
	// Attaching by one kind of fragment alone: all cells of the other kinds have
	// the weight of its bias.
	cells := func(bias float32) []float64 {
		m := toyModel(t, sp)
		for c := range sp.Columns() {
			m.params.Get("column.bias").Data[c] = bias * float32(c%2)
		}
		m, err := New(family, m.config, sp, m.features, m.params, 3, 2)
		if err != nil {
			t.Fatal(err)
		}
		p, err := m.LogP(trees, 3, 1, rand.New(rand.NewPCG(7, 8)))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	near, far := cells(-80), cells(-160)
	lower := 0
	for i := range trees {
		steps := math.Round((near[i] - far[i]) / 80)
		if d := near[i] - far[i] - 80*steps; !(math.Abs(d) < 1e-2) {
			t.Errorf("log p %v and, with biases 80 lower, %v", near[i], far[i])
		}
		if steps > 0 {
			lower++
		}
	}
	if lower == 0 {
		t.Error("no tree has a fragment of low bias")
	}
}
