package supervise

import (
	"context"
	"errors"
	"sync"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// unloader is what the models of all services have in common.
type unloader interface {
	comparable
	Unload(context.Context) error
}

// model is a loaded model that survives its process: in a new one it is loaded
// again at its next call.
type model[M unloader] struct {
	plugin *Plugin
	load   func(context.Context, *host.Client) (M, error)

	mu     sync.Mutex
	proc   *process
	loaded M
}

// on is the model in a process.
func (m *model[M]) on(ctx context.Context, proc *process) (M, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.proc == proc {
		return m.loaded, nil
	}
	var none M
	loaded, err := m.load(ctx, proc.host)
	if err != nil {
		return none, err
	}
	m.proc, m.loaded = proc, loaded
	return loaded, nil
}

// forget makes the next call load the model again.
func (m *model[M]) forget(loaded M) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.loaded == loaded {
		m.proc = nil
	}
}

// call makes a call on the model, wherever it lives.
func (m *model[M]) call(ctx context.Context, name string, fn func(context.Context, M) error) error {
	return m.plugin.do(ctx, name, func(ctx context.Context, proc *process) error {
		loaded, err := m.on(ctx, proc)
		if err != nil {
			return err
		}
		err = fn(ctx, loaded)
		if errors.Is(err, sdk.ErrUnknownHandle) { // the plugin threw the model out
			m.forget(loaded)
			if loaded, err = m.on(ctx, proc); err == nil {
				err = fn(ctx, loaded)
			}
		}
		return err
	})
}

// unload frees the model where it is loaded; a dead process has freed it.
func (m *model[M]) unload(ctx context.Context) error {
	m.mu.Lock()
	proc, loaded := m.proc, m.loaded
	m.proc = nil
	m.mu.Unlock()
	if proc == nil || proc.runner.exited() {
		return nil
	}
	err := loaded.Unload(ctx)
	if errors.Is(err, sdk.ErrGone) || errors.Is(err, sdk.ErrUnknownHandle) {
		return nil
	}
	return err
}

// Policy is a base model in a supervised plugin.
type Policy struct {
	model      *model[*host.Policy]
	conditions []sdk.Condition
	condition  map[string]float64
}

var _ space.Policy = (*Policy)(nil)

// LoadPolicy loads a base model. The conditions that are not named have their
// defaults; one that the model does not take is an *[sdk.ConditionError].
func (p *Plugin) LoadPolicy(ctx context.Context, m host.Model, condition map[string]float64) (*Policy, error) {
	out := &Policy{condition: condition, model: &model[*host.Policy]{
		plugin: p,
		load:   func(ctx context.Context, c *host.Client) (*host.Policy, error) { return c.LoadPolicy(ctx, m) },
	}}
	err := out.model.call(ctx, "Policy.Load", func(_ context.Context, l *host.Policy) error {
		out.conditions = l.Conditions()
		if _, err := sdk.Complete(out.conditions, condition); err != nil {
			return &sdk.Error{Plugin: p.cfg.Name, Call: "Policy.Load", Reason: err.Error(), Err: err}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Conditions are the inputs that the model was trained over.
func (p *Policy) Conditions() []sdk.Condition { return p.conditions }

// With is the same model under other conditions.
func (p *Policy) With(condition map[string]float64) (*Policy, error) {
	if _, err := sdk.Complete(p.conditions, condition); err != nil {
		return nil, &sdk.Error{Plugin: p.model.plugin.cfg.Name, Call: "Policy.Step", Reason: err.Error(), Err: err}
	}
	return &Policy{model: p.model, conditions: p.conditions, condition: condition}, nil
}

// Steps implements space.Policy. A process that dies on the way costs a
// restart; the answers are the same.
func (p *Policy) Steps(ctx context.Context, states []space.State, dst []space.Steps) error {
	return p.model.call(ctx, "Policy.Step", func(ctx context.Context, l *host.Policy) error {
		l, err := l.With(p.condition)
		if err != nil {
			return err
		}
		return l.Steps(ctx, states, dst)
	})
}

// Unload frees the model in the plugin, for every Policy made from it.
func (p *Policy) Unload(ctx context.Context) error { return p.model.unload(ctx) }

// Scorer is a scoring function in a supervised plugin.
type Scorer struct {
	model   *model[*host.Scorer]
	outputs []sdk.Output
}

// LoadScorer loads a scoring function.
func (p *Plugin) LoadScorer(ctx context.Context, m host.Model) (*Scorer, error) {
	out := &Scorer{model: &model[*host.Scorer]{
		plugin: p,
		load:   func(ctx context.Context, c *host.Client) (*host.Scorer, error) { return c.LoadScorer(ctx, m) },
	}}
	err := out.model.call(ctx, "Scorer.Load", func(_ context.Context, l *host.Scorer) error {
		out.outputs = l.Outputs()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Outputs are the numbers that the scorer computes.
func (s *Scorer) Outputs() []sdk.Output { return s.outputs }

// Score asks for the scores of molecules, in order; see host.Scorer.
func (s *Scorer) Score(ctx context.Context, smiles []string) (scores []sdk.Score, err error) {
	err = s.model.call(ctx, "Scorer.Score", func(ctx context.Context, l *host.Scorer) (err error) {
		scores, err = l.Score(ctx, smiles)
		return err
	})
	return scores, err
}

// Unload frees the scorer in the plugin.
func (s *Scorer) Unload(ctx context.Context) error { return s.model.unload(ctx) }
