package verify

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Domain is a space small enough to enumerate, with models on it.
type Domain struct {
	Name   string
	Graph  *oracle.Graph
	Models map[string]*Model

	// Guide gives a trained guide for the models; nil where there is none.
	Guide func(context.Context, GuideTraining) (TrainedGuide, error)

	// Laws are compared with few samples on groups of states: of[s] is that of
	// state s.
	GroupName string
	groupOf   []int
	groups    int

	// Of a space of trees, the molecule of each state, of which several may be one.
	moleculeOf []int
	molecules  int // their number, and one for the empty tree; 0 elsewhere

	mostBase  float64 // how far a trained model may lie from its reward, in L1
	diffusion bool    // a model is a diffusion, which learned from draws
}

// Model is a base model with its exact law.
type Model struct {
	Law    *oracle.Law
	Policy space.Policy
	Reward []float64 // log-reward of every state; nil where the model was not made for one
	LogZ   float64   // of the reward

	// Balanced says that the policy is the exact one of the reward. Then the
	// composites on states and on paths are one.
	Balanced bool
}

// NewDomain is a domain of oracle models for rewards, given by name as their
// logarithms at every state of the graph. The group of each state is a number
// from 0 to groups-1.
func NewDomain(name string, g *oracle.Graph, rewards map[string][]float64, groupName string, groupOf []int, groups int) *Domain {
	d := &Domain{Name: name, Graph: g, Models: map[string]*Model{}, GroupName: groupName, groupOf: groupOf, groups: groups}
	for model, reward := range rewards {
		flows := oracle.FlowsOf(g, reward)
		law := flows.Law()
		d.Models[model] = &Model{Law: law, Policy: law.Policy(), Reward: flows.LogReward, LogZ: flows.LogZ(), Balanced: true}
	}
	return d
}

// Grid is the domain of oracle models for rewards on a grid.
func Grid(ctx context.Context, dim, side int, rewards map[string]oracle.GridReward) (*Domain, error) {
	sp, err := space.NewGrid(dim, side)
	if err != nil {
		return nil, err
	}
	g, err := oracle.Enumerate(ctx, sp, 0, 0)
	if err != nil {
		return nil, err
	}
	edge := 4
	if side < 16 {
		edge = 2
	}
	of, groups, err := oracle.Blocks(g, edge)
	if err != nil {
		return nil, err
	}
	logs := map[string][]float64{}
	for name, reward := range rewards {
		if logs[name], err = reward.On(g); err != nil {
			return nil, err
		}
	}
	name := fmt.Sprint("grid ", side)
	for range dim - 1 {
		name += fmt.Sprint("x", side)
	}
	return NewDomain(name, g, logs, fmt.Sprintf("%d blocks", groups), of, groups), nil
}

// With is the domain with other models of the same names, given by their exact
// laws, as trained or disturbed ones.
func (d *Domain) With(name string, change func(model string, law *oracle.Law) (*oracle.Law, space.Policy, error)) (*Domain, error) {
	out := *d
	out.Name, out.Models = name, map[string]*Model{}
	for _, model := range sorted(d.Models) {
		old := d.Models[model]
		law, policy, err := change(model, old.Law)
		if err != nil {
			return nil, err
		}
		out.Models[model] = &Model{Law: law, Policy: policy, Reward: old.Reward, LogZ: old.LogZ}
	}
	return &out, nil
}

// Perturbed is the domain with imperfect models: see [oracle.Law.Perturbed].
func (d *Domain) Perturbed(name string, noise float64, seed uint64) (*Domain, error) {
	rng := rand.New(rand.NewPCG(seed, 0))
	return d.With(name, func(_ string, law *oracle.Law) (*oracle.Law, space.Policy, error) {
		bad := law.Perturbed(noise, rng)
		return bad, bad.Policy(), nil
	})
}

// Learned is the domain with the models that a function gives, whose laws are
// found by asking them about every state. They are frozen: draws are answered from
// what was asked.
func (d *Domain) Learned(ctx context.Context, name string, policy func(ctx context.Context, model string) (space.Policy, error)) (*Domain, error) {
	out, err := d.Served(ctx, name, policy)
	if err != nil {
		return nil, err
	}
	for _, m := range out.Models {
		m.Policy = m.Law.Policy()
	}
	return out, nil
}

// Served is the same with models that are not frozen: they answer every draw.
func (d *Domain) Served(ctx context.Context, name string, policy func(ctx context.Context, model string) (space.Policy, error)) (*Domain, error) {
	return d.With(name, func(model string, _ *oracle.Law) (*oracle.Law, space.Policy, error) {
		p, err := policy(ctx, model)
		if err != nil {
			return nil, nil, err
		}
		law, err := oracle.LawOf(ctx, d.Graph, p)
		return law, p, err
	})
}

// coarse is a law on groups of states.
func (d *Domain) coarse(p []float64) []float64 { return oracle.Coarse(p, d.groupOf, d.groups) }

// Target is a composition of a domain's models, with its closed form.
type Target struct {
	*Domain
	Text        string
	Composition *compose.Composition
	Models      []*Model // in the order of the composition
	Laws        []*oracle.Law

	// Law is the closed form at the end points, that of the models' own laws
	// there: the composite on states.
	Law         []float64
	LogEvidence float64

	paths *oracle.PathSpace
}

// NewTarget compiles an expression over a domain's models. Composites nested in
// it are normalised by their exact evidence.
func NewTarget(d *Domain, text string) (*Target, error) {
	e, err := compose.Parse(text)
	if err != nil {
		return nil, err
	}
	known := compose.Normalisers{}
	for _, inner := range compose.Nested(e) {
		t, err := newTarget(d, inner, known)
		if err != nil {
			return nil, err
		}
		known[inner.String()] = t.LogEvidence
	}
	t, err := newTarget(d, e, known)
	if err != nil {
		return nil, err
	}
	t.Text = text
	return t, nil
}

func newTarget(d *Domain, e *compose.Expression, known compose.Normalisers) (*Target, error) {
	c, err := compose.Compile(e, nil, known)
	if err != nil {
		return nil, err
	}
	t := &Target{Domain: d, Text: e.String(), Composition: c}
	for _, name := range c.Models() {
		m, ok := d.Models[name]
		if !ok {
			return nil, fmt.Errorf("verify: %s on %s: there is no model %s; there are %s", e, d.Name, name, strings.Join(sorted(d.Models), ", "))
		}
		t.Models = append(t.Models, m)
		t.Laws = append(t.Laws, m.Law)
	}
	if t.Law, t.LogEvidence, err = oracle.Composite(c, t.Laws); err != nil {
		return nil, fmt.Errorf("verify: %s on %s: %w", e, d.Name, err)
	}
	return t, nil
}

// Balanced says that all models are.
func (t *Target) Balanced() bool {
	for _, m := range t.Models {
		if !m.Balanced {
			return false
		}
	}
	return true
}

// Single says that the target is one model.
func (t *Target) Single() bool {
	return t.Composition.Expression().String() == t.Composition.Models()[0]
}

// Mixture says that the target is a mixture of models, or one model.
func (t *Target) Mixture() bool {
	_, ok := t.Composition.Mixture()
	return ok
}

// Paths is the composite on paths, which samplers of path likelihoods follow:
// for balanced models the closed form, else the sum over all paths: each by itself
// where there are few, else in bundles so narrow that halving them changes less than
// a tenth of the distance to the composite on states, or nothing that draws could
// show, as far as memory allows.
func (t *Target) Paths() (*oracle.PathSpace, error) {
	if t.paths != nil {
		return t.paths, nil
	}
	if t.Balanced() {
		t.paths = &oracle.PathSpace{Terminal: t.Law, LogEvidence: t.LogEvidence}
		return t.paths, nil
	}
	const enough, tiny, most = .1, 2e-4, 4_000_000
	if pathsOn(t.Graph) < most {
		p, err := oracle.PathSpaceOf(t.Composition, t.Laws, oracle.PathSpaceOptions{})
		t.paths = p
		return p, err
	}
	p, err := oracle.NarrowPathSpace(t.Composition, t.Laws, func(change float64, p *oracle.PathSpace) bool {
		return change < max(tiny, enough*oracle.L1(p.Terminal, t.Law)) || 4*p.Atoms > most
	})
	if p == nil {
		return nil, err
	}
	t.paths = p // as narrow as memory allows
	return p, nil
}

// pathsOn is the number of paths from the initial state to all others.
func pathsOn(g *oracle.Graph) (sum float64) {
	to := make([]float64, len(g.States))
	to[0] = 1
	for s, children := range g.Children {
		sum += to[s]
		for _, e := range children {
			to[e.Child] += to[s]
		}
	}
	return sum
}

// policies are those of the target's models.
func (t *Target) policies() []space.Policy {
	out := make([]space.Policy, len(t.Models))
	for i, m := range t.Models {
		out[i] = m.Policy
	}
	return out
}

// mixture is the mixture policy of the composition's bound and the exact
// potential of its observations under it; false where it has no bound.
func (t *Target) mixture() (law *oracle.Law, atState, atEnd []float64, ok bool) {
	bound, ok := t.Composition.Bound()
	if !ok {
		return nil, nil, nil, false
	}
	law = oracle.MixturePolicy(bound.Weights, t.Laws)
	atState, atEnd = oracle.Potential(t.Composition, law, t.Laws)
	return law, atState, atEnd, true
}

func sorted[V any](m map[string]V) []string {
	var out []string
	for name := range m {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}
