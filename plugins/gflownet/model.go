package gflownet

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/safetensors"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/treenet"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Model is a trained network for one space. Its methods may be called at the
// same time.
type Model struct {
	config   treenet.Config
	space    *space.Fragments
	features *treenet.Features
	params   *nn.Params
	card     json.RawMessage
	beta     float64 // the default one
	sampler  *sampler
}

// format names the layout of the weights file; another number is another
// layout.
const format = "molsculpt-gflownet/1"

// header is the metadata of a weights file.
type header struct {
	Format string          `json:"format"`
	Net    treenet.Config  `json:"net"`
	Beta   float64         `json:"beta"`
	Space  string          `json:"space"` // digest
	Kernel string          `json:"kernel"`
	Card   json.RawMessage `json:"card,omitempty"`
}

// Model is the network as trained so far: the running average of the weights.
func (t *Trainer) Model() (*Model, error) {
	m := &Model{config: t.config.net(), space: t.space, features: t.features, params: t.average.Clone(), beta: t.config.BetaFocus}
	return m, m.ready(t.config.Threads)
}

func (m *Model) ready(threads int) (err error) {
	m.sampler, err = newSampler(newEncoder(m.space, m.features), m.config, m.features, m.params, 0, max(threads, 1))
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
	h, err := json.Marshal(header{Format: format, Net: m.config, Beta: m.beta, Space: d.Digest, Kernel: d.Kernel, Card: card})
	if err != nil {
		return nil, fmt.Errorf("gflownet: encode weights: %w", err)
	}
	f := &safetensors.File{Metadata: map[string]string{"molsculpt": string(h)}}
	for i, t := range m.tables() {
		f.Add(safetensors.Float32(tables[i], t, len(t)))
	}
	for _, p := range m.params.All() {
		t := safetensors.Float32(p.Name, p.Data, p.Rows, p.Cols)
		if half && p.Name != treenet.LogZName {
			if t, err = safetensors.Float16(p.Name, p.Data, p.Rows, p.Cols); err != nil {
				return nil, fmt.Errorf("gflownet: encode weights: %w", err)
			}
		}
		f.Add(t)
	}
	return f.Encode()
}

// Decode reads a weights file for a space. Up to threads goroutines work on a
// call.
func Decode(data []byte, sp *space.Fragments, threads int) (*Model, error) {
	f, err := safetensors.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("gflownet: load weights: %w", err)
	}
	var h header
	if err := json.Unmarshal([]byte(f.Metadata["molsculpt"]), &h); err != nil {
		return nil, fmt.Errorf("gflownet: load weights: the file is not one of core/gflownet's: %w", err)
	}
	if h.Format != format {
		return nil, fmt.Errorf("gflownet: load weights: format %q; this version reads %q", h.Format, format)
	}
	d := sp.Descriptor()
	if h.Space != d.Digest || h.Kernel != d.Kernel {
		return nil, fmt.Errorf("gflownet: load weights: %s", otherSpace(h, sp))
	}
	if err := h.Net.Check(); err != nil {
		return nil, fmt.Errorf("gflownet: load weights: %w", err)
	}
	m := &Model{config: h.Net, space: sp, params: nn.NewParams(nil), card: h.Card, beta: h.Beta}
	var stored [4][]float32
	for i := range f.Tensors {
		t := &f.Tensors[i]
		x, err := t.Floats()
		if err != nil {
			return nil, fmt.Errorf("gflownet: load weights: %w", err)
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
			return nil, fmt.Errorf("gflownet: load weights: %q has %d dimensions, not 2", t.Name, len(t.Shape))
		}
		if err := m.params.Set(t.Name, t.Shape[0], t.Shape[1], x); err != nil {
			return nil, fmt.Errorf("gflownet: load weights: %w", err)
		}
	}
	if m.features, err = treenet.RestoreFeatures(sp.Vocabulary(), stored[0], stored[1], stored[2], stored[3]); err != nil {
		return nil, fmt.Errorf("gflownet: load weights: %w", err)
	}
	if err := m.ready(threads); err != nil {
		return nil, fmt.Errorf("gflownet: load weights: %w", err)
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
func (m *Model) LogZ(beta float64) float64 { return logZ(m.params, m.config.BetaMax, beta) }

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
		list, err := m.sampler.draw(betas, func(i int) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(first+i))) }, 0, 0)
		if err != nil {
			return nil, err
		}
		for i := range list {
			out = append(out, list[i].last())
		}
	}
	return out, nil
}

// LogP estimates log p(x) at beta of finished trees, each by k trajectories
// drawn with the backward kernel.
func (m *Model) LogP(states []space.State, beta float64, k int, r *rand.Rand) ([]float64, error) {
	return m.sampler.estimate(states, beta, k, r, 0)
}

// Imbalance draws n trajectories at beta and returns the finished trees with
// sum log P_F - sum log P_B, which for a perfect model is log R(x) - log Z.
func (m *Model) Imbalance(n int, beta float64, r *rand.Rand) ([]space.State, []float64, error) {
	seed := r.Uint64()
	betas := make([]float64, n)
	for i := range betas {
		betas[i] = beta
	}
	list, err := m.sampler.draw(betas, func(i int) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(i))) }, 0, 0)
	if err != nil {
		return nil, nil, err
	}
	probs, err := m.sampler.logProbs(list, 0)
	if err != nil {
		return nil, nil, err
	}
	states := make([]space.State, n)
	for i := range list {
		states[i] = list[i].last()
		probs[i] -= list[i].logPB[len(list[i].logPB)-1]
	}
	return states, probs, nil
}
