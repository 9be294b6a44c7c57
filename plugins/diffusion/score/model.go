package score

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/safetensors"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/noise"
)

// format names the layout of weights files; another number is another layout.
const format = "molsculpt-score/1"

// header is the metadata of a weights file.
type header struct {
	Format     string             `json:"format"`
	Network    Settings           `json:"network"`
	Dimension  int                `json:"dimension"`
	Process    string             `json:"process"`
	Parameters map[string]float64 `json:"parameters"`
	Mean       []float64          `json:"mean"`
	SD         float64            `json:"sd"`
	End        float64            `json:"end"`
	Guide      *Outcomes          `json:"guide,omitempty"` // what a guide tells apart; none for a model
	Card       json.RawMessage    `json:"card,omitempty"`
}

// weights is a network with its parameters, for points of some kind.
type weights struct {
	settings Settings
	scaling  Scaling
	guide    *Outcomes
	params   *nn.Params
	card     json.RawMessage
}

// dimension is that of the points.
func (w *weights) dimension() int { return len(w.scaling.Mean) }

// outputs is how many numbers the network answers for a point.
func (w *weights) outputs() int {
	if w.guide != nil {
		return len(w.guide.Lists)
	}
	return w.dimension()
}

// Encode writes the weights file with a card.
func (w *weights) Encode(card json.RawMessage) ([]byte, error) {
	s := &w.scaling
	h, err := json.Marshal(header{
		Format: format, Network: w.settings, Dimension: w.dimension(), Process: s.Process.Name(), Parameters: s.Process.Parameters(),
		Mean: s.Mean, SD: s.SD, End: s.End, Guide: w.guide, Card: card,
	})
	if err != nil {
		return nil, fmt.Errorf("score: encode weights: %w", err)
	}
	f := &safetensors.File{Metadata: map[string]string{"molsculpt": string(h)}}
	for _, p := range w.params.All() {
		f.Add(safetensors.Float32(p.Name, p.Data, p.Rows, p.Cols))
	}
	return f.Encode()
}

// decode reads a weights file.
func decode(data []byte) (*weights, error) {
	f, err := safetensors.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("score: load weights: %w", err)
	}
	fail := func(form string, args ...any) (*weights, error) {
		return nil, fmt.Errorf("score: load weights: "+form, args...)
	}
	var h header
	if err := json.Unmarshal([]byte(f.Metadata["molsculpt"]), &h); err != nil {
		return fail("the file is not one of %s: %w", Name, err)
	}
	if h.Format != format {
		return fail("format %q; this version reads %q", h.Format, format)
	}
	process, err := noise.New(h.Process, h.Parameters)
	if err != nil {
		return fail("%w", err)
	}
	if h.Dimension < 1 || len(h.Mean) != h.Dimension || !(h.SD > 0) || !(h.End > 0 && h.End < 1) {
		return fail("dimension %d with %d means, standard deviation %g, end %g", h.Dimension, len(h.Mean), h.SD, h.End)
	}
	if err := h.Network.complete(h.Dimension); err != nil {
		return fail("%w", err)
	}
	if h.Guide != nil {
		if err := h.Guide.check(); err != nil {
			return fail("%w", err)
		}
	}
	w := &weights{settings: h.Network, scaling: NewScaling(process, h.Mean, h.SD, h.End), guide: h.Guide, params: nn.NewParams(nil), card: h.Card}
	for i := range f.Tensors {
		t := &f.Tensors[i]
		x, err := t.Floats()
		if err != nil {
			return fail("%w", err)
		}
		if len(t.Shape) != 2 {
			return fail("%q has %d dimensions, not 2", t.Name, len(t.Shape))
		}
		if err := w.params.Set(t.Name, t.Shape[0], t.Shape[1], x); err != nil {
			return fail("%w", err)
		}
	}
	return w, nil
}

// Model is a trained score. Its methods may be called at the same time.
type Model struct {
	*weights
	pool *pool
}

var _ sdk.DiffusionModel = (*Model)(nil)

func newModel(w *weights, threads int) (*Model, error) {
	p, err := newPool(w.settings.Network, w.params, w.dimension(), w.outputs(), max(threads, 1))
	if err != nil {
		return nil, fmt.Errorf("score: load weights: %w", err)
	}
	return &Model{w, p}, nil
}

// Decode reads the weights file of a model. Up to threads goroutines work on a
// call.
func Decode(data []byte, threads int) (*Model, error) {
	w, err := decode(data)
	if err != nil {
		return nil, err
	}
	if w.guide != nil {
		return nil, fmt.Errorf("score: load weights: they are those of a guide, not of a model")
	}
	return newModel(w, threads)
}

// Info implements sdk.DiffusionModel.
func (m *Model) Info() sdk.DiffusionInfo {
	p := m.scaling.Process
	return sdk.DiffusionInfo{Dimension: m.dimension(), Process: p.Name(), Parameters: p.Parameters(), End: m.scaling.End}
}

// Score implements sdk.DiffusionModel. At times before the End of Info, which the
// platform does not ask about, it is what the network makes of noise that it has
// not seen.
func (m *Model) Score(ctx context.Context, req *sdk.DiffusionRequest) ([]float32, error) {
	d := m.dimension()
	out := make([]float32, len(req.Points))
	err := m.pool.each(ctx, &m.scaling, req.Points, req.Times, func(i int, a at, f []float32) {
		m.scaling.score(a, req.Points[i*d:(i+1)*d], f, out[i*d:(i+1)*d])
	})
	if err != nil {
		return nil, fmt.Errorf("score: %w", err)
	}
	return out, nil
}

// Close implements sdk.DiffusionModel.
func (m *Model) Close() error { return nil }
