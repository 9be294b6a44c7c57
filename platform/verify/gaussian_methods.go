package verify

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/molsculpt/molsculpt/platform/diffuse"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk/noise"
	"gonum.org/v1/gonum/stat/distuv"
)

// pointMethods is every method for continuous models, the exact one first and the
// controls last.
var pointMethods = []pointMethod{
	{"quadrature", false, func(t *pointTarget) bool { return !t.learned && t.composition.Expression().String() == "left & right" }, observationsAddUp},
	{"densities", false, func(t *pointTarget) bool { return t.single() }, densities},
	{"solver ancestral", false, (*pointTarget).solved, solver(diffuse.Ancestral)},
	{"solver euler", true, (*pointTarget).solved, solver(diffuse.EulerMaruyama)},
	{"solver pc", true, (*pointTarget).solved, solver(diffuse.PredictorCorrector)},
	{"solver flow", false, (*pointTarget).flows, solver(diffuse.Flow)},
	{"solver dpm", false, (*pointTarget).flows, solver(diffuse.DPM)},
	{"path likelihoods", false, func(t *pointTarget) bool { return !t.learned }, pathLikelihoods},
	{"learned beside exact", true, func(t *pointTarget) bool { return t.learned }, learnedBesideExact},
	{"perfect guide", true, perfect, guidedAt(1)},
	{"perfect guide, dpm", true, guidedFlows, guidedFlow},
	{"perfect guide, weighted", true, perfect, guidedWeighted},
	{"guide at scale 3", false, contrasts, guidedAt(3)},
	{"guide at scale 20", false, perfect, guidedAt(20)},
	{"sum of scores", true, perfect, sumOfScores},
	{"without weights", false, contrasts, withoutWeights},
	{"guide at scale 3, harmonic mean", true, harmonics, guidedAt(3)},
	{"without weights, harmonic mean", true, harmonics, withoutWeights},
}

// perfect says that there is a perfect guide to the target.
func perfect(t *pointTarget) bool { return !t.learned && t.observes() && !tempered(t) }

// contrasts are where the controls are wrong by so much that few draws show it.
func contrasts(t *pointTarget) bool {
	return perfect(t) && t.composition.Expression().String() != "left & right"
}

// harmonics are where they are wrong by less.
func harmonics(t *pointTarget) bool { return perfect(t) && !contrasts(t) }

// guidedFlows says that the flow of a perfectly guided field can be held against the
// law.
func guidedFlows(t *pointTarget) bool { return perfect(t) && t.name != normalsVE }

// flows says that a flow can be held against the law: the noise of an exploding
// process leaves the mean of the data at its end, which a flow never forgets.
func (t *pointTarget) flows() bool { return t.solved() && t.name != normalsVE }

// solved says that the target is one model of exact scores.
func (t *pointTarget) solved() bool { return t.single() && !t.learned }

// tempered says that observations have exponents.
func tempered(t *pointTarget) bool {
	o, ok := t.composition.Observations()
	return ok && len(o.List) > 0 && o.List[0].Kappa != 1
}

// chainSteps is how many steps chains have.
func (r *Run) chainSteps() int {
	if r.Full {
		return 1000
	}
	return 300
}

// pointDraws is how many points are drawn.
func (r *Run) pointDraws() int {
	switch {
	case r.Draws > 0:
		return min(r.Draws, 20_000)
	case r.Full:
		return 20_000
	}
	return 3000
}

// cloud is weighted points in the parts of the box of a law.
type cloud struct {
	share        []float64 // of the weight in each part
	outside      float64   // of the box
	sum, squares float64   // of the weights
}

func newCloud(t *pointTarget) *cloud {
	n := t.parts
	if t.sp.Dim() == 2 {
		n *= t.parts
	}
	return &cloud{share: make([]float64, n)}
}

func (c *cloud) add(t *pointTarget, point []float32, weight float64) {
	x := make([]float64, len(point))
	for j, v := range point {
		x[j] = float64(v)
	}
	if k := t.law.Bin(x, t.parts); k >= 0 {
		c.share[k] += weight
	} else {
		c.outside += weight
	}
	c.sum += weight
	c.squares += weight * weight
}

// distance is the L1 distance to the law, and the number of draws that the weights
// are worth.
func (c *cloud) distance(t *pointTarget) (l1, n float64) {
	for k, l := range t.law.Bins(t.parts) {
		l1 += math.Abs(c.share[k]/c.sum - math.Exp(l))
	}
	return l1 + c.outside/c.sum, c.sum * c.sum / c.squares
}

// closeness holds the distance against that of independent draws.
func (c *cloud) closeness(t *pointTarget, seed uint64) Result {
	l1, n := c.distance(t)
	return atFloor(fmt.Sprintf("L1 on %d parts", len(c.share)), t.law.Bins(t.parts), l1, n, seed)
}

// ofPoints is points of equal weights.
func ofPoints(t *pointTarget, points []float32) *cloud {
	c := newCloud(t)
	d := t.sp.Dim()
	for i := 0; i < len(points); i += d {
		c.add(t, points[i:i+d], 1)
	}
	return c
}

// ofPopulations is weighted points.
func ofPopulations(t *pointTarget, pops []*sample.Population) *cloud {
	c := newCloud(t)
	top := math.Inf(-1)
	for _, p := range pops {
		for i := range p.Trajectories {
			top = max(top, p.Trajectories[i].LogWeight)
		}
	}
	for _, p := range pops {
		for i := range p.Trajectories {
			c.add(t, t.sp.Point(p.Trajectories[i].Final(), nil), math.Exp(p.Trajectories[i].LogWeight-top))
		}
	}
	return c
}

// populations draws a target.
func (t *pointTarget) populations(ctx context.Context, fields []diffuse.Field, o diffuse.Options) ([]*sample.Population, error) {
	s, err := diffuse.New(t.sp, fields, t.composition, o)
	if err != nil {
		return nil, err
	}
	var out []*sample.Population
	for p, err := range s.Populations(ctx) {
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func (r *Run) pointOptions(m diffuse.Method) diffuse.Options {
	return diffuse.Options{Method: m, Seed: r.Seed, Steps: r.chainSteps(), Particles: particles, Populations: max(2, r.pointDraws()/particles)}
}

// guidedOptions are for a guide whose answers take some hundred times as long as
// scores.
func (r *Run) guidedOptions(m diffuse.Method, t *pointTarget) diffuse.Options {
	o := r.pointOptions(m)
	o.Guide, o.Steps, o.Populations = t.guide, min(o.Steps, 400), min(o.Populations, 4096/particles)
	return o
}

// observationsAddUp: the evidence of all lists of two observations adds up to 1.
func observationsAddUp(_ context.Context, t *pointTarget, _ *Run) ([]Result, error) {
	var sum float64
	for _, o := range []struct {
		text  string
		times float64
	}{{"left & right", 2}, {"left - right", 1}, {"right - left", 1}} {
		other, err := newPointTarget(t.pointDomain, o.text, nil)
		if err != nil {
			return nil, err
		}
		sum += o.times * math.Exp(other.law.LogEvidence)
	}
	return []Result{{Quantity: "evidence of all observations", Exact: 1, Estimate: sum, Error: math.Abs(sum - 1), Bound: 1e-9}}, nil
}

// stepError is what steps of finite size may move a log-density or a log-evidence
// by, for a thousand of them.
const stepError = .01

// densities: the log-density along the flow and along random paths, at draws of the
// law.
func densities(ctx context.Context, t *pointTarget, r *Run) ([]Result, error) {
	n := 12
	if r.Full {
		n = 60
	}
	rng := rand.New(rand.NewPCG(r.Seed, 1<<63))
	x := make([]float64, t.sp.Dim())
	var points []float32
	var truth []float64
	noisy := t.laws[0].Noised(t.sp.Process(), diffuse.DefaultEnd)
	for range n {
		noisy.Draw(rng, x)
		for j := range x {
			points = append(points, float32(x[j]))
			x[j] = float64(float32(x[j]))
		}
		truth = append(truth, noisy.LogDensity(x))
	}
	steps := r.chainSteps()
	o := diffuse.DensityOptions{Seed: r.Seed, Steps: steps, Paths: 24}
	flow, err := diffuse.FlowDensity(ctx, t.sp, t.fields[0], points, o)
	if err != nil {
		return nil, err
	}
	ito, err := diffuse.ItoDensity(ctx, t.sp, t.fields[:1], points, o)
	if err != nil {
		return nil, err
	}
	chain, err := diffuse.ChainDensity(ctx, t.sp, t.fields[:1], points, o)
	if err != nil {
		return nil, err
	}
	column := func(list [][]sample.Estimate) []sample.Estimate {
		var out []sample.Estimate
		for _, e := range list {
			out = append(out, e[0])
		}
		return out
	}
	// What is learned is held against itself: the routes have to agree.
	want, quantity := truth, "log-density by %s"
	if t.learned {
		want, quantity = nil, "log-density by %s, and along the flow"
		for _, e := range flow {
			want = append(want, e.Value)
		}
	}
	var out []Result
	allowed := 5 * stepError * 1000 / float64(steps)
	for _, route := range []struct {
		name    string
		found   []sample.Estimate
		allowed float64
	}{{"the flow", flow, .03}, {"Ito's rule", column(ito), allowed}, {"the chain", column(chain), allowed}} {
		if t.learned && route.name == "the flow" {
			continue
		}
		if t.name == normalsVE {
			route.allowed += .15 // the prior leaves the mean of the data
		}
		if t.learned {
			route.allowed += .1 // a learned score need not be a gradient in time: the routes differ by its error
		}
		var mean, off, errors float64
		for i, e := range route.found {
			mean += e.Value / float64(n)
			off += math.Abs(e.Value-want[i]) / float64(n)
			if !math.IsNaN(e.SE) {
				errors += e.SE / float64(n)
			}
		}
		var exact float64
		for _, v := range want {
			exact += v / float64(n)
		}
		result := Result{Quantity: fmt.Sprintf(quantity, route.name), Exact: exact, Estimate: mean, Error: off, Bound: sigmas*errors + route.allowed}
		if errors > 0 {
			result.FalseAlarm = 2 * distuv.UnitNormal.CDF(-sigmas)
		}
		out = append(out, result)
	}
	return out, nil
}

// solver holds the draws of a solver against the law.
func solver(s diffuse.Solver) func(context.Context, *pointTarget, *Run) ([]Result, error) {
	return func(ctx context.Context, t *pointTarget, r *Run) ([]Result, error) {
		o := diffuse.DrawOptions{Solver: s, Seed: r.Seed, Steps: r.chainSteps()}
		if s == diffuse.DPM {
			o.Steps = 50
		}
		if s == diffuse.PredictorCorrector {
			o.Steps /= 2
		}
		points, err := diffuse.Draw(ctx, t.sp, t.fields[0], o, r.pointDraws())
		if err != nil {
			return nil, err
		}
		return []Result{ofPoints(t, points).closeness(t, r.Seed)}, nil
	}
}

// pathLikelihoods: sequential Monte Carlo without a guide.
func pathLikelihoods(ctx context.Context, t *pointTarget, r *Run) ([]Result, error) {
	pops, err := t.populations(ctx, t.fields, r.pointOptions(diffuse.SMC))
	if err != nil {
		return nil, err
	}
	return t.weighted(pops, r.chainSteps(), r.Seed)
}

// weighted holds weighted points of a chain of so many steps against the law.
func (t *pointTarget) weighted(pops []*sample.Population, chain int, seed uint64) ([]Result, error) {
	var e sample.Evidence
	for _, p := range pops {
		e.Add(p)
	}
	z, err := e.Log()
	if err != nil {
		return nil, err
	}
	out := []Result{ofPopulations(t, pops).closeness(t, seed)}
	steps := stepError * 1000 / float64(chain)
	if !t.single() {
		evidence := estimated("log evidence", t.law.LogEvidence, z, len(pops))
		evidence.Bound += steps
		out = append(out, evidence)
	}
	mean, variance := t.law.Moments()
	for j := range mean {
		axis := [2]string{"x", "y"}[j]
		at := func(tr *sample.Trajectory) float64 { return float64(t.sp.Point(tr.Final(), nil)[j]) }
		m := estimated("mean of "+axis, mean[j], sample.MeanOf(pops, at), len(pops))
		v := estimated("variance of "+axis, variance[j], sample.MeanOf(pops, func(tr *sample.Trajectory) float64 { return (at(tr) - mean[j]) * (at(tr) - mean[j]) }), len(pops))
		m.Bound += steps * math.Sqrt(variance[j])
		v.Bound += steps * variance[j]
		out = append(out, m, v)
	}
	return out, nil
}

// guidedAt follows the perfect guide without weights, at a scale: exact at 1, a
// control at others.
func guidedAt(scale float64) func(context.Context, *pointTarget, *Run) ([]Result, error) {
	return func(ctx context.Context, t *pointTarget, r *Run) ([]Result, error) {
		o := r.guidedOptions(diffuse.Guided, t)
		if o.Scale = scale; scale != 1 {
			o.Populations = max(2, 768/particles) // it is wrong by much
		}
		pops, err := t.populations(ctx, t.fields, o)
		if err != nil {
			return nil, err
		}
		out := ofPopulations(t, pops).closeness(t, r.Seed)
		if scale != 1 {
			out = wrong(out)
		}
		return []Result{out}, nil
	}
}

// guidedFlow follows the flow of the perfectly guided field.
func guidedFlow(ctx context.Context, t *pointTarget, r *Run) ([]Result, error) {
	f, err := diffuse.GuidedField(t.fields, t.guide, t.composition, 1, 1)
	if err != nil {
		return nil, err
	}
	points, err := diffuse.Draw(ctx, t.sp, f, diffuse.DrawOptions{Solver: diffuse.DPM, Steps: 60, Seed: r.Seed}, r.pointDraws())
	if err != nil {
		return nil, err
	}
	return []Result{ofPoints(t, points).closeness(t, r.Seed)}, nil
}

// guidedWeighted is sequential Monte Carlo with the perfect guide.
func guidedWeighted(ctx context.Context, t *pointTarget, r *Run) ([]Result, error) {
	o := r.guidedOptions(diffuse.SMC, t)
	pops, err := t.populations(ctx, t.fields, o)
	if err != nil {
		return nil, err
	}
	return t.weighted(pops, o.Steps, r.Seed)
}

// controlDraws is how many points a control needs that is wrong by little.
const controlDraws = 120_000

// sumOfScores follows the score of the product of the noisy models' posteriors,
// s1 + s2 - s~ for their harmonic mean, which is no noisy composite: a control.
func sumOfScores(ctx context.Context, t *pointTarget, r *Run) ([]Result, error) {
	obs, ok := t.composition.Observations()
	if !ok {
		return nil, fmt.Errorf("verify: %s observes nothing", t.composition.Expression())
	}
	f := &sumField{laws: t.laws, process: t.sp.Process(), observed: make([]float64, len(t.laws)), all: float64(len(obs.List))}
	for _, o := range obs.List {
		f.observed[o.Label]++
	}
	points, err := diffuse.Draw(ctx, t.sp, f, diffuse.DrawOptions{Seed: r.Seed, Steps: 300}, controlDraws)
	if err != nil {
		return nil, err
	}
	return []Result{wrong(ofPoints(t, points).closeness(t, r.Seed))}, nil
}

// sumField is the sum of the scores of what is observed, less that of the mixture
// for every observation but one.
type sumField struct {
	laws     []*oracle.Gaussians
	process  noise.Process
	observed []float64 // how often each model is
	all      float64   // observations
}

// Score implements diffuse.Field.
func (f *sumField) Score(_ context.Context, points []float32, times []float64, dst []float32) error {
	d := f.laws[0].Dim()
	x, q, s, sum := make([]float64, d), make([]float64, len(f.laws)), make([]float64, d), make([]float64, d)
	noisy := make([]*oracle.Gaussians, len(f.laws))
	for i, t := range times {
		for m, law := range f.laws {
			if i == 0 || t != times[i-1] {
				noisy[m] = law.Noised(f.process, t)
			}
		}
		for j := range x {
			x[j] = float64(points[i*d+j])
		}
		for m := range noisy {
			q[m] = noisy[m].LogDensity(x)
		}
		oracle.Normalise(q)
		clear(sum)
		for m := range noisy {
			noisy[m].Score(x, s)
			for j := range s {
				sum[j] += (f.observed[m] - (f.all-1)*math.Exp(q[m])) * s[j]
			}
		}
		for j, v := range sum {
			dst[i*d+j] = float32(v)
		}
	}
	return nil
}

// withoutWeights is the proposal of the path likelihoods alone: a control.
func withoutWeights(ctx context.Context, t *pointTarget, r *Run) ([]Result, error) {
	o := r.pointOptions(diffuse.Uncorrected)
	if r.Full {
		o.Steps, o.Populations = 300, controlDraws/particles
	}
	pops, err := t.populations(ctx, t.fields, o)
	if err != nil {
		return nil, err
	}
	return []Result{wrong(ofPopulations(t, pops).closeness(t, r.Seed))}, nil
}

// asGood is how many times the distance of exact scores learned ones may have.
const asGood = 2

// learnedBesideExact samples a composition of learned scores, and of the exact ones
// with the same random numbers: the first may be off by twice as much, for so many
// draws that the exact ones are off by some hundredths themselves.
func learnedBesideExact(ctx context.Context, t *pointTarget, r *Run) ([]Result, error) {
	var l1 [2]float64
	var z [2]sample.Estimate
	for k, fields := range [2][]diffuse.Field{t.exact, t.fields} {
		o := r.pointOptions(diffuse.SMC)
		o.Steps, o.Populations = min(o.Steps, 500), min(o.Populations, 5000/particles)
		pops, err := t.populations(ctx, fields, o)
		if err != nil {
			return nil, err
		}
		var e sample.Evidence
		for _, p := range pops {
			e.Add(p)
		}
		if z[k], err = e.Log(); err != nil {
			return nil, err
		}
		l1[k], _ = ofPopulations(t, pops).distance(t)
	}
	out := []Result{{Quantity: "L1, beside exact scores", Exact: l1[0], Estimate: l1[1], Error: l1[1], Bound: asGood * l1[0]}}
	if !t.single() {
		out = append(out, Result{
			Quantity: "log evidence", Exact: t.law.LogEvidence, Estimate: z[1].Value, Error: math.Abs(z[1].Value - t.law.LogEvidence),
			Bound: .05 + sigmas*z[1].SE, // what the learned models differ by
		})
	}
	return out, nil
}
