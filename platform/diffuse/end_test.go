package diffuse_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/molsculpt/molsculpt/platform/diffuse"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/noise"
)

// asked keeps the smallest time that it was asked about.
type asked struct {
	sync.Mutex
	least float64
}

func (a *asked) about(times []float64) {
	a.Lock()
	defer a.Unlock()
	for _, t := range times {
		a.least = min(a.least, t)
	}
}

// late is a field that knows times from an end on.
type late struct {
	diffuse.Field
	end  float64
	seen *asked
}

func (f late) End() float64 { return f.end }

func (f late) Score(ctx context.Context, points []float32, times []float64, dst []float32) error {
	f.seen.about(times)
	return f.Field.Score(ctx, points, times, dst)
}

// lateGuide is a guide that does.
type lateGuide struct {
	diffuse.Guide
	end  float64
	seen *asked
}

func (g lateGuide) End() float64 { return g.end }

func (g lateGuide) LogQ(ctx context.Context, req sdk.GuideRequest) (sdk.GuideReply, error) {
	g.seen.about(req.Times)
	return g.Guide.LogQ(ctx, req)
}

// Whatever asks fields and guides, it asks about no time before the largest of their
// ends; and about earlier ones where there is no end.
func TestNothingIsAskedBeforeItsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noise.VP, one, two)
	c := w.compile("a & b")
	perfect, err := oracle.NewLineGuide(w.sp.Process(), []string{"a", "b"}, w.laws, 200)
	if err != nil {
		t.Fatal(err)
	}
	populations := func(classified bool, fields []diffuse.Field, o diffuse.Options) error {
		o.Steps, o.Particles, o.Populations = 40, 8, 1
		if classified {
			w.judge(fields, "a & b", o)
		} else {
			w.draw(fields, c, o)
		}
		return nil
	}
	drawn := func(f diffuse.Field, s diffuse.Solver) error {
		_, err := diffuse.Draw(t.Context(), w.sp, f, diffuse.DrawOptions{Solver: s, Steps: 60, Clean: true}, 4)
		return err
	}
	points, dense := []float32{-1, .5}, diffuse.DensityOptions{Steps: 60, Paths: 2}
	for name, way := range map[string]struct {
		fields int // that it asks
		guided bool
		run    func(fields []diffuse.Field, guide diffuse.Guide) error
	}{
		"ancestral": {1, false, func(f []diffuse.Field, _ diffuse.Guide) error { return drawn(f[0], diffuse.Ancestral) }},
		"euler":     {1, false, func(f []diffuse.Field, _ diffuse.Guide) error { return drawn(f[0], diffuse.EulerMaruyama) }},
		"pc":        {1, false, func(f []diffuse.Field, _ diffuse.Guide) error { return drawn(f[0], diffuse.PredictorCorrector) }},
		"flow":      {1, false, func(f []diffuse.Field, _ diffuse.Guide) error { return drawn(f[0], diffuse.Flow) }},
		"dpm":       {1, false, func(f []diffuse.Field, _ diffuse.Guide) error { return drawn(f[0], diffuse.DPM) }},
		"density by the flow": {1, false, func(f []diffuse.Field, _ diffuse.Guide) error {
			_, err := diffuse.FlowDensity(t.Context(), w.sp, f[0], points, dense)
			return err
		}},
		"density by Ito's rule": {2, false, func(f []diffuse.Field, _ diffuse.Guide) error {
			_, err := diffuse.ItoDensity(t.Context(), w.sp, f, points, dense)
			return err
		}},
		"density by the chain": {2, false, func(f []diffuse.Field, _ diffuse.Guide) error {
			_, err := diffuse.ChainDensity(t.Context(), w.sp, f, points, dense)
			return err
		}},
		"smc": {2, false, func(f []diffuse.Field, _ diffuse.Guide) error { return populations(false, f, diffuse.Options{}) }},
		"unweighted": {2, false, func(f []diffuse.Field, _ diffuse.Guide) error {
			return populations(false, f, diffuse.Options{Method: diffuse.Uncorrected})
		}},
		"guided": {2, true, func(f []diffuse.Field, g diffuse.Guide) error {
			return populations(false, f, diffuse.Options{Guide: g, Method: diffuse.Guided})
		}},
		"smc with a guide": {2, true, func(f []diffuse.Field, g diffuse.Guide) error {
			return populations(false, f, diffuse.Options{Guide: g})
		}},
		"classified": {2, true, func(f []diffuse.Field, g diffuse.Guide) error { return populations(true, f, diffuse.Options{Guide: g}) }},
		"a guided field": {2, true, func(f []diffuse.Field, g diffuse.Guide) error {
			field, err := diffuse.GuidedField(f, g, c, 1, 1)
			return errors.Join(err, drawn(field, diffuse.DPM))
		}},
	} {
		for _, end := range []struct{ a, b, guide float64 }{{}, {.05, .05, 0}, {.05, .2, .1}, {.05, .1, .2}} {
			if !way.guided {
				end.guide = 0
			}
			seen := &asked{least: 1}
			fields := []diffuse.Field{late{w.field(0), end.a, seen}, late{w.field(1), end.b, seen}}
			if way.fields == 1 {
				end.b = 0
			}
			if err := way.run(fields, lateGuide{perfect, end.guide, seen}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			want := max(end.a, end.b, end.guide)
			if want == 0 {
				if seen.least > .005 {
					t.Errorf("%s: without an end the smallest time is %g", name, seen.least)
				}
			} else if seen.least < want*(1-1e-9) || seen.least > 1.2*want {
				t.Errorf("%s: with the ends %+v the smallest time is %g, want %g", name, end, seen.least, want)
			}
		}
	}
}

// Where a field knows times from 0.05 on, chains draw from its law at that time and
// densities are those of it, which is another than that at the usual end.
func TestWhatEndsLateIsOfTheLawAtItsEnd(t *testing.T) {
	t.Parallel()
	const end = .05
	narrow := &oracle.Gaussians{Weights: []float64{1}, Means: [][]float64{{.3}}, SDs: []float64{.05}}
	w := newWorld(t, noise.VP, narrow)
	f := late{w.field(0), end, &asked{}}
	law, usual := narrow.Noised(w.sp.Process(), end), narrow.Noised(w.sp.Process(), diffuse.DefaultEnd)
	points := []float32{.1, .3, .6}
	got, err := diffuse.FlowDensity(t.Context(), w.sp, f, points, diffuse.DensityOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range points {
		want, other := law.LogDensity([]float64{float64(x)}), usual.LogDensity([]float64{float64(x)})
		if math.Abs(got[i].Value-want) > .02 || math.Abs(got[i].Value-other) < .2 {
			t.Errorf("log p(%g) is %.4f, want %.4f; at the usual end it is %.4f", x, got[i].Value, want, other)
		}
	}
	const n = 4000
	for _, solver := range []diffuse.Solver{diffuse.Ancestral, diffuse.DPM, diffuse.Flow} {
		x, err := diffuse.Draw(t.Context(), w.sp, f, diffuse.DrawOptions{Solver: solver, Seed: 2}, n)
		if err != nil {
			t.Fatal(err)
		}
		var mean, variance float64
		for _, v := range x {
			mean += float64(v) / n
		}
		for _, v := range x {
			variance += (float64(v) - mean) * (float64(v) - mean) / n
		}
		want := law.SDs[0] * law.SDs[0]
		// The standard error of a variance of normals is sqrt(2/n) of it; usual is
		// less than a seventh.
		if math.Abs(variance/want-1) > 5*math.Sqrt(2./n)+.03 || usual.SDs[0] > law.SDs[0]/2 {
			t.Errorf("%v: the variance is %.5f, want %.5f", solver, variance, want)
		}
	}
}

func TestAnEndIsWhatIsAskedForWhereItIsKnown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noise.VP, one, two)
	fields := []diffuse.Field{w.field(0), late{w.field(1), .05, &asked{}}}
	for _, c := range []struct{ asked, want float64 }{{0, .05}, {.05, .05}, {.3, .3}} {
		if got, err := diffuse.End(c.asked, fields, nil); err != nil || got != c.want {
			t.Errorf("asked for %g: %g, %v", c.asked, got, err)
		}
	}
	if got, err := diffuse.End(0, fields[:1], nil); err != nil || got != diffuse.DefaultEnd {
		t.Errorf("without an end: %g, %v", got, err)
	}
	if got, err := diffuse.End(1e-5, fields[:1], nil); err != nil || got != 1e-5 {
		t.Errorf("without an end, asked for less: %g, %v", got, err)
	}
	c := w.compile("a & b")
	for name, try := range map[string]func() error{
		"new": func() error { _, err := diffuse.New(w.sp, fields, c, diffuse.Options{End: .01}); return err },
		"draw": func() error {
			_, err := diffuse.Draw(t.Context(), w.sp, fields[1], diffuse.DrawOptions{End: .01}, 1)
			return err
		},
		"density": func() error {
			_, err := diffuse.ItoDensity(t.Context(), w.sp, fields, []float32{0}, diffuse.DensityOptions{End: .01})
			return err
		},
	} {
		if err := try(); err == nil || !strings.Contains(err.Error(), "know times from 0.05 on") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// stranger is a guide of other models.
type stranger struct{ diffuse.Guide }

func (stranger) Match(names []string, fields []diffuse.Field) error {
	if len(names) != 2 || names[1] != "b" || len(fields) != 2 {
		return nil
	}
	return errors.New("not of these")
}

func TestAGuideOfOtherModelsSamplesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noise.VP, one, two)
	c := w.compile("a & b")
	_, fields := w.of(c)
	perfect, err := oracle.NewLineGuide(w.sp.Process(), []string{"a", "b"}, w.laws, 50)
	if err != nil {
		t.Fatal(err)
	}
	for name, try := range map[string]func(g diffuse.Guide) error{
		"new": func(g diffuse.Guide) error {
			_, err := diffuse.New(w.sp, fields, c, diffuse.Options{Guide: g})
			return err
		},
		"classified": func(g diffuse.Guide) error {
			_, err := diffuse.NewClassified(w.sp, fields, c, diffuse.Options{Guide: g})
			return err
		},
		"field": func(g diffuse.Guide) error { _, err := diffuse.GuidedField(fields, g, c, 1, 1); return err },
	} {
		if err := try(perfect); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := try(stranger{perfect}); err == nil || !strings.Contains(err.Error(), "not of these") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
