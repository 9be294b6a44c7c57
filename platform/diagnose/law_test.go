package diagnose_test

import (
	"context"
	"math"
	"testing"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/diagnose"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// domain is the grid of Garipov et al. 2023 with exact policies; twin is circle 1
// under another name.
type domain struct {
	grid *space.Grid
	laws map[string]*oracle.Law
}

func newDomain(t testing.TB, side int) *domain {
	t.Helper()
	sp, err := space.NewGrid(2, side)
	if err != nil {
		t.Fatal(err)
	}
	g, err := oracle.Enumerate(context.Background(), sp, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	d := &domain{sp, map[string]*oracle.Law{}}
	for name, reward := range map[string]oracle.GridReward{
		"shubert": oracle.Shubert, "diagonal": oracle.Diagonal,
		"c1": oracle.Circle(1), "twin": oracle.Circle(1), "c2": oracle.Circle(2), "c3": oracle.Circle(3),
	} {
		logR := make([]float64, len(g.States))
		for i, s := range g.States {
			logR[i] = reward(sp.Coordinates(s, nil), side)
		}
		d.laws[name] = oracle.FlowsOf(g, logR).Law()
	}
	return d
}

// composition compiles a text; laws and policies are those of its models.
func (d *domain) composition(t testing.TB, text string) (*compose.Composition, []*oracle.Law, []space.Policy) {
	t.Helper()
	e, err := compose.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	c, err := compose.Compile(e, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var laws []*oracle.Law
	var bases []space.Policy
	for _, name := range c.Models() {
		laws = append(laws, d.laws[name])
		bases = append(bases, d.laws[name].Policy())
	}
	return c, laws, bases
}

// run is a sampled composition.
type run struct {
	diagnose.Weighted
	paths    []sample.Trajectory
	weights  diagnose.Weights
	evidence sample.Estimate
}

func (d *domain) run(t testing.TB, c *compose.Composition, bases []space.Policy, o sample.Options) *run {
	t.Helper()
	s, err := sample.New(d.grid, bases, c, o)
	if err != nil {
		t.Fatal(err)
	}
	r := &run{Weighted: diagnose.Weighted{Populations: o.Populations}}
	var e sample.Evidence
	for p, err := range s.Populations(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		e.Add(p)
		r.weights.Add(diagnose.WalkOf(p))
		for _, path := range p.Trajectories {
			r.paths = append(r.paths, path)
			r.Population = append(r.Population, p.Index)
			r.LogWeight = append(r.LogWeight, path.LogWeight)
		}
	}
	if r.evidence, err = e.Log(); err != nil {
		t.Fatal(err)
	}
	return r
}

// axes are the coordinates of end points, as figures to compare.
func (d *domain) axes(a, b []sample.Trajectory) []diagnose.Values {
	coordinate := func(paths []sample.Trajectory, axis int) []float64 {
		out := make([]float64, len(paths))
		for i := range paths {
			out[i] = float64(d.grid.Coordinates(paths[i].Final(), nil)[axis])
		}
		return out
	}
	return []diagnose.Values{{Name: "x", A: coordinate(a, 0), B: coordinate(b, 0)}, {Name: "y", A: coordinate(a, 1), B: coordinate(b, 1)}}
}

func TestModelsThatAreTheSameLeaveNothingToCorrect(t *testing.T) {
	t.Parallel()
	d := newDomain(t, 8)
	for _, text := range []string{"c1 & twin", "c1 - twin", "harmonic(c1, twin)", "obs(c1, c1, twin)"} {
		c, _, bases := d.composition(t, text)
		r := d.run(t, c, bases, sample.Options{Method: sample.SMC, Seed: 1, Populations: 4})
		w := r.weights
		if w.KL > 1e-12 || w.ChiSquare > 1e-12 || math.Abs(w.Residual.Mean) > 1e-12 || w.Residual.SD > 1e-12 || w.Resamplings != 0 || w.Ancestors != 64 {
			t.Errorf("%s: %+v", text, w)
		}
	}
}

// exactQ answers the potential by dynamic programming.
type exactQ struct {
	graph       *oracle.Graph
	going, ends []float64
}

func (q exactQ) LogQ(_ context.Context, states []space.State, finished bool, dst []float64) error {
	for i, s := range states {
		k, _ := q.graph.Index(s)
		if dst[i] = q.going[k]; finished {
			dst[i] = q.ends[k]
		}
	}
	return nil
}

func TestTheExactPotentialHasNoResidual(t *testing.T) {
	t.Parallel()
	d := newDomain(t, 8)
	for _, text := range []string{"shubert & diagonal", "c1 - c2", "obs(c1, c1, c1; over c1, c2, c3)"} {
		c, laws, bases := d.composition(t, text)
		bound, _ := c.Bound()
		mixture := oracle.MixturePolicy(bound.Weights, laws)
		going, ends := oracle.Potential(c, mixture, laws)
		exact := d.run(t, c, bases, sample.Options{
			Method: sample.SMC, Seed: 1, Populations: 4, Twist: sample.Twist{Guide: exactQ{laws[0].Graph, going, ends}},
		}).weights
		if exact.KL > 1e-9 || exact.ChiSquare > 1e-9 || math.Abs(exact.Residual.Mean) > 1e-9 || exact.Residual.SD > 1e-9 {
			t.Errorf("%s with exact Q: %+v", text, exact)
		}
		path := d.run(t, c, bases, sample.Options{Method: sample.SMC, Seed: 1, Populations: 4}).weights
		if path.KL < 1e-3 || path.ChiSquare < 1e-3 || path.Residual.SD < 1e-3 {
			t.Errorf("%s with the path posterior: %+v", text, path)
		}
	}
}

func TestTheReferenceIsTheComposition(t *testing.T) {
	t.Parallel()
	d := newDomain(t, 16)
	for _, text := range []string{"shubert & diagonal", "shubert - diagonal", "c1 & c2 & c3", "c1 | c2", "harmonic(c1, c2, c3)"} {
		c, laws, bases := d.composition(t, text)
		law, logZ, err := oracle.Composite(c, laws)
		if err != nil {
			t.Fatal(err)
		}
		rollouts, err := diagnose.NewRollouts(t.Context(), d.grid, bases, c, 30, 7)
		if err != nil {
			t.Fatal(err)
		}
		independent, err := diagnose.NewIndependent(t.Context(), d.grid, bases, c, sample.Options{Seed: 7, Particles: 64, Populations: 30})
		if err != nil {
			t.Fatal(err)
		}
		if len(independent.Paths) < 30*32 {
			t.Errorf("%s: %d of %d independent draws have a weight", text, len(independent.Paths), 30*64)
		}
		for name, ref := range map[string]*diagnose.Reference{"rollouts": &rollouts.Reference, "independent": independent} {
			z := ref.LogEvidence()
			if math.Abs(z.Value-logZ) > 4*z.SE+1e-9 {
				t.Errorf("%s by %s: log evidence %g ± %g, exactly %g", text, name, z.Value, z.SE, logZ)
			}
			// The mean of a coordinate, against the closed form.
			values := d.axes(ref.Paths, ref.Paths)
			mean := ref.Mean(values[0].A)
			var want float64
			for x, l := range law {
				want += math.Exp(l) * float64(d.grid.Coordinates(laws[0].Graph.States[x], nil)[0])
			}
			if math.Abs(mean.Value-want) > 4*mean.SE {
				t.Errorf("%s by %s: mean %g ± %g, exactly %g", text, name, mean.Value, mean.SE, want)
			}
		}
		// The path posterior of exact models is calibrated.
		if k := rollouts.Calibration(); k.ECE > 3*k.ECESE || k.N != len(bases)*len(rollouts.Paths) {
			t.Errorf("%s: ECE %g of %d events, by chance %g", text, k.ECE, k.N, k.ECESE)
		}
	}
}

func TestARunAgreesWithTheReferenceAndOneWithoutWeightsDoesNot(t *testing.T) {
	t.Parallel()
	d := newDomain(t, 32)
	c, _, bases := d.composition(t, "obs(c1, c1, c2; over c1, c2, c3)")
	ref, err := diagnose.NewRollouts(t.Context(), d.grid, bases, c, 40, 3)
	if err != nil {
		t.Fatal(err)
	}
	weighted := d.run(t, c, bases, sample.Options{Method: sample.SMC, Seed: 5, Populations: 60})
	a := ref.Against(&weighted.Weighted, weighted.evidence, d.axes(weighted.paths, ref.Paths))
	if a == nil || a.P < .01 || a.EvidenceP < .01 {
		t.Errorf("SMC is contradicted: %+v", a)
	}
	bare := run{Weighted: diagnose.Weighted{Populations: 60}}
	u, err := sample.New(d.grid, bases, c, sample.Options{Method: sample.Uncorrected, Seed: 5, Populations: 60})
	if err != nil {
		t.Fatal(err)
	}
	for p, err := range u.Populations(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range p.Trajectories {
			bare.paths = append(bare.paths, path)
			bare.Population = append(bare.Population, p.Index)
			bare.LogWeight = append(bare.LogWeight, 0)
		}
	}
	nothing := sample.Estimate{Value: math.NaN(), SE: math.NaN()}
	if a := ref.Against(&bare.Weighted, nothing, d.axes(bare.paths, ref.Paths)); a == nil || a.P > 1e-4 || a.EvidenceP != 1 {
		t.Errorf("samples without weights pass: %+v", a)
	}
}

func TestAThinReferenceSaysNothing(t *testing.T) {
	t.Parallel()
	d := newDomain(t, 32)
	c, _, bases := d.composition(t, "c1 & c2")
	ref, err := diagnose.NewRollouts(t.Context(), d.grid, bases, c, 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	for i := range ref.LogWeight {
		ref.LogWeight[i] = -30 * float64(i)
	}
	r := d.run(t, c, bases, sample.Options{Seed: 5, Populations: 4})
	if a := ref.Against(&r.Weighted, r.evidence, d.axes(r.paths, ref.Paths)); a != nil {
		t.Errorf("a reference of effective size %g says %+v", ref.ESS(), a)
	}
	if _, err := diagnose.NewRollouts(t.Context(), d.grid, bases, c, 1, 3); err == nil {
		t.Error("one population makes a reference")
	}
	if _, err := diagnose.NewIndependent(t.Context(), d.grid, bases, c, sample.Options{Populations: 1}); err == nil {
		t.Error("one population makes a reference of independent draws")
	}
}

func TestTheFloorOfTheDistanceIsThatOfOneLaw(t *testing.T) {
	t.Parallel()
	// Two samples of one law are further apart than nothing, and nearer than
	// samples of two laws.
	d := newDomain(t, 32)
	draw := func(text string, seed uint64) []sample.Trajectory {
		c, _, bases := d.composition(t, text)
		return d.run(t, c, bases, sample.Options{Method: sample.Ancestral, Seed: seed, Particles: 100, Populations: 1}).paths
	}
	distance := func(a, b []sample.Trajectory) float64 {
		cost := make([]float64, len(a)*len(b))
		for i := range a {
			x := d.grid.Coordinates(a[i].Final(), nil)
			for j := range b {
				y := d.grid.Coordinates(b[j].Final(), nil)
				cost[i*len(b)+j] = math.Hypot(float64(x[0]-y[0]), float64(x[1]-y[1]))
			}
		}
		emd, err := diagnose.EarthMover(cost, len(a), len(b))
		if err != nil {
			t.Fatal(err)
		}
		return emd
	}
	floor := distance(draw("c1", 1), draw("c1", 2))
	other := distance(draw("c1", 1), draw("c2", 2))
	if !(floor > 0 && floor < 3 && other > 2*floor) {
		t.Errorf("floor %g, to another law %g", floor, other)
	}
}
