package main

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/safetensors"
)

// The network of all rows.
const (
	features = 32  // inputs of a token
	width    = 128 // of a token: 8 heads of 16, and a feed-forward net of 512
	layers   = 4
	columns  = 64 // cells of a token's row of the action table
)

// The optimiser of both sides, Adam without decay or clipping.
const (
	rate = 1e-4
	eps  = 1e-8
)

// logZ is the parameter whose first entry is log Z.
const logZ = "log z"

// unused are the parameters that the network has on our side alone: Stop is
// never legal here, so neither its key nor its bias has a part in anything.
var unused = []string{"stop.key", "stop.bias"}

// define is the network: per tree the log-probability of the cell that was
// taken, by a softmax over all legal cells of the tree. A cell's logit is a
// linear head of its token, the inner product with the column's key.
func define(b nn.Builder, x *batch) nn.Value {
	input, data := b.Input("tokens", &x.tokens, features)
	copy(data, x.input)
	h := nn.Linear(b, "embed", input, width, false, 1)
	for i := range layers {
		h = nn.Block(b, fmt.Sprintf("layer%d", i), &x.trees, h, layers)
	}
	h = nn.Norm(b, "norm", h)
	return b.Apply(&op.LogProb{Env: b.Env(), Choice: &x.choice, D: width, Columns: columns}, h,
		b.Param("head.w", columns, width, nn.Init{Noise: 0.1}), b.Param("head.b", 1, columns, nn.Init{}),
		b.Param("stop.key", 1, width, nn.Init{}), b.Param("stop.bias", 1, kern.Lane, nn.Init{}))
}

// weights draws parameters as training starts with them, and adds noise to all,
// so that no bias is zero, no gain one and no mistake in them hidden.
func weights(r *rand.Rand) (*nn.Params, error) {
	p := nn.NewParams(r)
	b := nn.NewRunner(p, 1)
	define(b, newBatch([]int{1}, r))
	b.Param(logZ, 1, kern.Lane, nn.Init{Value: 1})
	if err := b.Err(); err != nil {
		return nil, err
	}
	for _, x := range p.All() {
		for i := range x.Data {
			x.Data[i] += float32(0.02 * r.NormFloat64())
		}
	}
	return p, nil
}

// parameters reads the parameters from a file that hold them beside a batch.
func parameters(f *safetensors.File) (*nn.Params, error) {
	p := nn.NewParams(nil)
	for _, t := range f.Tensors {
		if slices.Contains(batchTensors, t.Name) {
			continue
		}
		data, err := t.Floats()
		if err != nil {
			return nil, err
		}
		if len(t.Shape) != 2 {
			return nil, fmt.Errorf("bench: parameter %s: shape %v is no matrix", t.Name, t.Shape)
		}
		if err := p.Set(t.Name, t.Shape[0], t.Shape[1], data); err != nil {
			return nil, err
		}
	}
	return p, nil
}
