package guide

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/safetensors"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Model is a trained guide for one space. Its methods may be called at the same
// time.
type Model struct {
	net    *network
	space  space.Space
	params *nn.Params
	models []string
	card   json.RawMessage
	free   chan *evaluator
}

var _ sdk.ActionGuideModel = (*Model)(nil)

// format names the layout of the weights file; another number is another
// layout.
const format = "molsculpt-guide/1"

// header is the metadata of a weights file.
type header struct {
	Format string          `json:"format"`
	Net    shape           `json:"net"`
	Names  []string        `json:"names"` // of the models, in the order of the labels
	Space  string          `json:"space"` // digest
	Kernel string          `json:"kernel"`
	Card   json.RawMessage `json:"card,omitempty"`
}

// newModel is a model with these parameters, of which up to threads goroutines
// make use.
func newModel(n *network, sp space.Space, params *nn.Params, models []string, threads int) (*Model, error) {
	if len(models) != n.Models {
		return nil, fmt.Errorf("guide: %d names of %d models", len(models), n.Models)
	}
	m := &Model{net: n, space: sp, params: params, models: models, free: make(chan *evaluator, max(threads, 1))}
	for range cap(m.free) {
		e := &evaluator{net: n, params: params}
		if err := e.build([]space.State{""}, 1); err != nil {
			return nil, err
		}
		m.free <- e
	}
	return m, nil
}

// Encode writes the weights file with a card, which is JSON.
func (m *Model) Encode(card json.RawMessage) ([]byte, error) {
	d := m.space.Descriptor()
	h, err := json.Marshal(header{Format: format, Net: m.net.shape, Names: m.models, Space: d.Digest, Kernel: d.Kernel, Card: card})
	if err != nil {
		return nil, fmt.Errorf("guide: encode weights: %w", err)
	}
	f := &safetensors.File{Metadata: map[string]string{"molsculpt": string(h)}}
	for i, t := range m.net.trunks.tables() {
		f.Add(safetensors.Float32(fmt.Sprintf("table.%d", i), t, len(t)))
	}
	for _, p := range m.params.All() {
		f.Add(safetensors.Float32(p.Name, p.Data, p.Rows, p.Cols))
	}
	return f.Encode()
}

// Decode reads a weights file for a space. Up to threads goroutines work on a
// call.
func Decode(data []byte, sp space.Space, threads int) (*Model, error) {
	f, err := safetensors.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("guide: load weights: %w", err)
	}
	var h header
	if err := json.Unmarshal([]byte(f.Metadata["molsculpt"]), &h); err != nil {
		return nil, fmt.Errorf("guide: load weights: the file is not one of %s's: %w", Name, err)
	}
	if h.Format != format {
		return nil, fmt.Errorf("guide: load weights: format %q; this version reads %q", h.Format, format)
	}
	if d := sp.Descriptor(); h.Space != d.Digest || h.Kernel != d.Kernel {
		return nil, fmt.Errorf("guide: load weights: they were trained on the space %.12s with kernel %s, here it is %.12s with %s", h.Space, h.Kernel, d.Digest, d.Kernel)
	}
	params := nn.NewParams(nil)
	var tables [][]float32
	for i := range f.Tensors {
		t := &f.Tensors[i]
		x, err := t.Floats()
		if strings.HasPrefix(t.Name, "table.") && err == nil { // they come in their order
			tables = append(tables, x)
			continue
		}
		if err == nil && len(t.Shape) != 2 {
			err = fmt.Errorf("%q has %d dimensions, not 2", t.Name, len(t.Shape))
		}
		if err == nil {
			err = params.Set(t.Name, t.Shape[0], t.Shape[1], x)
		}
		if err != nil {
			return nil, fmt.Errorf("guide: load weights: %w", err)
		}
	}
	n, err := newNetwork(h.Net, sp, tables)
	if err != nil {
		return nil, fmt.Errorf("guide: load weights: %w", err)
	}
	m, err := newModel(n, sp, params, h.Names, threads)
	if err != nil {
		return nil, fmt.Errorf("guide: load weights: %w", err)
	}
	m.card = h.Card
	return m, nil
}

// Card is the card that the weights file holds, empty if none.
func (m *Model) Card() json.RawMessage { return m.card }

// Info implements sdk.GuideModel.
func (m *Model) Info() sdk.GuideInfo {
	o := m.net.outcomes
	i := sdk.GuideInfo{Outcomes: o.names(), Models: m.models, Lists: o.lists, Ordered: o.alpha}
	if o.alpha {
		i.Conditions = []sdk.Condition{{
			Name: sdk.LogitAlpha, Min: -m.net.AlphaRange, Max: m.net.AlphaRange,
			Summary: "log(alpha/(1-alpha)) of the weight of the first model in the second observation",
		}}
	}
	if m.net.action() {
		i.Actions = sdk.ResidualActions
	}
	return i
}

// Close implements sdk.GuideModel.
func (m *Model) Close() error { return nil }

// statesAtOnce is how many states one evaluator takes.
const statesAtOnce = 128

// each calls f for parts of n states, from several goroutines, with an evaluator
// for each.
func (m *Model) each(ctx context.Context, n int, f func(e *evaluator, from, to int) error) error {
	errs := make([]error, (n+statesAtOnce-1)/statesAtOnce)
	kern.ParRows(cap(m.free), n, statesAtOnce, func(from, to int) {
		e := <-m.free
		defer func() { m.free <- e }()
		err := ctx.Err()
		if err == nil {
			err = f(e, from, to)
		}
		errs[from/statesAtOnce] = err
	})
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// LogQ implements sdk.GuideModel.
func (m *Model) LogQ(ctx context.Context, req *sdk.GuideRequest) (sdk.GuideReply, error) {
	n, k, alpha := m.net, m.net.classes(), req.Condition[sdk.LogitAlpha]
	reply := sdk.GuideReply{LogQ: make([]float32, len(req.States)*k)}
	err := m.each(ctx, len(req.States), func(e *evaluator, from, to int) error {
		if err := e.run(req.States[from:to], alpha); err != nil {
			return err
		}
		out, q := make([]float64, k), make([]float64, n.Models)
		for i := from; i < to; i++ {
			if len(req.Finished) > 0 && req.Finished[i] {
				logSoftmax(q, e.runner.Data(e.out.terminal)[(i-from)*pad(n.Models):][:n.Models])
				n.outcomes.logLikelihood(out, q, alpha)
			} else {
				logSoftmax(out, e.runner.Data(e.out.state)[(i-from)*pad(k):][:k])
				for c := range out {
					out[c] -= math.Log(n.outcomes.share[c])
				}
			}
			for c, v := range out {
				reply.LogQ[i*k+c] = float32(min(v, 0))
			}
		}
		return nil
	})
	return reply, err
}

// LogQActions implements sdk.ActionGuideModel.
func (m *Model) LogQActions(ctx context.Context, req *sdk.ActionRequest, reply *sdk.ActionReply) error {
	n, k := m.net, m.net.classes()
	if !n.action() {
		return fmt.Errorf("guide: it answers at states alone; train one with head: %s", headAction)
	}
	return m.each(ctx, len(req.States), func(e *evaluator, from, to int) error {
		if err := e.run(req.States[from:to], req.Condition[sdk.LogitAlpha]); err != nil {
			return err
		}
		if n.factored() {
			for i := from; i < to; i++ {
				e.crossed(reply.Cells(i), i-from)
			}
			return nil
		}
		w := pad(n.slots() * k)
		for i := from; i < to; i++ {
			row := e.runner.Data(e.out.action)[(i-from)*w:][:w]
			copy(reply.StopOf(i), row[:k])
			copy(reply.Cells(i), row[k:n.slots()*k])
		}
		return nil
	})
}

// evaluator runs the network. It serves one goroutine.
type evaluator struct {
	net    *network
	params *nn.Params
	batch  *batch
	runner *nn.Runner
	out    outputs

	index  []int32
	alphas []float64
}

func (e *evaluator) build(states []space.State, pairs int) error {
	b, err := e.net.newBatch(states, pairs)
	if err != nil {
		return err
	}
	r := nn.NewRunner(e.params, 1)
	out := e.net.define(r, b)
	if err := r.Err(); err != nil {
		return err
	}
	e.batch, e.runner, e.out = b, r, out
	return nil
}

// run evaluates states, all under one alpha.
func (e *evaluator) run(states []space.State, logitAlpha float64) error {
	e.index, e.alphas = e.index[:0], e.alphas[:0]
	for i := range states {
		e.index, e.alphas = append(e.index, int32(i)), append(e.alphas, logitAlpha)
	}
	ok, err := e.batch.fit(states, e.index, e.alphas, e.net.AlphaRange)
	if err == nil && !ok {
		if err = e.build(states, len(states)); err == nil {
			_, err = e.batch.fit(states, e.index, e.alphas, e.net.AlphaRange)
		}
	}
	if err != nil {
		return err
	}
	e.runner.Run(0)
	return nil
}

// crossed writes the residuals of all cells of tree i of the last run.
func (e *evaluator) crossed(dst []float32, i int) {
	k := e.net.classes()
	wide := pad(k * keyWidth)
	queries, keys := e.runner.Data(e.out.queries), e.runner.Data(e.out.keys)
	for cell := range len(dst) / k {
		row, slot := e.batch.trunk.place(int32(i), cell)
		key := keys[int(slot)*keyWidth:][:keyWidth]
		for c := range k {
			dst[cell*k+c] = kern.Dot(queries[int(row)*wide+c*keyWidth:][:keyWidth], key)
		}
	}
}
