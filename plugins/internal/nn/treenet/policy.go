package treenet

import (
	"slices"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
)

// Policy evaluates a network on batches of trees. It serves one goroutine.
type Policy struct {
	config   Config
	features *Features
	params   *nn.Params
	threads  int

	batch  *Batch
	runner *nn.Runner
	out    outputs
	cap    Capacity
	packed kern.Packed
	packV  uint64
	fresh  bool
	table  []float32
}

// NewPolicy makes an evaluator of the network with these parameters. Where they
// have a random source, missing ones are drawn, with the given bias of Stop.
func NewPolicy(c Config, f *Features, params *nn.Params, stop float32, threads int) (*Policy, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	p := &Policy{config: c, features: f, params: params, threads: threads}
	return p, p.build(Capacity{Trees: 64, Tokens: 512, Rows: 1024}, stop)
}

func (p *Policy) build(c Capacity, stop float32) error {
	batch := newBatch(p.features, Condition{Max: p.config.BetaMax}, c)
	runner := nn.NewRunner(p.params, p.threads)
	out := define(runner, p.config, p.features, batch, stop)
	if err := runner.Err(); err != nil {
		return err
	}
	p.batch, p.runner, p.out, p.cap, p.fresh = batch, runner, out, c, false
	return nil
}

// Width is the length of queries and keys.
func (p *Policy) Width() int { return p.config.Width }

// Load puts trees with their betas in place of those before and computes what
// the network says of them. version is that of the parameters: it must change
// when they do.
func (p *Policy) Load(trees []*Tree, beta []float64, version uint64) error {
	var need Capacity
	for _, t := range trees {
		need = need.plus(t)
	}
	if !p.cap.holds(need) {
		c := Capacity{grown(p.cap.Trees, need.Trees), grown(p.cap.Tokens, need.Tokens), grown(p.cap.Rows, need.Rows)}
		if err := p.build(c, 0); err != nil {
			return err
		}
	}
	p.batch.Reset()
	for i, t := range trees {
		p.batch.Add(t, beta[i])
	}
	p.runner.Run(version)
	if !p.fresh || p.packV != version {
		cols := pad(p.features.Columns)
		p.packed.Pack(p.threads, p.runner.Data(p.out.keys), p.config.Width, p.config.Width, cols, true)
		p.fresh, p.packV = true, version
	}
	return nil
}

func grown(have, need int) int {
	if need <= have {
		return have
	}
	return need + need/2
}

// Keys copies the keys of the columns and their biases: Columns rows of Width,
// and one bias per column. Valid after Load.
func (p *Policy) Keys() (keys, bias []float32) {
	n := p.features.Columns
	return slices.Clone(p.runner.Data(p.out.keys)[:n*p.config.Width]), slices.Clone(p.runner.Data(p.out.bias)[:n])
}

// Bias is the padded biases of the columns; they belong to the parameters.
func (p *Policy) Bias() []float32 { return p.runner.Data(p.out.bias) }

// Queries are the queries of the rows of tree i of the last Load.
func (p *Policy) Queries(i int) []float32 {
	from, to := p.batch.RowRange(i)
	d := p.config.Width
	return p.runner.Data(p.out.queries)[from*d : to*d]
}

// Stop is the logit of Stop of tree i of the last Load.
func (p *Policy) Stop(i int) float32 {
	d := p.config.Width
	_, all := p.batch.RowRange(p.batch.Len() - 1)
	q := p.runner.Data(p.out.queries)[(all+i)*d : (all+i+1)*d]
	return kern.Dot(q, p.runner.Data(p.out.stopKey)) + p.runner.Data(p.out.stopBias)[0]
}

// Logits writes the logits of the rows of tree i, without the biases of the
// columns, to dst: rows of padded width.
func (p *Policy) Logits(i int, dst []float32) { p.logits(i, dst, nil) }

func (p *Policy) logits(i int, dst, bias []float32) {
	from, to := p.batch.RowRange(i)
	if to == from {
		return
	}
	d := p.config.Width
	kern.Gemm(to-from, p.runner.Data(p.out.queries)[from*d:], d, 1, &p.packed, dst, pad(p.features.Columns), false, bias)
}

// Table writes the logits of the rows of tree i, biases included, to dst: rows
// of Columns.
func (p *Policy) Table(i int, dst []float32) {
	from, to := p.batch.RowRange(i)
	n, width := p.features.Columns, pad(p.features.Columns)
	if cap(p.table) < (to-from)*width {
		p.table = make([]float32, 2*(to-from)*width)
	}
	p.logits(i, p.table, p.Bias())
	for r := range to - from {
		copy(dst[r*n:(r+1)*n], p.table[r*width:])
	}
}

// Forget makes the next Load read the parameters anew, whatever their version.
func (p *Policy) Forget() {
	p.fresh = false
	p.runner.Forget()
}
