package treemodel

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/safetensors"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/treenet"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Model is a trained network for one space. Its methods may be called at the
// same time.
type Model struct {
	family   Family
	config   treenet.Config
	space    *space.Fragments
	features *treenet.Features
	params   *nn.Params
	card     json.RawMessage
	beta     float64 // the default one
	sampler  *Sampler
}

// Family is the models of one plugin.
type Family struct {
	Plugin string // its name, for example "core/gflownet"
	Format string // names the layout of its weights files; another number is another layout
	Beta   bool   // whether models have beta as a condition
}

// header is the metadata of a weights file.
type header struct {
	Format string          `json:"format"`
	Net    treenet.Config  `json:"net"`
	Beta   float64         `json:"beta"`
	Space  string          `json:"space"` // digest
	Kernel string          `json:"kernel"`
	Card   json.RawMessage `json:"card,omitempty"`
}

// New is a model of a network with these parameters, which must not change any
// more. beta is the default one. Up to threads goroutines work on a call.
func New(family Family, c treenet.Config, sp *space.Fragments, f *treenet.Features, params *nn.Params, beta float64, threads int) (*Model, error) {
	m := &Model{family: family, config: c, space: sp, features: f, params: params, beta: beta}
	return m, m.ready(threads)
}

func (m *Model) ready(threads int) (err error) {
	m.sampler, err = NewSampler(NewEncoder(m.space, m.features), m.config, m.features, m.params, 0, max(threads, 1))
	return err
}

// names of the tables that are stored beside the parameters.
var tables = []string{"table.fragment", "table.site", "table.column", "table.scale"}

func (m *Model) tables() [][]float32 {
	f := m.features
	return [][]float32{f.Fragment, f.Site, f.Column, f.Scale}
}

// Encode writes the weights file with a card, which is JSON for people and
// programs to read. With half the parameters are stored as 16-bit floats.
func (m *Model) Encode(half bool, card json.RawMessage) ([]byte, error) {
	d := m.space.Descriptor()
	h, err := json.Marshal(header{Format: m.family.Format, Net: m.config, Beta: m.beta, Space: d.Digest, Kernel: d.Kernel, Card: card})
	if err != nil {
		return nil, fmt.Errorf("treemodel: encode weights: %w", err)
	}
	f := &safetensors.File{Metadata: map[string]string{"molsculpt": string(h)}}
	for i, t := range m.tables() {
		f.Add(safetensors.Float32(tables[i], t, len(t)))
	}
	for _, p := range m.params.All() {
		t := safetensors.Float32(p.Name, p.Data, p.Rows, p.Cols)
		if half && p.Name != treenet.LogZName {
			if t, err = safetensors.Float16(p.Name, p.Data, p.Rows, p.Cols); err != nil {
				return nil, fmt.Errorf("treemodel: encode weights: %w", err)
			}
		}
		f.Add(t)
	}
	return f.Encode()
}

// Decode reads a weights file of a family for a space. Up to threads goroutines
// work on a call. The error says nothing of this package.
func Decode(family Family, data []byte, sp *space.Fragments, threads int) (*Model, error) {
	f, err := safetensors.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("load weights: %w", err)
	}
	var h header
	if err := json.Unmarshal([]byte(f.Metadata["molsculpt"]), &h); err != nil {
		return nil, fmt.Errorf("load weights: the file is not one of %s: %w", family.Plugin, err)
	}
	if h.Format != family.Format {
		return nil, fmt.Errorf("load weights: format %q; this version reads %q", h.Format, family.Format)
	}
	d := sp.Descriptor()
	if h.Space != d.Digest || h.Kernel != d.Kernel {
		return nil, fmt.Errorf("load weights: %s", otherSpace(h, sp))
	}
	if err := h.Net.Check(); err != nil {
		return nil, fmt.Errorf("load weights: %w", err)
	}
	m := &Model{family: family, config: h.Net, space: sp, params: nn.NewParams(nil), card: h.Card, beta: h.Beta}
	var stored [4][]float32
	for i := range f.Tensors {
		t := &f.Tensors[i]
		x, err := t.Floats()
		if err != nil {
			return nil, fmt.Errorf("load weights: %w", err)
		}
		table := false
		for k, name := range tables {
			if t.Name == name {
				stored[k], table = x, true
			}
		}
		if table {
			continue
		}
		if len(t.Shape) != 2 {
			return nil, fmt.Errorf("load weights: %q has %d dimensions, not 2", t.Name, len(t.Shape))
		}
		if err := m.params.Set(t.Name, t.Shape[0], t.Shape[1], x); err != nil {
			return nil, fmt.Errorf("load weights: %w", err)
		}
	}
	if m.features, err = treenet.RestoreFeatures(sp.Vocabulary(), stored[0], stored[1], stored[2], stored[3]); err != nil {
		return nil, fmt.Errorf("load weights: %w", err)
	}
	if err := m.ready(threads); err != nil {
		return nil, fmt.Errorf("load weights: %w", err)
	}
	return m, nil
}

// otherSpace says how the space of a weights file differs from the given one.
// The file holds a digest alone, but the sizes that there are can be tried.
func otherSpace(h header, sp *space.Fragments) string {
	d := sp.Descriptor()
	if h.Kernel != d.Kernel {
		return fmt.Sprintf("they were trained with the backward kernel %s, the space here has %s", h.Kernel, d.Kernel)
	}
	for size := 1; size <= treenet.MaxFragments; size++ {
		if s, err := space.NewFragments(sp.Vocabulary(), size); err == nil && s.Descriptor().Digest == h.Space {
			return fmt.Sprintf("they were trained with max_fragments %d, here it is %d", size, sp.MaxFragments())
		}
	}
	return fmt.Sprintf("they were trained with another vocabulary (space %.12s, here it is %.12s with max_fragments %d); use the vocabulary and max_fragments they were trained with", h.Space, d.Digest, sp.MaxFragments())
}

// Card is the card that the weights file holds, empty if none.
func (m *Model) Card() json.RawMessage { return m.card }

// BetaMax is the largest beta that the model was trained for; 0 is the
// smallest.
func (m *Model) BetaMax() float64 { return m.config.BetaMax }

// Beta is the default beta.
func (m *Model) Beta() float64 { return m.beta }

// LogZ is what training found for log Z at a beta.
func (m *Model) LogZ(beta float64) float64 { return LogZ(m.params, m.config.BetaMax, beta) }

// LogZ is what parameters say of log Z at a beta.
func LogZ(p *nn.Params, betaMax, beta float64) float64 {
	return float64(kern.Dot(treenet.ZCode(treenet.Condition{Max: betaMax}, beta), p.Get(treenet.LogZName).Data))
}

// Parameters is their number.
func (m *Model) Parameters() int { return m.params.Count() }

// Space is the space that the model is for.
func (m *Model) Space() *space.Fragments { return m.space }

// Sample draws n finished trees at beta.
func (m *Model) Sample(n int, beta float64, r *rand.Rand) ([]space.State, error) {
	seed := r.Uint64()
	const atOnce = 256
	out := make([]space.State, 0, n)
	for len(out) < n {
		first := len(out)
		betas := make([]float64, min(atOnce, n-first))
		for i := range betas {
			betas[i] = beta
		}
		ends, err := m.sampler.Ends(betas, func(i int) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(first+i))) }, 0, 0)
		if err != nil {
			return nil, err
		}
		out = append(out, ends...)
	}
	return out, nil
}

// LogP estimates log p(x) at beta of finished trees, each by k trajectories
// drawn with the backward kernel.
func (m *Model) LogP(states []space.State, beta float64, k int, r *rand.Rand) ([]float64, error) {
	return m.sampler.Estimate(states, beta, k, r, 0)
}

// Imbalance draws n trajectories at beta and returns the finished trees with
// sum log P_F - sum log P_B, which for a perfect model is log R(x) - log Z.
func (m *Model) Imbalance(n int, beta float64, r *rand.Rand) ([]space.State, []float64, error) {
	seed := r.Uint64()
	betas := make([]float64, n)
	for i := range betas {
		betas[i] = beta
	}
	list, err := m.sampler.Draw(betas, func(i int) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(i))) }, 0, 0)
	if err != nil {
		return nil, nil, err
	}
	probs, err := m.sampler.LogProbs(list, 0)
	if err != nil {
		return nil, nil, err
	}
	states := make([]space.State, n)
	for i := range list {
		states[i] = list[i].Last()
		probs[i] -= list[i].LogPB[len(list[i].LogPB)-1]
	}
	return states, probs, nil
}
