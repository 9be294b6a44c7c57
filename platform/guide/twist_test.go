package guide_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/guide"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/space"
)

func compile(t *testing.T, text string) *compose.Composition {
	t.Helper()
	e, err := compose.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	c, err := compose.Compile(e, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// exact is a guide that knows Q, of three outcomes, at states and for actions.
type exact struct {
	graph      *oracle.Graph
	info       sdk.GuideInfo
	going, end [3][]float64
}

func newExact(t *testing.T, laws []*oracle.Law, actions sdk.ActionHead) *exact {
	t.Helper()
	g := &exact{graph: laws[0].Graph, info: sdk.GuideInfo{
		Outcomes: []string{"1,1", "1,2", "2,2"}, Models: []string{"b", "a"}, Lists: [][]int{{0, 0}, {0, 1}, {1, 1}}, Actions: actions,
	}}
	// The guide's first model is b.
	for k, text := range []string{"obs(b, b; over a, b)", "obs(a, b; over a, b)", "obs(a, a; over a, b)"} {
		c := compile(t, text)
		if c.Models()[0] != "a" && text != "obs(b, b; over a, b)" {
			t.Fatalf("models of %s are %v", text, c.Models())
		}
		own := laws
		if c.Models()[0] == "b" {
			own = []*oracle.Law{laws[1], laws[0]}
		}
		b, _ := c.Bound()
		g.going[k], g.end[k] = oracle.Potential(c, oracle.MixturePolicy(b.Weights, own), own)
	}
	return g
}

func (g *exact) Info() sdk.GuideInfo { return g.info }

func (g *exact) LogQ(_ context.Context, req sdk.GuideRequest) (sdk.GuideReply, error) {
	var r sdk.GuideReply
	for i, s := range req.States {
		at, _ := g.graph.Index(s)
		for k := range 3 {
			if len(req.Finished) > 0 && req.Finished[i] {
				r.LogQ = append(r.LogQ, float32(g.end[k][at]))
			} else {
				r.LogQ = append(r.LogQ, float32(g.going[k][at]))
			}
		}
	}
	return r, nil
}

func (g *exact) LogQActions(_ context.Context, states []space.State, dst []host.GuideActions) error {
	for i, s := range states {
		at, _ := g.graph.Index(s)
		n := g.graph.Space.Rows(s) * g.graph.Space.Columns()
		dst[i] = host.GuideActions{Cells: make([]float32, 3*n)}
		for k := range 3 {
			dst[i].Stop = append(dst[i].Stop, float32(g.end[k][at]))
			for _, e := range g.graph.Children[at] {
				for _, c := range e.Cells {
					dst[i].Cells[3*c+k] = float32(g.going[k][e.Child])
				}
			}
		}
	}
	return nil
}

// TestAnExactGuideMakesAllWeightsEqual reads compositions off an exact guide, at
// states and for actions, two observations or one of the two: then every particle
// keeps the weight of the evidence.
func TestAnExactGuideMakesAllWeightsEqual(t *testing.T) {
	t.Parallel()
	sp, laws := gridLaws(t, 8)
	source := newExact(t, laws, sdk.AbsoluteActions)
	for _, text := range []string{"a & b", "a - b", "b - a", "obs(b, a; over a, b)", "obs(a; over a, b)"} {
		c := compile(t, text)
		own, bases := laws, []space.Policy{laws[0].Policy(), laws[1].Policy()}
		if c.Models()[0] == "b" {
			own, bases = []*oracle.Law{laws[1], laws[0]}, []space.Policy{bases[1], bases[0]}
		}
		_, logZ, err := oracle.Composite(c, own)
		if err != nil {
			t.Fatal(err)
		}
		r, err := guide.Read(source.Info(), c)
		if err != nil {
			t.Fatal(err)
		}
		actions, err := r.Actions(source)
		if err != nil {
			t.Fatal(err)
		}
		for name, twist := range map[string]sample.Twist{"states": {Guide: r.States(source)}, "actions": {Actions: actions}} {
			s, err := sample.New(sp, bases, c, sample.Options{Method: sample.SMC, Particles: 50, Populations: 4, Seed: 1, Twist: twist})
			if err != nil {
				t.Fatal(err)
			}
			for p, err := range s.Populations(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				if p.Resamplings > 0 || len(p.Trajectories) != 50 || math.Abs(p.LogEvidence-logZ) > 1e-5 {
					t.Errorf("%s by %s: log evidence %.6f of %d trajectories with %d resamplings, exact %.6f", text, name, p.LogEvidence, len(p.Trajectories), p.Resamplings, logZ)
				}
				for _, tr := range p.Trajectories {
					if d := tr.LogWeight + math.Log(50) - logZ; math.Abs(d) > 1e-4 {
						t.Errorf("%s by %s: a log-weight is off by %g", text, name, d)
					}
				}
			}
		}
		posterior := [][]float64{{0, 0}}
		if err := r.States(source).LogPosterior(t.Context(), []space.State{sp.At([]int{3, 2})}, posterior); err != nil {
			t.Fatal(err)
		}
		at, _ := laws[0].Graph.Index(sp.At([]int{3, 2}))
		total := 0.0
		for _, l := range own {
			total += math.Exp(l.Reach[at])
		}
		for i, l := range own {
			if d := math.Exp(posterior[0][i]) - math.Exp(l.Reach[at])/total; math.Abs(d) > 1e-5 {
				t.Errorf("%s: the posterior of %s is off by %g", text, c.Models()[i], d)
			}
		}
	}
}

func TestAlphaIsReadOffTheComposition(t *testing.T) {
	t.Parallel()
	info := sdk.GuideInfo{
		Outcomes: []string{"1,1", "1,2", "2,1", "2,2"}, Models: []string{"a", "b"}, Lists: [][]int{{0, 0}, {0, 1}, {1, 0}, {1, 1}}, Ordered: true,
		Conditions: []sdk.Condition{{Name: sdk.LogitAlpha, Min: -3.5, Max: 3.5}},
	}
	for text, want := range map[string]float64{
		"a & b": 0, "a &{0.2} b": math.Log(.25), "a -{0.7} b": math.Log(.7 / .3), "b -{0.9} a": -math.Log(9),
	} {
		r, err := guide.Read(info, compile(t, text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := r.Condition[sdk.LogitAlpha]; math.Abs(got-want) > 1e-9 {
			t.Errorf("%s: logit alpha %g, want %g", text, got, want)
		}
	}
}

func TestWhatAGuideCannotReadIsTold(t *testing.T) {
	t.Parallel()
	info := sdk.GuideInfo{Outcomes: []string{"1,1", "1,2", "2,2"}, Models: []string{"a", "b"}, Lists: [][]int{{0, 0}, {0, 1}, {1, 1}}}
	for text, want := range map[string]string{
		"a & c":                   "it was not trained with c",
		"a & b & c":               "the composition is over the models [a b c]",
		"a | b":                   "the composition makes 0 observations, the guide 2",
		"a &{0.2} b":              "has the prior weights",
		"obs(a, a, b; over a, b)": "the composition makes 3 observations, the guide 2",
		"a^2":                     "the composition is no list of observations",
	} {
		if _, err := guide.Read(info, compile(t, text)); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "guide: read ") {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
	r, err := guide.Read(info, compile(t, "obs(a; over a, b)"))
	if err != nil {
		t.Fatal(err)
	}
	for head, want := range map[sdk.ActionHead]string{sdk.NoActions: "at states alone", sdk.ResidualActions: "residuals are about 2 observations"} {
		own := info
		own.Actions = head
		if _, err := r.Actions(&exact{info: own}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
