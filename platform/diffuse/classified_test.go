package diffuse_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/platform/diffuse"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/noise"
)

// pulling is a guide whose gradient is some times what it should be.
type pulling struct {
	diffuse.Guide
	times float32
}

func (g pulling) LogQ(ctx context.Context, req sdk.GuideRequest) (sdk.GuideReply, error) {
	reply, err := g.Guide.LogQ(ctx, req)
	for i := range reply.Gradient {
		reply.Gradient[i] *= g.times
	}
	return reply, err
}

// judge draws populations by a guide.
func (w world) judge(fields []diffuse.Field, expression string, o diffuse.Options) []*sample.Population {
	w.Helper()
	s, err := diffuse.NewClassified(w.sp, fields, w.compile(expression), o)
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

func TestClassifiedCompositionsHaveTheirEvidenceAndMean(t *testing.T) {
	t.Parallel()
	for _, process := range []string{noise.VP, noise.VE} {
		w := newWorld(t, process, one, two)
		guide, err := oracle.NewLineGuide(w.sp.Process(), []string{"a", "b"}, w.laws, 300)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			expression string
			pull       float32
			ess        float64 // least
		}{
			{"a & b", 1, .7},
			{"a - b", 1, .7},
			{"b - a", .7, .5}, // weights make up for a wrong pull
			{"a & b", 0, .3},
			{"a &{0.2} b", 1, .5}, // not what the guide observes: by the probabilities
			{"obs(a, a, a; over a, b)", 1, .2},
			{"harmonic(2 a, 1 b)", 1, .2},
		} {
			target := w.compile(c.expression)
			l, fields := w.of(target)
			pops := w.judge(fields, c.expression, diffuse.Options{Guide: pulling{guide, c.pull}, Seed: 3, Steps: 100, Particles: 48, Populations: 8})
			var e sample.Evidence
			for _, p := range pops {
				e.Add(p)
			}
			z, err := e.Log()
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(z.Value-l.LogEvidence) > 4*z.SE+.03 {
				t.Errorf("%s, %s: log evidence %.4f ± %.4f, want %.4f", process, c.expression, z.Value, z.SE, l.LogEvidence)
			}
			mean, variance := l.Moments()
			m := sample.MeanOf(pops, func(tr *sample.Trajectory) float64 { return float64(w.sp.Point(tr.Final(), nil)[0]) })
			if math.Abs(m.Value-mean[0]) > 4*m.SE+.03*math.Sqrt(variance[0]) {
				t.Errorf("%s, %s: mean %.4f ± %.4f, want %.4f", process, c.expression, m.Value, m.SE, mean[0])
			}
			if e.MinESS() < c.ess {
				t.Errorf("%s, %s: the least effective sample size is %.3f", process, c.expression, e.MinESS())
			}
		}
	}
}

// Without weights a wrong pull shows, and a right one does not.
func TestClassifiedWithoutWeights(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noise.VP, one, two)
	guide, err := oracle.NewLineGuide(w.sp.Process(), []string{"a", "b"}, w.laws, 300)
	if err != nil {
		t.Fatal(err)
	}
	l, fields := w.of(w.compile("a - b"))
	mean, variance := l.Moments()
	off := func(pull float32) float64 {
		pops := w.judge(fields, "a - b", diffuse.Options{Method: diffuse.Guided, Guide: pulling{guide, pull}, Seed: 3, Steps: 100, Particles: 48, Populations: 8})
		m := sample.MeanOf(pops, func(tr *sample.Trajectory) float64 {
			if math.Abs(tr.LogWeight+math.Log(48)) > 1e-9 {
				t.Errorf("a weight of %g", tr.LogWeight)
			}
			return float64(w.sp.Point(tr.Final(), nil)[0])
		})
		return math.Abs(m.Value-mean[0]) / (4*m.SE + .02*math.Sqrt(variance[0]))
	}
	if got := off(1); got > 1 {
		t.Errorf("the mean is off by %.2f of what is allowed", got)
	}
	if got := off(10); got < 1 {
		t.Errorf("at ten times the pull the mean is off by %.2f of what is allowed, and should not be right", got)
	}
}

func TestClassifiedDoesNotDependOnHowItIsDivided(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noise.VP, one, two)
	guide, err := oracle.NewLineGuide(w.sp.Process(), []string{"a", "b"}, w.laws, 400)
	if err != nil {
		t.Fatal(err)
	}
	_, fields := w.of(w.compile("a & b"))
	o := diffuse.Options{Guide: guide, Seed: 5, Steps: 20, Particles: 12, Populations: 7}
	whole := w.judge(fields, "a & b", o)
	for _, how := range [][2]int{{1, 1}, {3, 2}, {2, 9}} {
		o.Lanes, o.InFlight = how[0], how[1]
		same(t, whole, w.judge(fields, "a & b", o))
	}
	o.First, o.Populations = 4, 2
	same(t, whole[4:6], w.judge(fields, "a & b", o))
}

// same compares populations bit for bit.
func same(t *testing.T, want, got []*sample.Population) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d populations, want %d", len(got), len(want))
	}
	for i, p := range got {
		if p.LogEvidence != want[i].LogEvidence || len(p.Trajectories) != len(want[i].Trajectories) {
			t.Fatalf("population %d: evidence %v of %d, want %v of %d", i, p.LogEvidence, len(p.Trajectories), want[i].LogEvidence, len(want[i].Trajectories))
		}
		for k := range p.Trajectories {
			a, b := &p.Trajectories[k], &want[i].Trajectories[k]
			if a.Final() != b.Final() || a.LogWeight != b.LogWeight || a.Ancestor != b.Ancestor {
				t.Fatalf("population %d: point %d is another one", i, k)
			}
		}
	}
}

func TestClassifiedMistakesAreErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noise.VP, one, two)
	guide, err := oracle.NewLineGuide(w.sp.Process(), []string{"a", "b"}, w.laws, 50)
	if err != nil {
		t.Fatal(err)
	}
	other, err := oracle.NewLineGuide(w.sp.Process(), []string{"a", "c"}, w.laws, 50)
	if err != nil {
		t.Fatal(err)
	}
	_, fields := w.of(w.compile("a & b"))
	for want, o := range map[string]diffuse.Options{
		"there is no guide":       {},
		"trained for [a c]":       {Guide: other},
		"the methods are":         {Guide: guide, Method: diffuse.Uncorrected},
		"a scale of 3":            {Guide: guide, Scale: 3},
		"counts must not be nega": {Guide: guide, Particles: -1},
	} {
		if _, err := diffuse.NewClassified(w.sp, fields, w.compile("a & b"), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	if _, err := diffuse.NewClassified(w.sp, fields, w.compile("product(a, b)"), diffuse.Options{Guide: guide}); err == nil || !strings.Contains(err.Error(), "in units of the mixture") {
		t.Errorf("a product: error %v", err)
	}
}
