package platform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/platform/supervise"
	"github.com/molsculpt/molsculpt/rewards"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// fitModel is a model whose fit is measured, or which helps to measure others.
type fitModel struct {
	ref       string
	name      string
	weights   catalog.Weights
	card      ModelCard
	cardPath  string // "" for a bundled one
	space     *space.Fragments
	objective rewards.Objective
	source    *rewardSource
	scoring   bool // whether the reward's plugin was started
	clip      float64

	plugin *supervise.Plugin
	policy *supervise.Policy
	device string
	beta   *sdk.Condition // nil for a model that is not conditioned on it
	draws  map[float64][]ownDraw
}

// errNoReward says why a model cannot be measured.
var errNoReward = errors.New("learned from molecules and has no reward to be held against; its card says how near it came to those kept back")

// openFitModel reads weights and card and checks one against the other.
func openFitModel(ref string, cat *catalog.Catalog, o *FitOptions) (*fitModel, error) {
	m := &fitModel{ref: ref, draws: map[float64][]ownDraw{}}
	var err error
	if m.weights, err = cat.Load(ref, "."); err != nil {
		return nil, err
	}
	text, err := m.readCard(cat)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &m.card); err != nil {
		return nil, fmt.Errorf("the card of %s cannot be read: %w", ref, err)
	}
	if m.card.WeightsSHA256 != m.weights.SHA256 {
		return nil, fmt.Errorf("the card of %s is that of other weights: its sha256 begins with %.12s, that of the file with %.12s", ref, m.card.WeightsSHA256, m.weights.SHA256)
	}
	if m.name = m.card.Name; m.name == "" {
		m.name = ref
	}
	if m.card.Space.Kind != space.KindFragments {
		return nil, fmt.Errorf("model %s works on a space of kind %q; fit knows %s", ref, m.card.Space.Kind, space.KindFragments)
	}
	if m.card.Data != nil {
		return nil, fmt.Errorf("model %s %w", ref, errNoReward)
	}
	scores, err := m.card.Reward.scorer(cat, filepath.Dir(m.cardPath), o.RewardWeights)
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", ref, err)
	}
	if m.objective, err = m.card.Reward.objectiveOf(scores); err != nil {
		return nil, fmt.Errorf("model %s: %w", ref, err)
	}
	if m.space, err = m.openSpace(o.Vocabulary); err != nil {
		return nil, err
	}
	m.clip = m.card.clip()
	m.source = newRewardSource(m.space, m.objective, m.card.Reward.Floor)
	return m, nil
}

func (m *fitModel) readCard(cat *catalog.Catalog) ([]byte, error) {
	if name, ok := strings.CutPrefix(m.ref, "builtin:"); ok {
		for _, w := range cat.Weights {
			if w.Name == name && w.Card != nil {
				return w.Card()
			}
		}
		return nil, fmt.Errorf("there is no card of %s", m.ref)
	}
	m.cardPath = cardFile(m.ref)
	text, err := os.ReadFile(m.cardPath)
	if err != nil {
		return nil, fmt.Errorf("there is no card of %s, which says what the model was trained for: %w", m.ref, err)
	}
	return text, nil
}

// openSpace opens the space that the card names; vocabulary stands for the
// card's if it is not empty.
func (m *fitModel) openSpace(vocabulary string) (*space.Fragments, error) {
	d := m.card.Space
	path := func(p string) string {
		if vocabulary != "" || filepath.IsAbs(p) {
			return p
		}
		return filepath.Join(filepath.Dir(m.cardPath), p)
	}
	name := m.card.Vocabulary
	if vocabulary != "" && name != "builtin" {
		name = vocabulary
	}
	v, err := OpenVocabulary(name, path)
	if err != nil {
		return nil, fmt.Errorf("model %s: %w\ntry: --vocab FILE, if the vocabulary is elsewhere", m.ref, err)
	}
	sp, err := space.NewFragments(v, d.MaxSize)
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", m.ref, err)
	}
	want := space.Descriptor{Kind: d.Kind, Digest: d.Digest, Kernel: d.Kernel, MaxSize: d.MaxSize}
	if diff := space.Difference(sp.Descriptor(), want); diff != "" {
		return nil, fmt.Errorf("model %s: the vocabulary %s is not the one that the model was trained with: %s", m.ref, name, diff)
	}
	return sp, nil
}

// start starts the model's process and loads the model.
func (m *fitModel) start(ctx context.Context, cat *catalog.Catalog, o *FitOptions) error {
	ref := m.card.Plugin
	bundled := false
	for _, b := range cat.Plugins {
		bundled = bundled || b.ID == ref
	}
	if !bundled && o.Plugin != "" {
		ref = o.Plugin
	}
	found, err := cat.Plugin(ref, ".")
	if err != nil {
		if !bundled && o.Plugin == "" {
			return fmt.Errorf("the plugin %s of model %s is not bundled\ntry: --plugin ./PATH of its executable", ref, m.ref)
		}
		return fmt.Errorf("model %s: %w", m.ref, err)
	}
	if m.plugin, err = startPlugin(ctx, found, o.Log); err != nil {
		return fmt.Errorf("model %s: %w", m.ref, err)
	}
	d := m.plugin.Describe()
	if d.Name != m.card.Plugin {
		return fmt.Errorf("model %s is one of the plugin %s; %s is %s", m.ref, m.card.Plugin, ref, d.Name)
	}
	if !d.Can(sdk.CanPolicy) {
		return fmt.Errorf("model %s: the plugin %s has no base models (it can: %v)", m.ref, d.Name, d.Capabilities)
	}
	m.policy, err = m.plugin.LoadPolicy(ctx, host.Model{
		Space: m.space, Definition: m.space.Definition(), Weights: m.weights.Data, SHA256: m.weights.SHA256,
	}, nil)
	if err != nil {
		return fmt.Errorf("model %s cannot be loaded: %w", m.ref, err)
	}
	for _, c := range m.policy.Conditions() {
		if c.Name == "beta" {
			m.beta = &c
		}
	}
	health, err := m.plugin.Health(ctx)
	if err != nil {
		return fmt.Errorf("model %s: %w", m.ref, err)
	}
	m.device = health.Device
	return m.startReward(ctx, o)
}

func (m *fitModel) close() {
	if m.plugin != nil {
		closePlugin(m.plugin)
	}
	if m.scoring {
		closeScorers([]rewards.Objective{m.objective})
	}
}

// at is the model at a beta.
func (m *fitModel) at(beta float64) (space.Policy, error) {
	if m.beta == nil {
		return m.policy, nil
	}
	return m.policy.With(map[string]float64{"beta": beta})
}

// nearest is the beta of the model's range that is nearest.
func (m *fitModel) nearest(beta float64) float64 {
	if m.beta == nil {
		return beta
	}
	return math.Min(math.Max(beta, m.beta.Min), m.beta.Max)
}

// own are n trajectories of the model at a beta: the first ones of a stream, so
// that asking again gives the same.
func (m *fitModel) own(ctx context.Context, beta float64, n int, seed uint64, done func(int)) ([]ownDraw, error) {
	if have := m.draws[beta]; len(have) >= n {
		return have[:n], nil
	}
	policy, err := m.at(beta)
	if err != nil {
		return nil, err
	}
	draws, err := drawOwn(ctx, m.space, policy, n, fitSeed(seed, "own", m.weights.SHA256, beta), done)
	if err != nil {
		return nil, fmt.Errorf("sample model %s: %w", m.ref, err)
	}
	m.draws[beta] = draws
	return draws, nil
}

// rewarded are the rewards of finished trees.
func (m *fitModel) rewarded(ctx context.Context, states []space.State) ([]sdk.Reward, error) {
	return m.source.rewards(ctx, states)
}

// target is beta log R of a reward as in training: the reward not below its
// floor, the product not below the clip. clipped says whether either cut.
func (m *fitModel) target(r sdk.Reward, beta float64) (logR float64, clipped bool) {
	l := beta * r.Log
	return math.Max(l, m.clip), l < m.clip || r.Status != sdk.OK || r.Log <= math.Log(m.card.Reward.Floor)
}
