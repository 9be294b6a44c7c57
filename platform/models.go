package platform

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/sync/errgroup"

	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/platform/supervise"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/space"
	"github.com/molsculpt/molsculpt/store"
)

// closeTime is how long plugins may take to end before they are ended.
const closeTime = 5 * time.Second

// models are the base models of a plan, and its guide, each in a process of its
// own.
type models struct {
	plugins  []*supervise.Plugin
	policies []space.Policy
	devices  []string

	guide *Guide       // nil for none
	twist sample.Twist // of the guide
}

// startPlugin starts one plugin process that is kept going.
func startPlugin(ctx context.Context, p catalog.Plugin, log hclog.Logger) (*supervise.Plugin, error) {
	return supervise.Start(ctx, supervise.Config{Name: p.ID, Path: p.Path, Args: p.Args, SHA256: p.SHA256, Logger: log})
}

// startModels starts the processes of a plan's models and of its guide and loads
// them. Close it in any case where there is no error.
func startModels(ctx context.Context, p *Plan, log hclog.Logger) (*models, error) {
	m, err := startAll(ctx, p.Models, p.Space, log)
	if err != nil || p.Guide == nil {
		return m, err
	}
	if m.guide, err = startGuide(ctx, p.Guide, p.Space, log); err != nil {
		m.close()
		return nil, placedOr(ctx, p.Campaign.Sample.Guide.Errorf("the guide cannot be loaded: %v", err), err)
	}
	return m, nil
}

// steer has the guide steer the plan's composition, where there is one.
func (m *models) steer(p *Plan, c *compose.Composition) error {
	if m.guide == nil {
		return nil
	}
	var err error
	if m.twist, err = m.guide.twist(c, p.method, p.Campaign.Sample.Steps.Value); err != nil {
		wrong := p.Campaign.Sample.Guide.Errorf("the guide cannot steer this: %s", strings.TrimPrefix(err.Error(), "guide: "))
		wrong.Hint = "a composition that observes what the guide was trained for, or take the guide out"
		return wrong
	}
	return nil
}

// startAll is startModels of any models on a space.
func startAll(ctx context.Context, list []PlannedModel, sp space.Defined, log hclog.Logger) (*models, error) {
	n := len(list)
	m := &models{plugins: make([]*supervise.Plugin, n), policies: make([]space.Policy, n), devices: make([]string, n)}
	g, gctx := errgroup.WithContext(ctx)
	for i, pm := range list {
		g.Go(func() error { return m.start(gctx, i, pm, sp, log) })
	}
	if err := g.Wait(); err != nil {
		m.close()
		return nil, err
	}
	return m, nil
}

func (m *models) start(ctx context.Context, i int, pm PlannedModel, sp space.Defined, log hclog.Logger) error {
	plugin, err := startPlugin(ctx, pm.Plugin, log)
	if err != nil {
		return placedOr(ctx, pm.file.Plugin.Errorf("model %s: %v", pm.Name, err), err)
	}
	m.plugins[i] = plugin
	if d := plugin.Describe(); !d.Can(sdk.CanPolicy) {
		return pm.file.Plugin.Errorf("the plugin %s has no base models (it can: %v)", d.Name, d.Capabilities)
	}
	policy, err := plugin.LoadPolicy(ctx, host.Model{
		Space: sp, Definition: sp.Definition(), Weights: pm.Weights.Data, SHA256: pm.Weights.SHA256,
		Options: pm.Options,
	}, pm.Conditions)
	if err != nil {
		return placedOr(ctx, loadError(pm, err), err)
	}
	m.policies[i] = policy
	health, err := plugin.Health(ctx)
	if err != nil {
		return placedOr(ctx, pm.file.Plugin.Errorf("model %s: %v", pm.Name, err), err)
	}
	m.devices[i] = health.Device
	return nil
}

// loadError puts an error of loading a model to its place: the condition that it
// speaks of, or the model.
func loadError(pm PlannedModel, err error) error {
	mark, reason := pm.file.Mark, err.Error()
	var wrong *sdk.ConditionError
	if errors.As(err, &wrong) {
		reason = wrong.Reason
		for _, c := range pm.file.Conditions {
			if c.Name == wrong.Name {
				mark = c.Mark
			}
		}
	}
	return mark.Errorf("model %s cannot be loaded: %s", pm.Name, reason)
}

// placedOr is the error with its place, or the context's own error.
func placedOr(ctx context.Context, placed, err error) error {
	if ctx.Err() != nil {
		return errors.Join(ctx.Err(), err)
	}
	return placed
}

// close ends all processes.
func (m *models) close() {
	var g sync.WaitGroup
	for _, p := range m.plugins {
		if p != nil {
			g.Go(func() { closePlugin(p) })
		}
	}
	if m.guide != nil {
		g.Go(m.guide.Close)
	}
	g.Wait()
}

// closePlugin ends a process, by force where it does not end in time.
func closePlugin(p *supervise.Plugin) {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	_ = p.Close(ctx)
}

// restarts counts the processes that were started again.
func (m *models) restarts() int {
	n := 0
	for _, p := range m.plugins {
		n += p.Status().Restarts
	}
	if m.guide != nil {
		n += m.guide.plugin.Status().Restarts
	}
	return n
}

// numeric names what the numbers of a run depend on besides its plan: the
// instruction set, the sampler, and the kernels that the models compute with.
func (m *models) numeric() string {
	parts := []string{runtime.GOARCH, sample.Version}
	for i, p := range m.plugins {
		parts = append(parts, numericOf(p.Describe(), m.devices[i]))
	}
	if m.guide != nil {
		parts = append(parts, numericOf(m.guide.plugin.Describe(), m.guide.device))
	}
	return strings.Join(slices.Compact(parts), " ")
}

// numericOf names what the numbers of a plugin depend on.
func numericOf(d sdk.Description, device string) string {
	part := fmt.Sprintf("%s@%s", d.Name, d.Version)
	if device != "" {
		part += "/" + device
	}
	return part
}

// records describes the models for the store.
func (m *models) records(p *Plan) []store.Model {
	out := make([]store.Model, len(p.Models))
	for i, pm := range p.Models {
		out[i] = store.Model{
			Name: pm.Name, Plugin: pm.Plugin.ID, PluginVersion: m.plugins[i].Describe().Version,
			PluginSHA256: pm.Plugin.SHA256, Weights: pm.Weights.Ref, WeightsSHA256: pm.Weights.SHA256,
			SpaceDigest: p.Space.Descriptor().Digest,
		}
		out[i].Conditions = conditions(pm.file)
	}
	return out
}
