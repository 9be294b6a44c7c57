package diagnose_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/molsculpt/molsculpt/platform/diagnose"
	"github.com/molsculpt/molsculpt/platform/sample"
)

// moments are those of the definition.
func moments(x []float64) diagnose.Step {
	s := diagnose.Step{Count: len(x)}
	for _, v := range x {
		s.Mean += v / float64(len(x))
	}
	for _, v := range x {
		s.SD += (v - s.Mean) * (v - s.Mean)
	}
	if len(x) > 1 {
		s.SD = math.Sqrt(s.SD / float64(len(x)-1))
	} else {
		s.SD = 0
	}
	return s
}

func TestPooledStepsAreThoseOfAllParticles(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		var pooled diagnose.Step
		var all []float64
		for range 1 + rng.IntN(5) {
			part := make([]float64, rng.IntN(6))
			shift := 100 * rng.NormFloat64()
			for i := range part {
				part[i] = shift + rng.NormFloat64()
			}
			if len(part) > 0 {
				pooled.Add(moments(part))
			} else {
				pooled.Add(diagnose.Step{})
			}
			all = append(all, part...)
		}
		if len(all) == 0 {
			continue
		}
		want := moments(all)
		if pooled.Count != want.Count || math.Abs(pooled.Mean-want.Mean) > 1e-9 || math.Abs(pooled.SD-want.SD) > 1e-9 {
			t.Fatalf("%+v, want %+v", pooled, want)
		}
	}
}

func TestDivergenceIsThatOfTheWeights(t *testing.T) {
	t.Parallel()
	// Two steps of four particles, no resampling: log weights add up.
	steps := [][]float64{{.1, -.4, .3, 0}, {-.2, .2, .5, -1}}
	const logStart = -.7
	p := &sample.Population{Drawn: 4, MinESS: 3, LogStart: logStart}
	var mean, sum float64
	for j := range 4 {
		w := logStart + steps[0][j] + steps[1][j]
		mean += w / 4
		sum += math.Exp(w) / 4
		p.Trajectories = append(p.Trajectories, sample.Trajectory{Ancestor: j / 2, LogWeight: w - math.Log(4)})
	}
	p.LogEvidence = math.Log(sum)
	for _, s := range steps {
		m := moments(s)
		p.Residuals = append(p.Residuals, sample.Residual{Count: m.Count, Mean: m.Mean, SD: m.SD})
	}
	w := diagnose.WalkOf(p)
	if want := math.Log(sum) - mean; math.Abs(w.KL-want) > 1e-12 || w.Ancestors != 2 {
		t.Errorf("KL %g, want %g; %d ancestors", w.KL, want, w.Ancestors)
	}
	var all diagnose.Weights
	all.Add(w)
	all.Add(w)
	if math.Abs(all.Largest-.5) > 1e-12 {
		t.Errorf("of two equal populations one has %g of the weight", all.Largest)
	}
	for i, z := range []float64{math.Inf(-1), math.NaN(), p.LogEvidence + math.Log(6)} {
		more := all
		more.Add(diagnose.Walk{Drawn: 4, MinESS: 1, LogEvidence: z})
		if want := []float64{.5, .5, .75}[i]; math.Abs(more.Largest-want) > 1e-12 {
			t.Errorf("with log evidence %g, the heaviest has %g, want %g", z, more.Largest, want)
		}
	}
	if math.Abs(all.KL-w.KL) > 1e-12 || all.MinESS != .75 || math.Abs(all.ChiSquare-1./3) > 1e-12 || all.Residual.Count != 16 || len(all.Steps) != 2 {
		t.Errorf("%+v", all)
	}
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	good := func() *diagnose.Report {
		return &diagnose.Report{
			Method: "smc", Exact: true, Samples: 2000, ESS: 723,
			LogEvidence: sample.Estimate{Value: -14, SE: .19},
			Weights:     diagnose.Weights{Populations: 40, Drawn: 2000, MinESS: .19, Largest: .05, Steps: make([]diagnose.Step, 9)},
		}
	}
	for _, test := range []struct {
		name string
		make func(r *diagnose.Report)
		want diagnose.Trust
		text string
	}{
		{"good", func(*diagnose.Report) {}, diagnose.Yes, "Trust it: averages over these samples are those of the composition, as good as from 723 independent ones."},
		{"empty", func(r *diagnose.Report) { r.Samples = 0 }, diagnose.No, "Do not trust it: no sample has any weight; compose models that overlap, or give it more molecules."},
		{"unweighted", func(r *diagnose.Report) { r.Exact, r.Method = false, "unweighted" }, diagnose.No, "Do not trust it: the method unweighted leaves the weights out, so these are not samples of the composition; use method: smc."},
		{"thin", func(r *diagnose.Report) { r.ESS = 50 }, diagnose.WithCare, "Trust it with care: the samples count as 50 independent ones; sample more (about 8000 molecules)."},
		{"hard", func(r *diagnose.Report) { r.ESS, r.Weights.MinESS, r.LogEvidence.SE = 9, .03, 1.2 }, diagnose.No, "Do not trust it: the samples count as 9 independent ones and the evidence is known to a factor of 3.3 only; use method: annealed, larger populations (particles: 200), or a composition that asks for less."},
		{"hard, annealed", func(r *diagnose.Report) { r.Method, r.ESS, r.Weights.MinESS = "annealed", 9, .03 }, diagnose.No, "Do not trust it: the samples count as 9 independent ones; use larger populations (particles: 200), or a composition that asks for less."},
		{"hard, importance", func(r *diagnose.Report) { r.Method, r.ESS, r.Weights.MinESS = "importance", 9, .03 }, diagnose.No, "Do not trust it: the samples count as 9 independent ones; use method: annealed, or sample more (about 45000 molecules)."},
		{"one", func(r *diagnose.Report) { r.Weights.Populations, r.LogEvidence.SE = 1, math.NaN() }, diagnose.WithCare, "Trust it with care: one population alone has no error to tell; make more populations: more molecules, or fewer particles."},
		{"checked", func(r *diagnose.Report) {
			r.Checks = &diagnose.Checks{Agrees: &diagnose.Agrees{P: .4, EvidenceP: .6}, Models: []diagnose.ModelCheck{{Name: "a"}}}
		}, diagnose.Yes, "Trust it: averages over these samples are those of the composition, as good as from 723 independent ones, and an independent reference agrees."},
		{"refuted", func(r *diagnose.Report) {
			r.Checks = &diagnose.Checks{Agrees: &diagnose.Agrees{P: 1e-6, EvidenceP: .6}}
		}, diagnose.No, "Do not trust it: its scores differ from those of an independent reference (p = 1e-06); sample more (about 4000 molecules)."},
		{"model", func(r *diagnose.Report) {
			r.Checks = &diagnose.Checks{Models: []diagnose.ModelCheck{{Name: "qed", Path: diagnose.Agreement{SD: 1.4}}}}
		}, diagnose.WithCare, "Trust it with care: the model qed is of two minds about a molecule by 1.4 nats, depending on the path; train qed for longer, since the composition is that of the models as they are."},
	} {
		r := good()
		test.make(r)
		if v := diagnose.Judge(r); v.Trust != test.want || v.Text != test.text {
			t.Errorf("%s: %s, %s", test.name, v.Trust, v.Text)
		}
	}
}
