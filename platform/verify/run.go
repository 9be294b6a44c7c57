package verify

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/molsculpt/molsculpt/platform/diffuse"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Options say what to check.
type Options struct {
	Seed uint64

	// Full runs every check; else those that fit into a minute.
	Full bool

	// Draws is the number of draws of a sampler, at least; 0 means 16,000, and
	// 100,000 in the full form.
	Draws int

	// Only names the checks to run, by domain, target or method, each as [Names]
	// lists it; empty for all.
	Only []string

	// Train gives a trained model; nil leaves trained models out. It is called in
	// the full form only.
	Train func(context.Context, ModelTraining) (space.Policy, error)

	// Learn gives a trained diffusion of trees; nil leaves them out. It is called
	// in the full form only.
	Learn func(context.Context, LawTraining) (space.Policy, error)

	// Guide gives a trained guide for the models that Train gives; nil leaves
	// trained guides out. It is called in the full form only.
	Guide func(context.Context, GuideTraining) (TrainedGuide, error)

	// Scores trains a continuous model on points and gives its scores; nil leaves
	// learned scores out. It is called in the full form only.
	Scores func(context.Context, ScoreTraining) (diffuse.Field, error)

	// Picture gets the draws of every method on a grid; nil for none.
	Picture func(Picture) error
}

// Picture is the draws of a method beside the law they should have, on a grid of
// two dimensions: probabilities at [x][y].
type Picture struct {
	Domain, Target, Method string
	Side                   int
	Truth, Samples         [][]float64
	Draws                  int
	Floor                  float64 // mean L1 distance to the truth of as many independent draws
}

// Run is what the methods of one run share.
type Run struct {
	Options
	pictures error
	at       Progress
	progress func(Progress)
	report   func([]Result)
}

// enter begins a domain.
func (r *Run) enter(domain string) {
	r.at.Domain, r.at.Target, r.at.Method = domain, "", ""
	r.progress(r.at)
}

// try checks a method on the domain and the target that the run is at, and reports
// its results.
func (r *Run) try(method string, check func() ([]Result, error)) error {
	r.at.Method = method
	r.progress(r.at)
	results, err := check()
	if err == nil {
		err = r.pictures
	}
	if err != nil {
		return fmt.Errorf("verify: %s of %s on %s: %w", method, r.at.Target, r.at.Domain, err)
	}
	for i := range results {
		results[i].Domain, results[i].Target, results[i].Method = r.at.Domain, r.at.Target, method
	}
	r.report(results)
	return nil
}

// particles is the size of a population.
const particles = 64

// options are those of a sampler.
func (r *Run) options(m sample.Method) sample.Options {
	n := r.Draws
	switch {
	case n > 0:
	case r.Full:
		n = 100_000
	default:
		n = 16_000
	}
	return sample.Options{Method: m, Seed: r.Seed, Particles: particles, Populations: max(2, (n+particles-1)/particles)}
}

// picture hands draws on, where anybody wants them.
func (r *Run) picture(t *Target, method string, d *Draws, truth []float64) {
	grid, ok := t.Graph.Space.(*space.Grid)
	if !ok || grid.Dim() != 2 || r.Picture == nil || r.pictures != nil {
		return
	}
	table := func(p []float64) [][]float64 {
		out := make([][]float64, grid.Side())
		for x := range out {
			out[x] = make([]float64, grid.Side())
		}
		var z []int
		for i, s := range t.Graph.States {
			z = grid.Coordinates(s, z[:0])
			out[z[0]][z[1]] = math.Exp(p[i])
		}
		return out
	}
	floor, _ := oracle.SamplingFloor(truth, int(d.N), sets, rand.New(rand.NewPCG(r.Seed, 2)))
	r.pictures = r.Picture(Picture{
		Domain: t.Name, Target: t.Text, Method: method, Side: grid.Side(),
		Truth: table(truth), Samples: table(d.Frequencies()), Draws: int(d.N), Floor: floor,
	})
}

// Progress is how far a run is.
type Progress struct {
	Done, Total            int    // targets
	Domain, Target, Method string // what is being checked
}

// Verify climbs the ladder and reports the results of each method on each target
// as it is done. The first error ends the run; a failed check is none.
func Verify(ctx context.Context, o Options, progress func(Progress), report func([]Result)) error {
	if err := o.Validate(); err != nil {
		return err
	}
	r := &Run{Options: o, progress: progress, report: report}
	rungs := o.rungs()
	for _, g := range rungs {
		r.at.Total += len(g.targets)
	}
	for _, d := range o.pointRungs() {
		r.at.Total += len(d.targets)
	}
	for _, g := range rungs {
		r.enter(g.name)
		domain, err := g.domain(ctx, o)
		if err != nil {
			return err
		}
		for _, e := range g.targets {
			t, err := NewTarget(domain, e.text)
			if err != nil {
				return err
			}
			r.at.Target = e.text
			for _, m := range o.methods(g, e) {
				if m.Covers != nil && !m.Covers(t) {
					continue
				}
				if err := r.try(m.Name, func() ([]Result, error) { return m.Check(ctx, t, r) }); err != nil {
					return err
				}
			}
			r.at.Done++
		}
	}
	if err := r.points(ctx); err != nil {
		return err
	}
	progress(r.at)
	return nil
}

// Names lists what [Options.Only] may name: domains, methods and targets.
func Names() (domains, methodNames, targets []string) {
	for _, g := range ladder {
		domains = append(domains, g.name)
		for _, e := range g.targets {
			if !slices.Contains(targets, e.text) {
				targets = append(targets, e.text)
			}
		}
	}
	for _, m := range methods {
		methodNames = append(methodNames, m.Name)
	}
	for _, d := range pointDomains {
		domains = append(domains, d.name)
		for _, e := range d.targets {
			if !slices.Contains(targets, e.text) {
				targets = append(targets, e.text)
			}
		}
	}
	for _, m := range pointMethods {
		methodNames = append(methodNames, m.name)
	}
	return domains, methodNames, targets
}

// Validate fails where Only names something that is not there, or Draws is
// negative.
func (o *Options) Validate() error {
	if o.Draws < 0 {
		return fmt.Errorf("verify: %d draws; there must not be less than 0", o.Draws)
	}
	domains, names, targets := Names()
	for _, name := range o.Only {
		if !slices.Contains(domains, name) && !slices.Contains(names, name) && !slices.Contains(targets, name) {
			return fmt.Errorf("verify: there is no domain, method or target %q; domains are %q, methods %q", name, domains, names)
		}
	}
	return nil
}

// rungs are the domains of the run with their targets.
func (o *Options) rungs() []rung {
	var out []rung
	for _, g := range ladder {
		if g.full && !o.Full || g.trained && o.Train == nil || g.diffusion && o.Learn == nil {
			continue
		}
		own := g
		own.targets = nil
		for _, e := range g.targets {
			if (o.Full || !e.full) && len(o.methods(g, e)) > 0 {
				own.targets = append(own.targets, e)
			}
		}
		if len(own.targets) > 0 {
			out = append(out, own)
		}
	}
	return out
}

// methods are those of the run for a target, so far as their names tell: all
// where the domain or the target is named.
func (o *Options) methods(g rung, e expression) []Method {
	named := len(o.Only) == 0 || slices.Contains(o.Only, g.name) || slices.Contains(o.Only, e.text)
	var out []Method
	own := methods
	if g.methods != nil {
		own = g.methods
	}
	for _, m := range own {
		if (named || slices.Contains(o.Only, m.Name)) && (o.Full || !m.Full) {
			out = append(out, m)
		}
	}
	return out
}
