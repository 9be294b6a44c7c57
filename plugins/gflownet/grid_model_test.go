package gflownet

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/plugins/internal/treetest"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// gridModel is a model after a few updates.
func gridModel(tb testing.TB, dim, side, width int) *GridModel {
	tb.Helper()
	tr := newGridTrainer(tb, toyGrid(tb, dim, side), GridConfig{Width: width, Steps: 30, Rate: 0.01, Threads: 2}, 9)
	learn(tb, tr, 30, hill)
	m, err := tr.Model()
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// untabled is the model without the table of its answers.
func untabled(m *GridModel) *GridModel {
	c := *m
	c.table, c.free = nil, make(chan *gridEvaluator, cap(m.free))
	for range cap(m.free) {
		c.free <- &gridEvaluator{model: &c, batch: m.net.NewBatch(), logs: make([]float64, m.shape.Outputs), probs: make([]float64, m.shape.Outputs)}
	}
	return &c
}

func everyState(tb testing.TB, m *GridModel) []space.State {
	tb.Helper()
	g, err := oracle.Enumerate(tb.Context(), m.grid, 0, 0)
	if err != nil {
		tb.Fatal(err)
	}
	return g.States
}

func stepsOf(tb testing.TB, m *GridModel, states []space.State) []space.Steps {
	tb.Helper()
	dst := make([]space.Steps, len(states))
	if err := m.Steps(tb.Context(), states, dst); err != nil {
		tb.Fatal(err)
	}
	return dst
}

func TestGridStepsAreProbabilitiesOfLegalActions(t *testing.T) {
	for _, m := range []*GridModel{gridModel(t, 2, 9, 32), gridModel(t, 4, 3, 16), gridModel(t, 1, 2, 16)} {
		states := everyState(t, m)
		for i, s := range stepsOf(t, m, states) {
			legal := make([]bool, m.grid.Rows(states[i])*m.grid.Columns())
			m.grid.Legal(states[i], legal)
			if len(s.Cells) != len(legal) || len(s.Prob) != len(legal) {
				t.Fatalf("%d cells and %d probabilities, the space has %d", len(s.Cells), len(s.Prob), len(legal))
			}
			sum := math.Exp(s.Stop)
			for a, l := range s.Cells {
				sum += math.Exp(l)
				if legal[a] == math.IsInf(l, -1) || math.Abs(s.Prob[a]-math.Exp(l)) > 1e-14 {
					t.Errorf("%x: action %d, legal %v, has the log-probability %v and the probability %v", states[i], a, legal[a], l, s.Prob[a])
				}
			}
			if math.Abs(sum-1) > 1e-12 {
				t.Errorf("%x: the steps add up to %v", states[i], sum)
			}
		}
	}
}

func TestGridAnswersDependOnTheStateAlone(t *testing.T) {
	m := gridModel(t, 2, 13, 32)
	bare := untabled(m)
	states := everyState(t, m)
	want := stepsOf(t, m, states)
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		some := make([]space.State, 1+r.IntN(150))
		at := make([]int, len(some))
		for i := range some {
			at[i] = r.IntN(len(states))
			some[i] = states[at[i]]
		}
		for i, s := range stepsOf(t, bare, some) {
			if w := want[at[i]]; s.Stop != w.Stop || !slices.Equal(s.Cells, w.Cells) {
				t.Fatalf("%x: %v in a batch, %v in the table", some[i], s, w)
			}
		}
	}
	if bare.Law() != nil {
		t.Error("a law without a table")
	}
}

func TestTheLawOfAGridModelIsThatOfTheOracle(t *testing.T) {
	for _, m := range []*GridModel{gridModel(t, 2, 9, 32), gridModel(t, 4, 3, 16), gridModel(t, 1, 5, 16)} {
		g, err := oracle.Enumerate(t.Context(), m.grid, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		law, err := oracle.LawOf(t.Context(), g, m)
		if err != nil {
			t.Fatal(err)
		}
		mine := m.Law()
		logR := make([]float64, len(mine))
		for i, s := range g.States {
			k := gridIndex(m.grid.Coordinates(s, nil), m.grid.Side())
			logR[k] = hill(m.grid, s)
			if math.Abs(mine[k]-math.Exp(law.Terminal[i])) > 1e-13 {
				t.Errorf("%x ends with %v, by the oracle with %v", s, mine[k], math.Exp(law.Terminal[i]))
			}
		}
		want := target(g, hill, m.grid)
		if l1, _ := distance(mine, logR); math.Abs(l1-oracle.L1(law.Terminal, want)) > 1e-12 {
			t.Errorf("L1 is %v, by the oracle %v", l1, oracle.L1(law.Terminal, want))
		}
	}
}

// What own samples say of the model is what its law says.
func TestTheReportOfAGridModelAgreesWithItsLaw(t *testing.T) {
	m := gridModel(t, 2, 7, 32)
	r := rand.New(rand.NewPCG(3, 4))
	const n = 20000
	ends, _, err := m.sample(n, r)
	if err != nil {
		t.Fatal(err)
	}
	law := m.Law()
	counts := make([]float64, len(law))
	for _, s := range ends {
		counts[gridIndex(m.grid.Coordinates(s, nil), m.grid.Side())]++
	}
	chi, cells := 0.0, 0.0
	for i, p := range law {
		if p*n > 5 {
			chi, cells = chi+(counts[i]-p*n)*(counts[i]-p*n)/(p*n), cells+1
		}
	}
	if chi > cells+5*math.Sqrt(2*cells) {
		t.Errorf("chi-square of %v over %v points", chi, cells)
	}
	rewards := func(states []space.State) ([]float64, error) {
		out := make([]float64, len(states))
		for i, s := range states {
			out[i] = hill(m.grid, s)
		}
		return out, nil
	}
	rep, err := m.Report(n, rewards, r)
	if err != nil {
		t.Fatal(err)
	}
	// Z is the mean of e^(log R + log P_B - log P_F); the mean of the logarithm is
	// below log Z, by half the variance where that is small.
	if gap := rep.Exact.LogZ - rep.LogZ; gap < -0.05 || gap > 2*rep.Residual*rep.Residual+0.05 {
		t.Errorf("log Z is %v, of own samples %v with a residual of %v", rep.Exact.LogZ, rep.LogZ, rep.Residual)
	}
}

func TestGridWeightsAreReadBack(t *testing.T) {
	m := gridModel(t, 2, 9, 32)
	data, err := m.Encode([]byte(`{"a":1}`))
	if err != nil {
		t.Fatal(err)
	}
	back, err := DecodeGrid(data, m.grid, 0)
	if err != nil {
		t.Fatal(err)
	}
	if string(back.Card()) != `{"a":1}` || !slices.Equal(back.table, m.table) || back.LogZ() != m.LogZ() {
		t.Error("what was read is not what was written")
	}
	if again, err := back.Encode([]byte(`{"a":1}`)); err != nil || !slices.Equal(again, data) {
		t.Error("written again, the file is another one")
	}
	if _, err := DecodeGrid(data, toyGrid(t, 2, 8), 1); err == nil || !strings.Contains(err.Error(), "a grid of 2 axes with 9 points, here it is 2 with 8") {
		t.Errorf("another grid: %v", err)
	}
	if _, err := Decode(data, treetest.Toy(t, 4), 1); err == nil {
		t.Error("weights of a grid are read for trees")
	}
	for cut := 0; cut < len(data); cut += 1 + len(data)/200 {
		if _, err := DecodeGrid(data[:cut], m.grid, 1); err == nil {
			t.Fatalf("a file cut off at %d is accepted", cut)
		}
	}
}

func TestGridStatesThatAreNoneAreRefused(t *testing.T) {
	m := gridModel(t, 2, 9, 16)
	for _, bad := range []space.State{"a", "\x00\x00\x00\x00", "\x09\x00\x00\x00"} {
		for _, m := range []*GridModel{m, untabled(m)} {
			states := append(make([]space.State, 120), bad)
			err := m.Steps(t.Context(), states, make([]space.Steps, 121))
			if err == nil || !strings.Contains(err.Error(), "state 120") {
				t.Errorf("%x: %v", bad, err)
			}
		}
	}
	if err := m.Steps(t.Context(), make([]space.State, 2), nil); err == nil {
		t.Error("two states with no room for answers are accepted")
	}
}

// request is a request for some states with room for the answers.
func request(m *GridModel, states []space.State) (*sdk.StepRequest, *sdk.StepReply) {
	req := &sdk.StepRequest{States: states, Columns: m.grid.Columns()}
	for _, s := range states {
		req.Rows = append(req.Rows, m.grid.Rows(s))
	}
	return req, sdk.NewStepReply(req, sdk.PolicyInfo{})
}

func TestGridPoliciesAllocateNothing(t *testing.T) {
	m := gridModel(t, 2, 32, 256)
	states := everyState(t, m)[300:364]
	for name, m := range map[string]*GridModel{"with a table": m, "without": untabled(m)} {
		dst := stepsOf(t, m, states)
		if a := testing.AllocsPerRun(50, func() { _ = m.Steps(t.Context(), states, dst) }); a > 0 {
			t.Errorf("%s, Steps: %v allocations", name, a)
		}
		req, reply := request(m, states)
		if a := testing.AllocsPerRun(50, func() { _ = gridServed{m}.Step(t.Context(), req, reply) }); a > 0 {
			t.Errorf("%s, Step: %v allocations", name, a)
		}
	}
}
