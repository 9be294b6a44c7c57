package host_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/internal/fake"
	"github.com/molsculpt/molsculpt/sdk/plugintest"
	"github.com/molsculpt/molsculpt/sdk/space"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// trees is a small space of fragment trees: benzene, methane, methanol's
// fragment, cyclopropane.
func trees(t testing.TB) space.Defined {
	t.Helper()
	sp, err := space.Open(space.KindFragments, []byte(`{"max_fragments": 4, "vocabulary": [
		{"smiles": "c1ccccc1", "attach": [0, 1, 3]}, {"smiles": "C", "attach": [0, 0]},
		{"smiles": "CO", "attach": [0]}, {"smiles": "C1CC1", "attach": [0, 1]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	return sp
}

// someStates are distinct states of a space, the initial one first.
func someStates(sp space.Space, n int) []space.State {
	r := rand.New(rand.NewPCG(1, 2))
	seen := map[space.State]bool{"": true}
	out := []space.State{""}
	for tries := 0; len(out) < n && tries < 100*n; tries++ {
		for _, s := range space.Walk(sp, 0.2, r).States {
			if !seen[s] {
				seen[s] = true
				out = append(out, s)
			}
		}
	}
	return out
}

func serve(t *testing.T, p sdk.Plugin, opt host.Options) *host.Client {
	t.Helper()
	c, stop := plugintest.Serve(p, opt)
	t.Cleanup(stop)
	return c
}

var close9 = cmp.Options{cmpopts.EquateApprox(0, 1e-9), cmpopts.EquateEmpty()}

func TestStepsAreMaskedAndNormalised(t *testing.T) {
	t.Parallel()
	grid, err := space.NewGrid(3, 4)
	if err != nil {
		t.Fatal(err)
	}
	for name, sp := range map[string]space.Space{"trees": trees(t), "grid": grid} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := serve(t, sdk.Plugin{Name: "test/fake", Policy: fake.Policy{}}, host.Options{})
			p, err := c.LoadPolicy(t.Context(), host.Model{Space: sp, Weights: []byte("w")})
			if err != nil {
				t.Fatal(err)
			}
			hot, err := p.With(map[string]float64{"beta": 3})
			if err != nil {
				t.Fatal(err)
			}
			states := someStates(sp, 50)
			dst := make([]space.Steps, len(states))
			if err := hot.Steps(t.Context(), states, dst); err != nil {
				t.Fatal(err)
			}
			for i, s := range states {
				if d := cmp.Diff(fake.Steps(sp, "w", 3, s), dst[i], close9); d != "" {
					t.Fatalf("state %d: %s", i, d)
				}
				sum := math.Exp(dst[i].Stop)
				for _, v := range dst[i].Cells {
					sum += math.Exp(v)
				}
				if math.Abs(sum-1) > 1e-12 {
					t.Errorf("state %d: probabilities add up to %v", i, sum)
				}
			}
		})
	}
}

func TestAnswersDoNotDependOnHowABatchIsSplit(t *testing.T) {
	t.Parallel()
	sp := trees(t)
	states := someStates(sp, 60)
	var want []space.Steps
	for _, cells := range []int{1 << 20, 100, 7, 1} {
		c := serve(t, sdk.Plugin{Name: "test/fake", Policy: fake.Policy{}}, host.Options{Cells: cells, Calls: 3})
		p, err := c.LoadPolicy(t.Context(), host.Model{Space: sp})
		if err != nil {
			t.Fatal(err)
		}
		dst := make([]space.Steps, len(states))
		for range 2 { // the second time into the same room
			if err := p.Steps(t.Context(), states, dst); err != nil {
				t.Fatal(err)
			}
		}
		if want == nil {
			want = dst
		} else if d := cmp.Diff(want, dst); d != "" {
			t.Errorf("%d cells a message: %s", cells, d)
		}
	}
}

// queryModel answers with queries what dense answers with tables.
type queryModel struct {
	columns int
	dense   bool
}

func (m queryModel) Load(_ context.Context, req sdk.LoadRequest) (sdk.PolicyModel, error) {
	m.columns = req.Space.Columns
	return m, nil
}
func (m queryModel) Close() error { return nil }

func (m queryModel) key(c, k int) float32   { return float32((c*7+k*3)%5) - 2 }
func (m queryModel) bias(c int) float32     { return float32(c%3) / 2 }
func (m queryModel) query(r, k int) float32 { return float32((r*5+k*2)%7)/4 - 0.5 }

const width = 6

func (m queryModel) Info() sdk.PolicyInfo {
	if m.dense {
		return sdk.PolicyInfo{}
	}
	info := sdk.PolicyInfo{Width: width}
	for c := range m.columns {
		for k := range width {
			info.Keys = append(info.Keys, m.key(c, k))
		}
		info.Bias = append(info.Bias, m.bias(c))
	}
	return info
}

func (m queryModel) Step(_ context.Context, req *sdk.StepRequest, reply *sdk.StepReply) error {
	for i := range req.States {
		for r := range req.Rows[i] {
			for k := range width {
				if !m.dense {
					reply.Query(i)[r*width+k] = m.query(r, k)
				}
				for c := range m.columns {
					if m.dense {
						reply.Cells(i)[r*m.columns+c] += m.query(r, k) * m.key(c, k)
						if k == 0 {
							reply.Cells(i)[r*m.columns+c] += m.bias(c)
						}
					}
				}
			}
		}
	}
	return nil
}

func TestQueriesAndTablesGiveTheSameSteps(t *testing.T) {
	t.Parallel()
	sp := trees(t)
	states := someStates(sp, 40)
	var got [2][]space.Steps
	for i, dense := range []bool{true, false} {
		c := serve(t, sdk.Plugin{Name: "test/query", Policy: queryModel{dense: dense}}, host.Options{})
		p, err := c.LoadPolicy(t.Context(), host.Model{Space: sp})
		if err != nil {
			t.Fatal(err)
		}
		got[i] = make([]space.Steps, len(states))
		if err := p.Steps(t.Context(), states, got[i]); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff(got[0], got[1], cmpopts.EquateApprox(0, 1e-5)); d != "" {
		t.Error(d)
	}
}

func TestWhereOnlyStopIsLeftNobodyIsAsked(t *testing.T) {
	t.Parallel()
	sp := trees(t)
	states := someStates(sp, 200)
	var asked []space.State
	c := serve(t, sdk.Plugin{Name: "test/fake", Policy: fake.Policy{Before: func(req *sdk.StepRequest, _ *sdk.StepReply) error {
		asked = append(asked, req.States...)
		return nil
	}}}, host.Options{})
	p, err := c.LoadPolicy(t.Context(), host.Model{Space: sp, Weights: []byte("w")})
	if err != nil {
		t.Fatal(err)
	}
	var open, ended []space.State
	for _, s := range states {
		if sp.Rows(s) > 0 {
			open = append(open, s)
		} else {
			ended = append(ended, s)
		}
	}
	if len(open) == 0 || len(ended) == 0 {
		t.Fatalf("%d states with actions and %d without", len(open), len(ended))
	}
	// The room has answers of other states in it.
	dst := make([]space.Steps, len(states))
	for i := range dst {
		dst[i] = space.Steps{Stop: -1, Cells: []float64{-2, -3}, Prob: []float64{.1, .2}}
	}
	if err := p.Steps(t.Context(), states, dst); err != nil {
		t.Fatal(err)
	}
	for i, s := range states {
		if d := cmp.Diff(fake.Steps(sp, "w", 1, s), dst[i], close9); d != "" {
			t.Errorf("state %d: %s", i, d)
		}
	}
	if d := cmp.Diff(open, asked); d != "" {
		t.Error(d)
	}
	asked = nil
	if err := p.Steps(t.Context(), ended, dst[:len(ended)]); err != nil || asked != nil {
		t.Errorf("asked about %d states without actions, %v", len(asked), err)
	}
}

func TestPlacesOfRowsReachThePlugin(t *testing.T) {
	t.Parallel()
	sp := trees(t)
	states := someStates(sp, 30)
	var want []byte
	for _, s := range states {
		for _, r := range sp.(*space.Fragments).RowSites(s) {
			want = append(want, byte(r.Node), byte(r.Site))
		}
	}
	var got []byte
	c := serve(t, sdk.Plugin{Name: "test/fake", Policy: fake.Policy{Before: func(req *sdk.StepRequest, _ *sdk.StepReply) error {
		got = append([]byte(nil), req.Places...)
		return nil
	}}}, host.Options{})
	p, err := c.LoadPolicy(t.Context(), host.Model{Space: sp})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Steps(t.Context(), states, make([]space.Steps, len(states))); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
