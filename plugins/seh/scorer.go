package seh

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"sync"

	"github.com/molsculpt/molsculpt/chem/smiles"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/sdk"
)

// options are what a campaign may say of the plugin.
type options struct {
	Variant variant `json:"variant"`
}

const schema = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "description": "Weights: seh_proxy.safetensors, which is not a part of this program; to be made from mols/data/pretrained_proxy/best_params.pkl.gz of github.com/GFNOrg/gflownet as the documentation of plugins/seh says.",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "variant": {
      "enum": ["port", "orig"], "default": "port",
      "description": "port: the root matrix transposed, as in published rewards; orig: as the network was trained"
    }
  }
}`

func readOptions(data []byte) (options, error) {
	o := options{Variant: port}
	if len(bytes.TrimSpace(data)) == 0 {
		return o, nil
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&o); err != nil {
		return o, fmt.Errorf("%w; there is variant, port or orig", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return o, errors.New("there is more behind the keys")
	}
	if o.Variant != port && o.Variant != orig {
		return o, fmt.Errorf("variant is %q; give port or orig", o.Variant)
	}
	return o, nil
}

// errAbsent says what to do without weights.
var errAbsent = errors.New("seh: load: no weights are given; they are not a part of this program: " +
	"convert mols/data/pretrained_proxy/best_params.pkl.gz of github.com/GFNOrg/gflownet as the documentation of plugins/seh says, " +
	"and give weights: PATH/seh_proxy.safetensors")

type scorer struct{}

var _ sdk.Scorer = scorer{}

// Load implements sdk.Scorer.
func (scorer) Load(_ context.Context, req sdk.LoadRequest) (sdk.ScorerModel, error) {
	o, err := readOptions(req.Options)
	if err != nil {
		return nil, fmt.Errorf("seh: options: %w", err)
	}
	if len(req.Weights) == 0 {
		return nil, errAbsent
	}
	net, err := readNetwork(req.Weights, o.Variant)
	if err != nil {
		return nil, fmt.Errorf("seh: load weights: %w", err)
	}
	return newModel(net, runtime.GOMAXPROCS(0)), nil
}

// model is the proxy as the SDK sees it.
type model struct {
	threads int
	workers sync.Pool // of *worker
}

// worker is what a goroutine needs to score some molecules.
type worker struct {
	batch batch
	run   run
	place []int // of the batch's molecules in the question
	raw   []float64
}

func newModel(net *network, threads int) *model {
	m := &model{threads: threads}
	m.workers.New = func() any { return &worker{run: run{net: net}} }
	return m
}

var _ sdk.ScorerModel = (*model)(nil)

// Info implements sdk.ScorerModel.
func (m *model) Info() sdk.ScorerInfo {
	return sdk.ScorerInfo{Outputs: []sdk.Output{
		{
			Name: "raw", Low: 0, High: 8, HigherIsBetter: true,
			Summary: "predicted docking score for soluble epoxide hydrolase, standardised; about -8.6 - 1.1 (raw - 4) kcal/mol",
		},
		{
			Name: "reward", Low: 0, High: 1, HigherIsBetter: true,
			Summary: "raw, clipped to 0.0001 to 100, over 8: the reward of Garipov et al. (2023)",
		},
	}}
}

// Close implements sdk.ScorerModel.
func (m *model) Close() error { return nil }

// moleculesAtOnce is how many molecules a goroutine takes through the network
// together: enough rows for the products, few enough for the cache.
const moleculesAtOnce = 16

// Score implements sdk.ScorerModel. What a molecule scores does not depend on
// the others.
func (m *model) Score(ctx context.Context, mols []string) ([]sdk.Score, error) {
	out := make([]sdk.Score, len(mols))
	size := kern.Even(m.threads, len(mols), moleculesAtOnce)
	kern.ParRows(m.threads, len(mols), size, func(from, to int) {
		if ctx.Err() != nil {
			return
		}
		w := m.workers.Get().(*worker)
		defer m.workers.Put(w)
		w.score(mols[from:to], out[from:to])
	})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return out, nil
}

func (w *worker) score(mols []string, out []sdk.Score) {
	w.batch.reset()
	w.place = w.place[:0]
	for i, text := range mols {
		m, err := smiles.Parse(text)
		if err != nil {
			out[i] = sdk.Score{Status: sdk.ScoreFailed, Reason: "read the molecule: " + err.Error()}
			continue
		}
		if err := w.batch.add(m); err != nil {
			out[i] = sdk.Score{Status: sdk.NotApplicable, Reason: err.Error()}
			continue
		}
		w.place = append(w.place, i)
	}
	w.raw = grow(w.raw, len(w.place))
	w.run.scores(&w.batch, w.raw)
	for k, i := range w.place {
		raw := w.raw[k]
		if math.IsNaN(raw) || math.IsInf(raw, 0) {
			out[i] = sdk.Score{Status: sdk.ScoreFailed, Reason: fmt.Sprintf("the network answers %v", raw)}
			continue
		}
		out[i] = sdk.Score{Status: sdk.OK, Values: []float64{raw, reward(raw)}}
	}
}

// reward is the paper's.
func reward(raw float64) float64 { return min(max(raw, 1e-4), 100) / 8 }
