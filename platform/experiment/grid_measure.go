package experiment

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/molsculpt/molsculpt/platform"
	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/platform/verify"
)

// gridResult is what is known of one composition of trained models. Laws are
// probabilities of the states of the graph; distances are L1, 0 to 2.
type gridResult struct {
	composition
	Mixture  bool      // of models, nothing being observed
	Evidence float64   // of the closed form
	Truth    []float64 // the closed form: the composite of the models' own laws
	Rewards  float64   // from the composite of the rewards' laws to the closed form: what the models' errors make of it
	Paths    float64   // from the composite on paths, which path likelihoods lead to, to the closed form

	// Exact laws; nil where there is no such thing.
	Classifier, Exact, Mixing *gridLaw

	// Samples; nil where a method cannot be used.
	SMC, Rejection, Guided, Actions *gridSample
}

// gridLaw is the exact law of a method, and its distance to the closed form.
type gridLaw struct {
	P  []float64
	L1 float64
}

// gridSample is what a sampler came to.
type gridSample struct {
	Draws int     // of positive weight
	Worth float64 // independent draws that have the same errors
	L1    float64 // to the closed form
	Own   float64 // to the composite on paths, which is the law of weighted draws
	Floor float64 // from independent draws of the latter to it: as many as these are worth, mean

	Evidence, EvidenceSE float64
	MinESS               float64 // smallest on the way in any population, a share of the particles
	Seconds              float64
	P                    []float64 // of the states; only where it is drawn
}

// gridVersion names what a result means; it changes with the measures.
const gridVersion = "grid/1"

// Sizes of samples. They are so large that single states can be compared.
const (
	gridDraws     = 500_000
	gridParticles = 500 // of a population
	gridSmall     = 20_000
	gridSeed      = 1
	floorSets     = 10 // of independent draws, of which the floor is the mean
	proposalsMost = 10 // as many draws as are wanted is what rejection may try at most
)

// measure measures a composition, unless that was done.
func (s *gridSite) measure(ctx context.Context, c composition) (*gridResult, error) {
	draws := gridDraws
	if s.env.Small {
		draws = gridSmall
	}
	r := &gridResult{}
	key := []any{gridVersion, c, s.digests, draws, gridParticles, gridSeed, sample.Version}
	return r, s.env.Stage(ctx, c.Text, key, r, func() error {
		t, err := verify.NewTarget(s.domain, c.Text)
		if err != nil {
			return err
		}
		ideal, err := verify.NewTarget(s.ideal, c.Text)
		if err != nil {
			return err
		}
		paths, err := pathSpace(t)
		if err != nil {
			return err
		}
		r.composition, r.Mixture = c, t.Mixture()
		r.Evidence, r.Truth = math.Exp(t.LogEvidence), probabilities(t.Law)
		r.Rewards, r.Paths = oracle.L1(ideal.Law, t.Law), oracle.L1(paths.Terminal, t.Law)
		if err := s.laws(ctx, t, r); err != nil {
			return err
		}
		return s.sample(ctx, t, paths, draws, r)
	})
}

// pathSpace is the composite on paths, summed in bundles so narrow that halving
// them moves no figure of a table.
func pathSpace(t *verify.Target) (*oracle.PathSpace, error) {
	const enough = 2e-4 // L1
	return oracle.NarrowPathSpace(t.Composition, t.Laws, func(change float64, _ *oracle.PathSpace) bool { return change < enough })
}

// laws finds the exact laws of the methods that have one.
func (s *gridSite) laws(ctx context.Context, t *verify.Target, r *gridResult) error {
	var err error
	if r.Classifier, err = guidedBy(ctx, t, s.classifiers); err != nil {
		return err
	}
	if r.Exact, err = guidedBy(ctx, t, s.exact); err != nil {
		return err
	}
	r.Mixing = lawOf(t, oracle.PathPosterior(t.Composition, t.Laws).Terminal)
	return nil
}

// lawOf is a law with its distance to the closed form.
func lawOf(t *verify.Target, terminal []float64) *gridLaw {
	return &gridLaw{probabilities(terminal), oracle.L1(terminal, t.Law)}
}

// guidedBy is the exact law of the policy that a trained classifier guides; nil
// where none of them knows the composition.
func guidedBy(ctx context.Context, t *verify.Target, guides []*platform.Guide) (*gridLaw, error) {
	c := t.Composition
	if _, mixture := c.Mixture(); mixture {
		// Nothing is observed: the policy is the mixture by the classifier's
		// posterior of the models, which any composition of them has.
		e, err := compose.Parse(strings.Join(c.Models(), " & "))
		if err != nil {
			return nil, err
		}
		if c, err = compose.Compile(e, nil, nil); err != nil {
			return nil, err
		}
	}
	states := steering(guides, c)
	if states == nil {
		return nil, nil
	}
	guide, err := verify.Ask(ctx, t.Graph, len(c.Models()), states)
	if err != nil {
		return nil, err
	}
	return lawOf(t, guide.GuidedLaw(t).Terminal), nil
}

// sample draws by every method.
func (s *gridSite) sample(ctx context.Context, t *verify.Target, paths *oracle.PathSpace, draws int, r *gridResult) error {
	populations := max(2, draws/gridParticles)
	o := sample.Options{Seed: gridSeed, Particles: gridParticles, Populations: populations}
	with := func(m sample.Method, twist sample.Twist, populations int) sample.Options {
		o := o
		o.Method, o.Twist, o.Populations = m, twist, populations
		return o
	}
	var err error
	if _, mixture := t.Composition.Mixture(); mixture {
		r.SMC, err = drawn(ctx, t, with(sample.Ancestral, sample.Twist{}, populations), paths.Terminal)
		return err
	}
	if r.SMC, err = drawn(ctx, t, with(sample.SMC, sample.Twist{}, populations), paths.Terminal); err != nil {
		return err
	}
	if b, ok := t.Composition.Envelope(); ok {
		kept := math.Exp(paths.LogEvidence - b.LogM)
		tries := int(math.Ceil(float64(populations) * min(proposalsMost, 1/kept)))
		if r.Rejection, err = drawn(ctx, t, with(sample.Rejection, sample.Twist{}, tries), paths.Terminal); err != nil {
			return err
		}
		r.Rejection.P = nil
	}
	const fewer = 5 // as many draws where a guide is asked
	guided := func(twist sample.Twist) (*gridSample, error) {
		d, err := drawn(ctx, t, with(sample.SMC, twist, max(2, populations/fewer)), paths.Terminal)
		if err == nil {
			d.P = nil
		}
		return d, err
	}
	if states := steering(s.classifiers, t.Composition); states != nil {
		guide, err := verify.Ask(ctx, t.Graph, len(t.Models), states)
		if err != nil {
			return err
		}
		if r.Guided, err = guided(sample.Twist{Guide: guide}); err != nil {
			return err
		}
	}
	if actions := correcting(s.actions, t.Composition); actions != nil {
		guide, err := askActions(ctx, t.Graph, actions)
		if err != nil {
			return err
		}
		if r.Actions, err = guided(sample.Twist{Actions: guide}); err != nil {
			return err
		}
	}
	return nil
}

// probabilities are the exponentials of logarithms.
func probabilities(logs []float64) []float64 {
	out := make([]float64, len(logs))
	for i, l := range logs {
		out[i] = math.Exp(l)
	}
	return out
}

// guideReport is what the card of a guide says of its training.
type guideReport struct {
	Name, Head, Labels string
	Models             []string
	Steps, Batch       int
	Report             struct {
		EndLoss       float64 `json:"end_loss"`        // of the classifier at end points, nats
		EndPathLoss   float64 `json:"end_path_loss"`   // of the models' likelihoods there, which none can beat
		StateLoss     float64 `json:"state_loss"`      // the same on the way
		StatePathLoss float64 `json:"state_path_loss"` // and of the likelihoods so far
		Calibration   float64 `json:"calibration"`     // expected calibration error at end points
	}
}

// reportOf reads the card of a guide.
func reportOf(card platform.ModelCard) (guideReport, error) {
	var model struct {
		Config struct {
			Head, Labels string
			Steps, Batch int
		}
		Report json.RawMessage
	}
	r := guideReport{Name: card.Name}
	err := json.Unmarshal(card.Model, &model)
	if err == nil {
		err = json.Unmarshal(model.Report, &r.Report)
	}
	if err != nil {
		return r, fmt.Errorf("read the card of %s: %w", card.Name, err)
	}
	for _, m := range card.Models {
		r.Models = append(r.Models, m.Name)
	}
	r.Head, r.Labels, r.Steps, r.Batch = model.Config.Head, model.Config.Labels, model.Config.Steps, model.Config.Batch
	return r, nil
}
