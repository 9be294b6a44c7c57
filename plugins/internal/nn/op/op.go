// Package op holds the operations that networks are made of: a forward and a
// hand-written backward pass each, over plain float32 slices.
//
// # Ragged batches
//
// Nothing is padded. The tokens of all trees of a batch lie one after another
// in one matrix, the rows of all action tables in another; offsets say where a
// tree begins. Buffers are made once, for a capacity; how many rows live in
// one is in a [Rows] that the operations share and the caller sets before each
// run, so that one graph serves every batch up to its capacity.
//
// # Determinism
//
// An operation's output rows do not depend on the batch around them, and its
// gradients are reduced in a fixed order: neither depends on [Env.Threads].
//
// # Adding an operation
//
// Write a type that implements [Op], with a constructor that takes *Env and the
// Rows it works on. Forward may keep what Backward needs in the value itself:
// an Op value stands at one place of one graph. Backward overwrites the
// gradients, it does not add to them; a nil entry means that nobody wants that
// one. Then hold it against central differences as op_test.go does for the
// others.
package op

import (
	"fmt"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
)

// Rows is the number of rows of a family of buffers: how many fit, and how many
// live now.
type Rows struct {
	Cap, Live int
	fixed     bool
}

// Fixed is a family that is always full; it is the same as any other of its
// size.
func Fixed(n int) *Rows { return &Rows{Cap: n, Live: n, fixed: true} }

// same reports whether two families always have the same rows.
func (r *Rows) same(s *Rows) bool { return r == s || r.fixed && s.fixed && r.Cap == s.Cap }

// Shape is the shape of a matrix of such a family.
type Shape struct {
	Rows *Rows
	Cols int
}

// Env is shared by the operations of one graph.
type Env struct {
	// Threads bounds the goroutines of an operation; 0 counts as 1.
	Threads int
	// Train keeps what the backward pass needs.
	Train bool
	// Version changes whenever a parameter does, so that packed copies of
	// weights are made anew.
	Version uint64
	// Epoch changes when parameters were overwritten without regard to
	// Version.
	Epoch uint64
}

// Op is an operation at one place of a graph.
type Op interface {
	// Name is used in errors.
	Name() string
	// Check says whether the inputs' shapes fit.
	Check(in []Shape) error
	// Shape is the output's.
	Shape() Shape
	// Forward computes the live rows of out, from the live rows of the inputs.
	// Others hold anything and stay as they are.
	Forward(in [][]float32, out []float32)
	// Backward writes the gradients din of the inputs, given that of the
	// output, after Forward with the same inputs.
	Backward(in [][]float32, out, dout []float32, din [][]float32)
}

// rows calls f for parts of n rows, at most size each. An operation that shall not allocate makes f
// once and leaves it what it needs in its fields.
func (e *Env) rows(n, size int, f func(from, to int)) {
	if e.Threads > 1 {
		kern.ParRows(e.Threads, n, kern.Even(e.Threads, n, size), f)
		return
	}
	for from := 0; from < n; from += size {
		f(from, min(n, from+size))
	}
}

// want builds a Check from the shapes expected.
func want(name string, in []Shape, expected ...Shape) error {
	if len(in) != len(expected) {
		return fmt.Errorf("op: %s: %d inputs, want %d", name, len(in), len(expected))
	}
	for i, e := range expected {
		if in[i].Cols != e.Cols || in[i].Rows.Cap != e.Rows.Cap {
			return fmt.Errorf("op: %s: input %d is %dx%d, want %dx%d", name, i, in[i].Rows.Cap, in[i].Cols, e.Rows.Cap, e.Cols)
		}
		if !in[i].Rows.same(e.Rows) {
			return fmt.Errorf("op: %s: input %d has rows of another family than the operation works on", name, i)
		}
	}
	return nil
}

// weight is a packed copy of a matrix that changes with Env.Version only.
type weight struct {
	packed         kern.Packed
	version, epoch uint64
	fresh          bool
}

func (w *weight) get(e *Env, b []float32, k, n int, transposed bool) *kern.Packed {
	if !w.fresh || w.version != e.Version || w.epoch != e.Epoch {
		ld := n
		if transposed {
			ld = k
		}
		w.packed.Pack(e.Threads, b, ld, k, n, transposed)
		w.fresh, w.version, w.epoch = true, e.Version, e.Epoch
	}
	return &w.packed
}

// sumPart is the number of rows that a partial sum covers; fixed, so that sums
// over rows have one order of additions.
const sumPart = 128

// columnSums writes the sums of the columns of x, rows x n, to out.
func columnSums(e *Env, rows, n int, x, out []float32, scratch *[]float32) {
	parts := (rows + sumPart - 1) / sumPart
	partial := grow(scratch, parts*n)
	kern.ParRows(e.Threads, rows, sumPart, func(from, to int) {
		p := partial[from/sumPart*n:][:n]
		clear(p)
		for i := from; i < to; i++ {
			kern.Add(p, x[i*n:(i+1)*n], p)
		}
	})
	addParts(parts, n, partial, out)
}

// addParts adds up partial sums, unless nobody wants them.
func addParts(parts, n int, partial, out []float32) {
	if out == nil {
		return
	}
	clear(out[:n])
	for p := range parts {
		kern.Add(out[:n], partial[p*n:(p+1)*n], out[:n])
	}
}

// grow makes *s at least n long, keeping its memory; the contents are undefined.
func grow(s *[]float32, n int) []float32 {
	if cap(*s) < n {
		*s = make([]float32, n+n/4+kern.Lane)
	}
	*s = (*s)[:cap(*s)]
	return (*s)[:n]
}
