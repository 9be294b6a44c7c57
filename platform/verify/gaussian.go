package verify

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/diffuse"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/sdk/noise"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// pointDomain is continuous models whose laws are mixtures of normals, on the line
// or in the plane: those of the oracle, or trained on draws of them.
type pointDomain struct {
	name    string
	full    bool
	learned bool // needs Options.Scores
	process string
	laws    map[string]*oracle.Gaussians
	targets []expression
	parts   int // of the box on an axis, that laws are compared on
	nodes   int // of the quadrature on an axis
}

// lineLaws are those of the golden numbers; planeLaws overlap in the plane.
func lineLaws() map[string]*oracle.Gaussians {
	return map[string]*oracle.Gaussians{
		"left":  {Weights: []float64{.5, .5}, Means: [][]float64{{-2}, {.5}}, SDs: []float64{.35, .5}},
		"right": {Weights: []float64{.6, .4}, Means: [][]float64{{.9}, {3}}, SDs: []float64{.5, .4}},
	}
}

func planeLaws() map[string]*oracle.Gaussians {
	return map[string]*oracle.Gaussians{
		"left":  {Weights: []float64{.5, .5}, Means: [][]float64{{-1, -.5}, {.5, .5}}, SDs: []float64{.4, .5}},
		"right": {Weights: []float64{.3, .7}, Means: [][]float64{{.8, -.2}, {.2, 1.4}}, SDs: []float64{.5, .35}},
	}
}

// The domains of continuous models.
const (
	normalsOnLine  = "normals on a line"
	normalsInPlane = "normals in a plane"
	normalsVE      = "normals on a line, exploding noise"
	learnedScores  = "normals on a line, learned scores"
	learnedInPlane = "normals in a plane, learned scores"
)

var pointDomains = []pointDomain{
	{
		name: normalsOnLine, process: noise.VP, laws: lineLaws(), parts: 40, nodes: 4000,
		targets: append(quick("left", "left & right", "left - right"), full("right", "right - left", "left | right", "obs(left^3, right^3; over left, right)", "product(left^0.7, right^0.8)")...),
	},
	{
		name: normalsInPlane, process: noise.VP, laws: planeLaws(), parts: 14, nodes: 280,
		targets: append(quick("left & right"), full("left", "left - right", "0.3 left | 0.7 right", "harmonic(2 left, 1 right)")...),
	},
	{
		name: normalsVE, full: true, process: noise.VE, laws: lineLaws(), parts: 40, nodes: 4000,
		targets: full("left", "left & right", "left - right"),
	},
	{
		name: learnedScores, full: true, learned: true, process: noise.VP, laws: lineLaws(), parts: 40, nodes: 4000,
		targets: full("left", "right", "left & right", "left - right", "right - left"),
	},
	{
		name: learnedInPlane, full: true, learned: true, process: noise.VP, laws: planeLaws(), parts: 14, nodes: 280,
		targets: full("left", "right", "left & right", "left - right"),
	},
}

// pointTarget is a composition of a point domain's models with its closed form.
type pointTarget struct {
	*pointDomain
	sp          *space.Points
	composition *compose.Composition
	laws        []*oracle.Gaussians // in the order of the composition
	exact       []diffuse.Field     // theirs
	fields      []diffuse.Field     // that are sampled: theirs, or learned ones
	law         *oracle.PointLaw
	guide       *oracle.LineGuide // perfect, of two models on the line
}

// single says that the target is one model.
func (t *pointTarget) single() bool {
	return t.composition.Expression().String() == t.composition.Models()[0]
}

// observes says that the target observes something of an even mixture, and is no
// mixture.
func (t *pointTarget) observes() bool {
	o, ok := t.composition.Observations()
	return ok && len(o.List) > 0 && t.guide != nil
}

// pointMethod is a way to sample continuous models, or to look at them.
type pointMethod struct {
	name   string
	full   bool
	covers func(*pointTarget) bool
	check  func(context.Context, *pointTarget, *Run) ([]Result, error)
}

// newPointTarget compiles an expression over a domain's models, whose scores may be
// others.
func newPointTarget(d *pointDomain, text string, learned map[string]diffuse.Field) (*pointTarget, error) {
	e, err := compose.Parse(text)
	if err != nil {
		return nil, err
	}
	t := &pointTarget{pointDomain: d}
	if t.composition, err = compose.Compile(e, nil, nil); err != nil {
		return nil, err
	}
	p, err := noise.New(d.process, nil)
	if err != nil {
		return nil, err
	}
	for _, name := range t.composition.Models() {
		law, ok := d.laws[name]
		if !ok {
			return nil, fmt.Errorf("verify: %s on %s: there is no model %s", text, d.name, name)
		}
		own := &oracle.Field{Law: law, Process: p}
		t.laws, t.exact, t.fields = append(t.laws, law), append(t.exact, own), append(t.fields, own)
		if d.learned {
			t.fields[len(t.fields)-1] = learned[name]
		}
	}
	if t.sp, err = space.NewPoints(t.laws[0].Dim(), p); err != nil {
		return nil, err
	}
	if t.law, err = oracle.NewPointLaw(t.composition, t.laws, d.nodes); err != nil {
		return nil, err
	}
	if t.sp.Dim() == 1 && len(t.laws) == 2 {
		t.guide, err = oracle.NewLineGuide(p, t.composition.Models(), t.laws, 1000)
	}
	return t, err
}

// ScoreTraining is a model of points to be trained.
type ScoreTraining struct {
	Name    string    // of the model; no other in a run has it
	Process string    // that makes noise of the points
	Dim     int       // numbers of a point
	Points  []float32 // to learn from
}

// learnedPoints is how many draws a learned score is learned from.
const learnedPoints = 400_000

// learn trains the models of a domain on draws of their laws.
func (d *pointDomain) learn(ctx context.Context, o *Options) (map[string]diffuse.Field, error) {
	if !d.learned {
		return nil, nil
	}
	out := map[string]diffuse.Field{}
	for i, name := range sorted(d.laws) {
		law := d.laws[name]
		r := rand.New(rand.NewPCG(100, uint64(i)))
		t := ScoreTraining{Name: fmt.Sprintf("%s-%dd", name, law.Dim()), Process: d.process, Dim: law.Dim()}
		x := make([]float64, law.Dim())
		for range learnedPoints {
			law.Draw(r, x)
			for _, v := range x {
				t.Points = append(t.Points, float32(v))
			}
		}
		var err error
		if out[name], err = o.Scores(ctx, t); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// pointRungs are the domains of a run with their targets.
func (o *Options) pointRungs() []pointDomain {
	var out []pointDomain
	for _, d := range pointDomains {
		if d.full && !o.Full || d.learned && o.Scores == nil {
			continue
		}
		var targets []expression
		for _, e := range d.targets {
			if (o.Full || !e.full) && len(o.pointMethods(&d, e)) > 0 {
				targets = append(targets, e)
			}
		}
		if d.targets = targets; len(targets) > 0 {
			out = append(out, d)
		}
	}
	return out
}

// pointMethods are those of a run for a target, so far as their names tell.
func (o *Options) pointMethods(d *pointDomain, e expression) []pointMethod {
	named := len(o.Only) == 0 || slices.Contains(o.Only, d.name) || slices.Contains(o.Only, e.text)
	var out []pointMethod
	for _, m := range pointMethods {
		if (named || slices.Contains(o.Only, m.name)) && (o.Full || !m.full) {
			out = append(out, m)
		}
	}
	return out
}

// points climbs the domains of continuous models, as Verify does the others.
func (r *Run) points(ctx context.Context) error {
	for _, d := range r.pointRungs() {
		r.enter(d.name)
		learned, err := d.learn(ctx, &r.Options)
		if err != nil {
			return err
		}
		for _, e := range d.targets {
			t, err := newPointTarget(&d, e.text, learned)
			if err != nil {
				return err
			}
			r.at.Target = e.text
			for _, m := range r.pointMethods(&d, e) {
				if !m.covers(t) {
					continue
				}
				if err := r.try(m.name, func() ([]Result, error) { return m.check(ctx, t, r) }); err != nil {
					return err
				}
			}
			r.at.Done++
		}
	}
	return nil
}
