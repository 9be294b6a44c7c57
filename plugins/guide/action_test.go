package guide_test

import (
	"context"
	"math"
	"testing"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/plugins/guide"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// logPsi is the path posterior of a list of observations, given log-likelihoods
// of the path under the models.
func logPsi(list []int, logs []float64, logitAlpha float64, alpha bool) float64 {
	sum := 0.0
	for k, y := range list {
		tilt := make([]float64, len(logs))
		if alpha && k == 1 {
			tilt[0] = logitAlpha
		}
		top := math.Inf(-1)
		for j := range logs {
			top = max(top, logs[j]+tilt[j])
		}
		z := 0.0
		for j := range logs {
			z += math.Exp(logs[j] + tilt[j] - top)
		}
		sum += logs[y] + tilt[y] - top - math.Log(z)
	}
	return sum
}

// byActions is the exact law of the policy guided by an action head: at s it
// takes a with probability proportional to P_M(a|s) Q(y|s,a), where log Q is the
// path posterior plus the residual. The models are balanced, so that what the
// path says is a function of state and action.
type byActions struct {
	*domain
	model   *guide.Model
	o       observation
	outcome int
}

// Steps implements space.Policy.
func (p byActions) Steps(ctx context.Context, states []space.State, dst []space.Steps) error {
	info := p.model.Info()
	k, columns := len(info.Outcomes), p.space.Columns()
	req := &sdk.ActionRequest{Condition: map[string]float64{sdk.LogitAlpha: p.o.logitAlpha}, States: states, Columns: columns}
	for _, s := range states {
		req.Rows = append(req.Rows, p.space.Rows(s))
	}
	reply := sdk.NewActionReply(req, k)
	if err := p.model.LogQActions(ctx, req, reply); err != nil {
		return err
	}
	logQ := func(logs []float64, residual []float32) float64 {
		return logPsi(p.o.list, logs, p.o.logitAlpha, info.Ordered) + float64(residual[p.outcome])
	}
	for i, s := range states {
		at, _ := p.graph.Index(s)
		mixture := func(step func(l *oracle.Law) float64, residual []float32) float64 {
			logs, sum := make([]float64, len(p.laws)), 0.0
			for j, l := range p.laws {
				logs[j] = l.Reach[at] + step(l)
				sum += math.Exp(logs[j])
			}
			if sum == 0 {
				return math.Inf(-1) // no model does that
			}
			return math.Log(sum) + logQ(logs, residual)
		}
		actions := []float64{mixture(func(l *oracle.Law) float64 { return l.Stop[at] }, reply.StopOf(i))}
		cells := make([]float64, p.space.Rows(s)*columns)
		for c := range cells {
			cells[c] = math.Inf(-1)
		}
		for e, edge := range p.graph.Children[at] {
			// The step's probability is that of all cells that lead there.
			c := edge.Cells[0]
			cells[c] = mixture(func(l *oracle.Law) float64 { return l.Step[at][e] }, reply.Cells(i)[c*k:(c+1)*k])
		}
		actions = append(actions, cells...)
		oracle.Normalise(actions)
		dst[i] = space.Steps{Stop: actions[0], Cells: actions[1:]}
	}
	return nil
}

// actionLaw is the law of byActions.
func (d *domain) actionLaw(t testing.TB, m *guide.Model, o observation) *oracle.Law {
	t.Helper()
	info := m.Info()
	k, ok := info.Outcome(o.list)
	if !ok {
		t.Fatalf("%v is no outcome", o.list)
	}
	law, err := oracle.LawOf(context.Background(), d.graph, byActions{d, m, o, k})
	if err != nil {
		t.Fatal(err)
	}
	return law
}

// pathPosterior is the law of the proposal that needs no training.
func (d *domain) pathPosterior(t testing.TB, o observation) *oracle.Law {
	t.Helper()
	e, err := compose.Parse(o.text)
	if err != nil {
		t.Fatal(err)
	}
	c, err := compose.Compile(e, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var laws []*oracle.Law
	for _, name := range c.Models() {
		for i, own := range d.models {
			if own == name {
				laws = append(laws, d.laws[i])
			}
		}
	}
	return oracle.PathPosterior(c, laws)
}

var threeModels = []observation{
	{"obs(c1, c2, c3; over c1, c2, c3)", []int{0, 1, 2}, 0},
	{"obs(c1, c1, c1; over c1, c2, c3)", []int{0, 0, 0}, 0},
	{"obs(c1, c1, c3; over c1, c2, c3)", []int{0, 0, 2}, 0},
}

func TestTheActionHeadStartsAsThePathPosteriorAndBecomesExact(t *testing.T) {
	t.Parallel()
	d := gridDomain(t, 8, gridRewards, "c1", "c2", "c3")
	tr, err := guide.NewTrainer(d.space, d.models, guide.Config{
		Observations: 3, Head: "action", Labels: "exact", Width: 64, Steps: 500, Batch: 16, Rate: .003,
	}, 1)
	if err != nil {
		t.Fatal(err)
	}
	model := func() *guide.Model {
		m, err := tr.Model()
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	untrained := model()
	for _, o := range threeModels {
		if l1 := oracle.L1(d.actionLaw(t, untrained, o).Terminal, d.pathPosterior(t, o).Terminal); !(l1 <= 1e-9) {
			t.Errorf("%s: before training the law differs from the path posterior's by %g", o.text, l1)
		}
	}
	d.advance(t, tr, 1, -1)
	trained := model()
	for _, o := range threeModels {
		closed := d.closed(t, o)
		before := oracle.L1(d.pathPosterior(t, o).Terminal, closed)
		after := oracle.L1(d.actionLaw(t, trained, o).Terminal, closed)
		states := oracle.L1(d.guided(t, trained, o).Terminal, closed)
		t.Logf("%s: L1 %.3f without training, %.3f with; of the state head %.3f", o.text, before, after, states)
		if !(after <= before/2) {
			t.Errorf("%s: L1 %.3f after training, %.3f before", o.text, after, before)
		}
	}
}

func TestTheActionHeadReadsAlpha(t *testing.T) {
	t.Parallel()
	d := gridDomain(t, 8, gridRewards, "shubert", "diagonal")
	m, err := d.train(t, guide.Config{Alpha: true, Head: "action", Labels: "exact", Width: 64, Steps: 500, Batch: 16, Rate: .003}, 1).Model()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range twoModels {
		closed := d.closed(t, test.observation)
		before := oracle.L1(d.pathPosterior(t, test.observation).Terminal, closed)
		after := oracle.L1(d.actionLaw(t, m, test.observation).Terminal, closed)
		t.Logf("%s: L1 %.3f without training, %.3f with", test.text, before, after)
		// Where there is next to nothing to learn, noise remains.
		if !(after <= .4*before+.08) {
			t.Errorf("%s: L1 %.3f after training, %.3f before", test.text, after, before)
		}
	}
}
