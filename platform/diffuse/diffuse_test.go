package diffuse_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/diffuse"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/noise"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// laws are mixtures of normals in one and two dimensions.
var (
	one   = &oracle.Gaussians{Weights: []float64{.5, .5}, Means: [][]float64{{-2}, {.5}}, SDs: []float64{.35, .5}}
	two   = &oracle.Gaussians{Weights: []float64{.6, .4}, Means: [][]float64{{.9}, {3}}, SDs: []float64{.5, .4}}
	left  = &oracle.Gaussians{Weights: []float64{.5, .5}, Means: [][]float64{{-1, -.5}, {.5, .5}}, SDs: []float64{.4, .5}}
	right = &oracle.Gaussians{Weights: []float64{.3, .7}, Means: [][]float64{{.8, -.2}, {.2, 1.4}}, SDs: []float64{.5, .35}}
)

// world is models on a space.
type world struct {
	*testing.T
	sp   *space.Points
	laws []*oracle.Gaussians
}

func newWorld(t *testing.T, process string, laws ...*oracle.Gaussians) world {
	t.Helper()
	p, err := noise.New(process, nil)
	if err != nil {
		t.Fatal(err)
	}
	sp, err := space.NewPoints(laws[0].Dim(), p)
	if err != nil {
		t.Fatal(err)
	}
	return world{t, sp, laws}
}

func (w world) field(i int) diffuse.Field {
	return &oracle.Field{Law: w.laws[i], Process: w.sp.Process()}
}

func (w world) compile(text string, models ...string) *compose.Composition {
	w.Helper()
	e, err := compose.Parse(text)
	if err != nil {
		w.Fatal(err)
	}
	c, err := compose.Compile(e, models, nil)
	if err != nil {
		w.Fatal(err)
	}
	return c
}

// of are the law and the fields of a composition, whose models a and b are the
// first two.
func (w world) of(c *compose.Composition) (*oracle.PointLaw, []diffuse.Field) {
	w.Helper()
	var laws []*oracle.Gaussians
	var fields []diffuse.Field
	for _, name := range c.Models() {
		i := int(name[0] - 'a')
		laws, fields = append(laws, w.laws[i]), append(fields, w.field(i))
	}
	nodes := 4000
	if w.sp.Dim() == 2 {
		nodes = 200
	}
	l, err := oracle.NewPointLaw(c, laws, nodes)
	if err != nil {
		w.Fatal(err)
	}
	return l, fields
}

// draw is all populations of a sampler.
func (w world) draw(fields []diffuse.Field, c *compose.Composition, o diffuse.Options) []*sample.Population {
	w.Helper()
	s, err := diffuse.New(w.sp, fields, c, o)
	if err != nil {
		w.Fatal(err)
	}
	var out []*sample.Population
	for p, err := range s.Populations(w.Context()) {
		if err != nil {
			w.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

func TestEverySolverDrawsTheLaw(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		process string
		solver  diffuse.Solver
	}{
		{noise.VP, diffuse.Ancestral},
		{noise.VP, diffuse.EulerMaruyama},
		{noise.VP, diffuse.PredictorCorrector},
		{noise.VP, diffuse.Flow},
		{noise.VP, diffuse.DPM},
		{noise.VE, diffuse.Ancestral},
		{noise.VE, diffuse.PredictorCorrector},
	} {
		w := newWorld(t, c.process, left)
		const n = 2000
		o := diffuse.DrawOptions{Solver: c.solver, Seed: 4, Clean: true}
		if c.solver != diffuse.DPM {
			o.Steps = 150
		}
		x, err := diffuse.Draw(t.Context(), w.sp, w.field(0), o, n)
		if err != nil {
			t.Fatal(err)
		}
		l, _ := w.of(w.compile("a"))
		mean, variance := l.Moments()
		for j := range 2 {
			var m, v float64
			for i := range n {
				m += float64(x[2*i+j]) / n
			}
			for i := range n {
				v += (float64(x[2*i+j]) - m) * (float64(x[2*i+j]) - m) / n
			}
			// Five standard errors, and 3 % of the variance for steps of finite size.
			if math.Abs(m-mean[j]) > 5*math.Sqrt(variance[j]/n) || math.Abs(v/variance[j]-1) > 5*math.Sqrt(2./n)+.03 {
				t.Errorf("%s %s, number %d: mean %.4f, want %.4f; variance %.4f, want %.4f", c.process, c.solver, j, m, mean[j], v, variance[j])
			}
		}
	}
}

func TestDrawsDoNotDependOnHowTheyAreDivided(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noise.VP, left, right)
	for s := diffuse.Ancestral; s <= diffuse.DPM; s++ {
		o := diffuse.DrawOptions{Solver: s, Seed: 9, Steps: 12, Tolerance: 1e-2, Lanes: 1}
		whole, err := diffuse.Draw(t.Context(), w.sp, w.field(0), o, 40)
		if err != nil {
			t.Fatal(err)
		}
		o.First, o.Lanes = 13, 3
		part, err := diffuse.Draw(t.Context(), w.sp, w.field(0), o, 20)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(part, whole[26:66]) {
			t.Errorf("%s: points 13 to 32 are others when they are drawn alone", s)
		}
	}
	c := w.compile("a - b")
	_, fields := w.of(c)
	o := diffuse.Options{Seed: 2, Steps: 20, Particles: 16, Populations: 9, Lanes: 1, InFlight: 1}
	whole := w.draw(fields, c, o)
	o.First, o.Populations, o.Lanes, o.InFlight = 3, 5, 2, 4
	for i, p := range w.draw(fields, c, o) {
		q := whole[3+i]
		if p.Index != q.Index || p.LogEvidence != q.LogEvidence || p.MinESS != q.MinESS || len(p.Trajectories) != len(q.Trajectories) {
			t.Fatalf("population %d is another when it is drawn with others", p.Index)
		}
		for j := range p.Trajectories {
			if p.Trajectories[j].Final() != q.Trajectories[j].Final() || p.Trajectories[j].LogWeight != q.Trajectories[j].LogWeight {
				t.Fatalf("population %d, particle %d is another when it is drawn with others", p.Index, j)
			}
		}
	}
}

func TestCompositionsHaveTheirEvidenceAndMoments(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		process, text string
		laws          []*oracle.Gaussians
		kernel        diffuse.Kernel
	}{
		{noise.VP, "a & b", []*oracle.Gaussians{one, two}, diffuse.AncestralSteps},
		{noise.VP, "a - b", []*oracle.Gaussians{one, two}, diffuse.EulerSteps},
		{noise.VP, "product(a^0.7, b^0.8)", []*oracle.Gaussians{one, two}, diffuse.AncestralSteps}, // needs the path into noise
		{noise.VE, "a & b", []*oracle.Gaussians{left, right}, diffuse.AncestralSteps},
		{noise.VP, "harmonic(2 a, 1 b)", []*oracle.Gaussians{left, right}, diffuse.AncestralSteps},
		{noise.VP, "obs(a^3, b^3; over a, b)", []*oracle.Gaussians{one, two}, diffuse.AncestralSteps},
	} {
		w := newWorld(t, c.process, c.laws...)
		target := w.compile(c.text)
		l, fields := w.of(target)
		pops := w.draw(fields, target, diffuse.Options{Kernel: c.kernel, Seed: 11, Steps: 150, Particles: 64, Populations: 16})
		var e sample.Evidence
		for _, p := range pops {
			e.Add(p)
		}
		z, err := e.Log()
		if err != nil {
			t.Fatal(err)
		}
		// Four standard errors, and 2 % for steps of finite size.
		if math.Abs(z.Value-l.LogEvidence) > 4*z.SE+.02 {
			t.Errorf("%s %s: log evidence %.4f ± %.4f, want %.4f", c.process, c.text, z.Value, z.SE, l.LogEvidence)
		}
		mean, variance := l.Moments()
		for j := range mean {
			m := sample.MeanOf(pops, func(tr *sample.Trajectory) float64 { return float64(w.sp.Point(tr.Final(), nil)[j]) })
			if math.Abs(m.Value-mean[j]) > 4*m.SE+.02*math.Sqrt(variance[j]) {
				t.Errorf("%s %s: mean %.4f ± %.4f, want %.4f", c.process, c.text, m.Value, m.SE, mean[j])
			}
		}
		t.Logf("%s %s: log evidence %.4f ± %.4f, want %.4f; ESS %.2f, least %.2f", c.process, c.text, z.Value, z.SE, l.LogEvidence, e.ESS()/float64(e.Kept()), e.MinESS())
	}
}

func TestACompositionOfAModelWithItselfIsTheModel(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noise.VP, left)
	alone := w.compile("a")
	both := w.compile("a & b")
	o := diffuse.Options{Seed: 5, Steps: 30, Particles: 8, Populations: 4}
	single := w.draw([]diffuse.Field{w.field(0)}, alone, o)
	for i, p := range w.draw([]diffuse.Field{w.field(0), w.field(0)}, both, o) {
		if math.Abs(p.LogEvidence-math.Log(.25)) > 1e-6 || p.MinESS < 7.999 {
			t.Errorf("the evidence of a & a is %v, the effective sample size %v", math.Exp(p.LogEvidence), p.MinESS)
		}
		for j := range p.Trajectories {
			x, y := w.sp.Point(p.Trajectories[j].Final(), nil), w.sp.Point(single[i].Trajectories[j].Final(), nil)
			for k := range x {
				if math.Abs(float64(x[k]-y[k])) > 1e-4 {
					t.Errorf("a point of a & a is %v, of a %v", x, y)
				}
			}
		}
	}
}

func TestTheOrderOfModelsDoesNotMatter(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noise.VP, left, right)
	o := diffuse.Options{Seed: 5, Steps: 30, Particles: 8, Populations: 4}
	there := w.draw([]diffuse.Field{w.field(0), w.field(1)}, w.compile("a - b", "a", "b"), o)
	for i, p := range w.draw([]diffuse.Field{w.field(1), w.field(0)}, w.compile("x - y", "y", "x"), o) {
		if math.Abs(p.LogEvidence-there[i].LogEvidence) > 1e-4 {
			t.Errorf("log evidence %v and %v", p.LogEvidence, there[i].LogEvidence)
		}
	}
}

func TestAPerfectGuideLeavesLittleToWeights(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noise.VP, one, two)
	target := w.compile("a - b")
	l, fields := w.of(target)
	guide, err := oracle.NewLineGuide(w.sp.Process(), []string{"a", "b"}, w.laws, 1000)
	if err != nil {
		t.Fatal(err)
	}
	o := diffuse.Options{Guide: guide, Seed: 3, Steps: 120, Particles: 48, Populations: 8}
	pops := w.draw(fields, target, o)
	var e sample.Evidence
	for _, p := range pops {
		e.Add(p)
	}
	z, err := e.Log()
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(z.Value-l.LogEvidence) > 4*z.SE+.02 {
		t.Errorf("log evidence %.4f ± %.4f, want %.4f", z.Value, z.SE, l.LogEvidence)
	}
	var unguided sample.Evidence
	o.Guide = nil
	for _, p := range w.draw(fields, target, o) {
		unguided.Add(p)
	}
	if e.MinESS() < .85 || e.MinESS() < unguided.MinESS() {
		t.Errorf("the least effective sample size is %.3f with a perfect guide, %.3f without", e.MinESS(), unguided.MinESS())
	}
	// At scale 1 the guided chain has the right mean without weights, at 20 a wrong
	// one.
	mean, variance := l.Moments()
	off := func(scale float64) float64 {
		o := diffuse.Options{Method: diffuse.Guided, Guide: guide, Scale: scale, Seed: 3, Steps: 120, Particles: 48, Populations: 8}
		m := sample.MeanOf(w.draw(fields, target, o), func(tr *sample.Trajectory) float64 { return float64(w.sp.Point(tr.Final(), nil)[0]) })
		return math.Abs(m.Value-mean[0]) / (4*m.SE + .02*math.Sqrt(variance[0]))
	}
	if got := off(1); got > 1 {
		t.Errorf("at scale 1 the mean is off by %.2f of what is allowed", got)
	}
	if got := off(20); got < 1 {
		t.Errorf("at scale 20 the mean is off by %.2f of what is allowed, and should not be right", got)
	}
	// The same as a field of its own, along the flow.
	f, err := diffuse.GuidedField(fields, guide, target, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	x, err := diffuse.Draw(t.Context(), w.sp, f, diffuse.DrawOptions{Solver: diffuse.DPM, Steps: 60, Seed: 1}, 800)
	if err != nil {
		t.Fatal(err)
	}
	var m float64
	for _, v := range x {
		m += float64(v) / 800
	}
	if math.Abs(m-mean[0]) > 5*math.Sqrt(variance[0]/800) {
		t.Errorf("DPM-Solver++ on the guided field has the mean %.3f, want %.3f", m, mean[0])
	}
}

func TestThreeRoutesToTheDensityAgreeWithTheTruth(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		process string
		laws    []*oracle.Gaussians
		prior   float64 // how far the prior may be off: VE leaves the mean of the data
	}{
		{noise.VP, []*oracle.Gaussians{left, right}, 0},
		{noise.VE, []*oracle.Gaussians{left}, .08},
	} {
		w := newWorld(t, c.process, c.laws...)
		points := []float32{-1, -.4, .5, .6, 0, 0, 1.5, -1.2, .3, 1.3}
		o := diffuse.DensityOptions{Seed: 8, End: 1e-3, Steps: 300, Paths: 40}
		var fields []diffuse.Field
		for i := range w.laws {
			fields = append(fields, w.field(i))
		}
		ito, err := diffuse.ItoDensity(t.Context(), w.sp, fields, points, o)
		if err != nil {
			t.Fatal(err)
		}
		chain, err := diffuse.ChainDensity(t.Context(), w.sp, fields, points, o)
		if err != nil {
			t.Fatal(err)
		}
		for f, law := range w.laws {
			flow, err := diffuse.FlowDensity(t.Context(), w.sp, fields[f], points, o)
			if err != nil {
				t.Fatal(err)
			}
			guess := o
			guess.Probes = 6
			probes, err := diffuse.FlowDensity(t.Context(), w.sp, fields[f], points, guess)
			if err != nil {
				t.Fatal(err)
			}
			noisy := law.Noised(w.sp.Process(), o.End)
			for i := range flow {
				x := []float64{float64(points[2*i]), float64(points[2*i+1])}
				want := noisy.LogDensity(x)
				for _, r := range []struct {
					how   string
					got   sample.Estimate
					steps float64 // allowed for steps of finite size
				}{
					{"the flow", flow[i], .025},
					{"the flow, with probes", probes[i], .025},
					{"Ito's rule", ito[i][f], .1},
					{"the chain", chain[i][f], .06},
				} {
					if d := math.Abs(r.got.Value - want); !(d <= 5*r.got.SE+r.steps+c.prior) || r.got.SE > 1 {
						t.Errorf("%s: log p(%v) is %.4f ± %.4f by %s, want %.4f", c.process, x, r.got.Value, r.got.SE, r.how, want)
					}
				}
				if flow[i].SE != 0 {
					t.Errorf("the flow along all coordinates has the error %v", flow[i].SE)
				}
				if chain[i][f].SE > ito[i][f].SE {
					t.Errorf("the chain has the error %v, Ito's rule %v", chain[i][f].SE, ito[i][f].SE)
				}
			}
		}
	}
}

// broken is a field that fails.
type broken struct{}

func (broken) Score(context.Context, []float32, []float64, []float32) error {
	return errors.New("no score today")
}

func TestMistakesAreErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noise.VP, one, two)
	c := w.compile("a & b")
	_, fields := w.of(c)
	guide, err := oracle.NewLineGuide(w.sp.Process(), []string{"a", "b"}, w.laws, 400)
	if err != nil {
		t.Fatal(err)
	}
	for want, try := range map[string]func() error{
		"fields for the 2": func() error { _, err := diffuse.New(w.sp, fields[:1], c, diffuse.Options{}); return err },
		"needs a guide": func() error {
			_, err := diffuse.New(w.sp, fields, c, diffuse.Options{Method: diffuse.Guided})
			return err
		},
		"those of no composition": func() error {
			_, err := diffuse.New(w.sp, fields, c, diffuse.Options{Guide: guide, Scale: 3})
			return err
		},
		"must not be negative": func() error { _, err := diffuse.New(w.sp, fields, c, diffuse.Options{Particles: -1}); return err },
		"ends at time 2":       func() error { _, err := diffuse.New(w.sp, fields, c, diffuse.Options{End: 2}); return err },
		"of the balance": func() error {
			_, err := diffuse.New(w.sp, fields, w.compile("a &{0.2} b"), diffuse.Options{Guide: guide})
			return err
		},
		"observes nothing": func() error {
			_, err := diffuse.New(w.sp, fields, w.compile("product(a, b)"), diffuse.Options{Guide: guide})
			return err
		},
		"3 observations": func() error {
			_, err := diffuse.New(w.sp, fields, w.compile("obs(a, a, b; over a, b)"), diffuse.Options{Guide: guide})
			return err
		},
		"not for c": func() error {
			_, err := diffuse.New(w.sp, fields, w.compile("a & c"), diffuse.Options{Guide: guide})
			return err
		},
		"no score today": func() error {
			_, err := diffuse.Draw(t.Context(), w.sp, broken{}, diffuse.DrawOptions{}, 3)
			return err
		},
		"no solver": func() error { _, err := diffuse.ParseSolver("heun"); return err },
		"steps; from 1": func() error {
			_, err := diffuse.Draw(t.Context(), w.sp, fields[0], diffuse.DrawOptions{Steps: -3}, 3)
			return err
		},
		"have the backward kernels": func() error {
			_, err := diffuse.Space([]sdk.DiffusionInfo{{Dimension: 1, Process: noise.VP}, {Dimension: 1, Process: noise.VE}}, []string{"a", "b"})
			return err
		},
		"is not known": func() error {
			_, err := diffuse.Space([]sdk.DiffusionInfo{{Dimension: 1, Process: "x"}}, []string{"a"})
			return err
		},
	} {
		if err := try(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	s, err := diffuse.New(w.sp, []diffuse.Field{fields[0], broken{}}, c, diffuse.Options{Populations: 2})
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, err := range s.Populations(t.Context()) {
		asked++
		if err == nil || !strings.Contains(err.Error(), "ask model b: no score today") {
			t.Errorf("error %v", err)
		}
	}
	if asked == 0 {
		t.Error("neither a population nor an error")
	}
}
