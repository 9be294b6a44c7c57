package nn

import (
	"encoding/binary"
	"fmt"
	"hash"
	"hash/fnv"
	"sync"
	"sync/atomic"

	"github.com/chewxy/hm"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/blas"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Graph is a [Builder] that makes a gorgonia graph of the model and trains it.
// Gorgonia derives the backward pass and runs both; every node is one of our
// operations and owns its buffers, so that a run allocates next to nothing.
// What is known to go wrong in gorgonia cannot happen here: names are unique,
// operations have identities and are never merged, a parameter has one use,
// and gradients are read from the operation that wrote them, so that nothing
// is left to accumulate.
type Graph struct {
	uses
	params *Params
	env    op.Env
	graph  *gorgonia.ExprGraph
	used   []*Param
	nodes  gorgonia.Nodes // theirs
	ops    map[*gorgonia.Node]*node
	cost   *gorgonia.Node
	vm     gorgonia.VM
}

// registerBLAS gives gonum and gorgonia our matrix products, for what they
// compute themselves beside our operations.
var registerBLAS = sync.OnceFunc(func() { blas.Register(blas.Implementation{}) })

// NewGraph makes an empty graph over these parameters.
func NewGraph(params *Params, threads int) *Graph {
	registerBLAS()
	return &Graph{
		params: params, env: op.Env{Threads: threads, Train: true}, graph: gorgonia.NewGraph(),
		ops: map[*gorgonia.Node]*node{},
	}
}

var _ Builder = (*Graph)(nil)

// Env implements Builder.
func (g *Graph) Env() *op.Env { return &g.env }

// Err implements Builder.
func (g *Graph) Err() error { return g.err }

func (g *Graph) input(name string, rows *op.Rows, cols int, data []float32) Value {
	t := tensor.New(tensor.WithShape(rows.Cap, cols), tensor.WithBacking(data))
	n := gorgonia.NewMatrix(g.graph, tensor.Float32, gorgonia.WithShape(rows.Cap, cols), gorgonia.WithName(name), gorgonia.WithValue(t))
	return Value{Shape: op.Shape{Rows: rows, Cols: cols}, node: n}
}

// Param implements Builder.
func (g *Graph) Param(name string, rows, cols int, init Init) Value {
	g.name("parameter", name, cols)
	p, err := g.params.declare(name, rows, cols, init)
	if err != nil {
		g.fail(err)
		return Value{Shape: op.Shape{Rows: op.Fixed(rows), Cols: cols}}
	}
	p.Grad = nil // one of an older graph
	v := g.input("param "+name, op.Fixed(rows), cols, p.Data)
	v.param = name
	g.used, g.nodes = append(g.used, p), append(g.nodes, v.node)
	return v
}

// Const implements Builder.
func (g *Graph) Const(name string, rows, cols int, data []float32) Value {
	g.name("constant", name, cols)
	v := g.input("const "+name, op.Fixed(rows), cols, data)
	v.fixed = true
	return v
}

// Input implements Builder.
func (g *Graph) Input(name string, rows *op.Rows, cols int) (Value, []float32) {
	g.name("input", name, cols)
	data := make([]float32, rows.Cap*cols)
	v := g.input("input "+name, rows, cols, data)
	v.fixed = true // no gradient
	return v, data
}

// Apply implements Builder.
func (g *Graph) Apply(o op.Op, in ...Value) Value {
	shape := o.Shape()
	if !g.check(o, in) {
		return Value{Shape: shape}
	}
	f := &node{op: o, id: lastID.Add(1), out: matrix(shape)}
	nodes := make(gorgonia.Nodes, len(in))
	f.from = nodes
	f.fixed = true
	for i, v := range in {
		nodes[i] = v.node
		f.types = append(f.types, v.node.Type())
		f.diff = append(f.diff, !v.fixed)
		f.fixed = f.fixed && v.fixed
		var d *tensor.Dense
		if !v.fixed {
			d = matrix(v.Shape)
		}
		f.grads = append(f.grads, d)
	}
	n, err := gorgonia.ApplyOp(f, nodes...)
	if err != nil {
		g.fail(fmt.Errorf("nn: apply %s: %w", o.Name(), err))
		return Value{Shape: shape}
	}
	for i, p := range nodes {
		for j, q := range g.nodes {
			if p == q {
				g.used[j].Grad = floats(f.grads[i])
			}
		}
	}
	g.ops[n] = f
	return Value{Shape: shape, node: n, fixed: f.fixed}
}

func matrix(s op.Shape) *tensor.Dense {
	return tensor.New(tensor.WithShape(s.Rows.Cap, s.Cols), tensor.Of(tensor.Float32))
}

// Minimize ends the graph: the cost is the sum of the live rows of v. Every
// parameter must have a part in it.
func (g *Graph) Minimize(v Value) error {
	if g.err != nil {
		return g.err
	}
	loss := g.ops[v.node]
	if loss == nil || loss.fixed {
		return fmt.Errorf("nn: the cost does not depend on any parameter")
	}
	loss.cost = true
	parts := map[*gorgonia.Node]bool{}
	g.reach(v.node, parts)
	for i, n := range g.nodes {
		if !parts[n] {
			return fmt.Errorf("nn: the cost does not depend on parameter %s", g.used[i].Name)
		}
	}
	var err error
	if g.cost, err = gorgonia.Sum(v.node); err != nil {
		return fmt.Errorf("nn: sum the cost: %w", err)
	}
	if _, err = gorgonia.Grad(g.cost, g.nodes...); err != nil {
		return fmt.Errorf("nn: derive the gradient: %w", err)
	}
	g.vm = gorgonia.NewTapeMachine(g.graph)
	return nil
}

// reach notes what a node is computed from.
func (g *Graph) reach(n *gorgonia.Node, parts map[*gorgonia.Node]bool) {
	if parts[n] {
		return
	}
	parts[n] = true
	if f := g.ops[n]; f != nil {
		for _, p := range f.from {
			g.reach(p, parts)
		}
	}
}

// Params lists the parameters of the graph, which are those of its model.
func (g *Graph) Params() []*Param { return g.used }

// Run computes the cost and the gradients of all parameters.
func (g *Graph) Run(version uint64) (cost float64, err error) {
	g.env.Version = version
	if err := g.vm.RunAll(); err != nil {
		return 0, fmt.Errorf("nn: run the graph: %w", err)
	}
	c, ok := g.cost.Value().Data().(float32)
	if !ok {
		return 0, fmt.Errorf("nn: the cost is a %T", g.cost.Value().Data())
	}
	g.vm.Reset()
	return float64(c), nil
}

// Close frees the machine.
func (g *Graph) Close() error {
	if g.vm == nil {
		return nil
	}
	return g.vm.Close()
}

var lastID atomic.Uint64

// node is an operation as gorgonia sees it.
type node struct {
	op    op.Op
	id    uint64
	from  gorgonia.Nodes
	types []hm.Type
	diff  []bool
	fixed bool // has no gradient
	cost  bool // its output is summed, whole
	out   *tensor.Dense
	grads []*tensor.Dense
	ins   [][]float32
	dins  [][]float32
}

var _ gorgonia.SDOp = (*node)(nil)

func matrixType() hm.Type { return gorgonia.TensorType{Dims: 2, Of: tensor.Float32} }

func (f *node) Arity() int { return len(f.types) }
func (f *node) Type() hm.Type {
	return hm.NewFnType(append(append([]hm.Type{}, f.types...), matrixType())...)
}

func (f *node) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) {
	return f.out.Shape().Clone(), nil
}
func (f *node) ReturnsPtr() bool      { return false }
func (f *node) CallsExtern() bool     { return false }
func (f *node) OverwritesInput() int  { return -1 }
func (f *node) WriteHash(h hash.Hash) { writeID(h, f.id) }
func (f *node) Hashcode() uint32      { return hashID(f.id) }
func (f *node) String() string        { return f.op.Name() }
func (f *node) DiffWRT(int) []bool    { return f.diff }

func writeID(h hash.Hash, id uint64) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], id)
	_, _ = h.Write(b[:]) // a hash never fails
}

func hashID(id uint64) uint32 {
	h := fnv.New32a()
	writeID(h, id)
	return h.Sum32()
}

func floats(t *tensor.Dense) []float32 {
	s, ok := t.Data().([]float32)
	if !ok {
		panic("nn: a buffer is not float32")
	}
	return s
}

// inputs reads the values of the operation's inputs.
func (f *node) inputs(in []gorgonia.Value) error {
	f.ins = f.ins[:0]
	for _, v := range in {
		d, ok := v.(*tensor.Dense)
		if !ok || d.Dtype() != tensor.Float32 || d.RequiresIterator() {
			return fmt.Errorf("nn: %s: input %d is no contiguous float32 matrix", f.op.Name(), len(f.ins))
		}
		f.ins = append(f.ins, floats(d))
	}
	return nil
}

// Do implements gorgonia.Op.
func (f *node) Do(in ...gorgonia.Value) (gorgonia.Value, error) {
	if err := f.inputs(in); err != nil {
		return nil, err
	}
	out := floats(f.out)
	f.op.Forward(f.ins, out)
	if f.cost {
		s := f.op.Shape()
		clear(out[s.Rows.Live*s.Cols:])
	}
	return f.out, nil
}

// SymDiff implements gorgonia.SDOp: one node computes all gradients, the others
// only hand out their own.
func (f *node) SymDiff(in gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	res := make(gorgonia.Nodes, len(in))
	var first *gorgonia.Node
	for i := range in {
		if !f.diff[i] {
			continue
		}
		g := &gradient{f: f, which: i, id: lastID.Add(1)}
		args := gorgonia.Nodes{first}
		if first == nil {
			g.compute = true
			args = append(append(gorgonia.Nodes{}, in...), out, grad)
		}
		for _, a := range args {
			g.types = append(g.types, a.Type())
		}
		n, err := gorgonia.ApplyOp(g, args...)
		if err != nil {
			return nil, fmt.Errorf("nn: gradient of %s: %w", f.op.Name(), err)
		}
		if first == nil {
			first = n
		}
		res[i] = n
	}
	return res, nil
}

// gradient is the gradient of an operation with respect to one input.
type gradient struct {
	f       *node
	which   int
	compute bool
	id      uint64
	types   []hm.Type
}

func (g *gradient) Arity() int { return len(g.types) }
func (g *gradient) Type() hm.Type {
	return hm.NewFnType(append(append([]hm.Type{}, g.types...), matrixType())...)
}

func (g *gradient) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) {
	return g.f.grads[g.which].Shape().Clone(), nil
}
func (g *gradient) ReturnsPtr() bool      { return false }
func (g *gradient) CallsExtern() bool     { return false }
func (g *gradient) OverwritesInput() int  { return -1 }
func (g *gradient) WriteHash(h hash.Hash) { writeID(h, g.id) }
func (g *gradient) Hashcode() uint32      { return hashID(g.id) }
func (g *gradient) String() string        { return fmt.Sprintf("gradient %d of %s", g.which, g.f) }

// Do implements gorgonia.Op.
func (g *gradient) Do(in ...gorgonia.Value) (gorgonia.Value, error) {
	f := g.f
	if !g.compute {
		return f.grads[g.which], nil
	}
	if err := f.inputs(in); err != nil {
		return nil, err
	}
	if f.dins == nil {
		f.dins = make([][]float32, len(f.grads))
		for i, d := range f.grads {
			if d != nil {
				f.dins[i] = floats(d)
			}
		}
	}
	n := len(f.grads)
	f.op.Backward(f.ins[:n], f.ins[n], f.ins[n+1], f.dins)
	return f.grads[g.which], nil
}
