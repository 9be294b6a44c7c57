package optest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
)

// Case is an operation with a batch and its definition.
type Case struct {
	Op  op.Op
	Env *op.Env // the operation's
	// Shapes and In are its inputs; In has the live rows only.
	Shapes []op.Shape
	In     [][]float32
	// Form is the definition: the live rows of the output from those of the
	// inputs.
	Form func(in [][]float64) []float64
	// Constant says which inputs Form has no gradient for; nil for none.
	Constant []bool
	// Same gives all rows of the output one gradient, for losses of which only
	// the sum counts.
	Same bool
	// Forward and Backward are the largest errors allowed; 0 counts as 1e-5.
	// They are shares of the largest entry of the output, or of that of the
	// gradient or a tenth of the output's gradient, and of 0.01 at least.
	Forward, Backward float64
}

// result is all that a run of an operation wrote.
type result struct {
	out []float32
	din [][]float32
}

// poison fills what must not be read or must be overwritten.
var poison = float32(math.NaN())

// Check proves that the operation's forward pass is Form, that its backward
// pass is the gradient of Form, that gradients are overwritten, not added to,
// that dead rows are neither read nor written, that a gradient nobody wants is
// left out, and that nothing depends on Env.Threads. r draws the gradient of the
// output and what is checked.
func Check(tb testing.TB, r *rand.Rand, c Case) {
	tb.Helper()
	if err := c.Op.Check(c.Shapes); err != nil {
		tb.Fatal(err)
	}
	shape := c.Op.Shape()
	dout := make([]float32, shape.Rows.Live*shape.Cols)
	for i := range dout {
		dout[i] = float32(r.NormFloat64())
		if c.Same {
			dout[i] = dout[0]
		}
	}
	all := make([]bool, len(c.In))
	for i := range all {
		all[i] = true
	}
	c.Env.Train, c.Env.Threads = true, 1
	got := c.run(tb, dout, all)

	in := make([][]float64, len(c.In))
	for i := range in {
		in[i] = wide(c.In[i])
	}
	want := c.Form(in)
	c.compare(tb, "output", got.out, want, c.Forward)
	c.gradients(tb, r, in, wide(dout), got)

	for _, threads := range []int{1, 2, 5} {
		c.Env.Threads = threads
		c.same(tb, fmt.Sprintf("again, with %d threads", threads), got, c.run(tb, dout, all))
	}
	for i := range all {
		only := make([]bool, len(all))
		only[i] = true
		c.same(tb, fmt.Sprintf("only the gradient of input %d wanted", i), got, c.run(tb, dout, only))
	}
	c.Env.Train = false
	c.same(tb, "without training", result{out: got.out}, c.run(tb, nil, nil))
}

// run makes a forward and, with dout, a backward pass over poisoned buffers.
func (c *Case) run(tb testing.TB, dout []float32, wanted []bool) result {
	tb.Helper()
	c.Env.Version++
	in := make([][]float32, len(c.In))
	for i, s := range c.Shapes {
		in[i] = poisoned(s)
		if n := copy(in[i], c.In[i]); n != s.Rows.Live*s.Cols {
			tb.Fatalf("input %d has %d values, want %d", i, len(c.In[i]), s.Rows.Live*s.Cols)
		}
	}
	shape := c.Op.Shape()
	out := poisoned(shape)
	c.Op.Forward(in, out)
	live := shape.Rows.Live * shape.Cols
	c.untouched(tb, "output", out[live:])
	if dout == nil {
		return result{out: out[:live]}
	}
	d := poisoned(shape)
	copy(d, dout)
	din := make([][]float32, len(c.Shapes))
	for i, s := range c.Shapes {
		if wanted[i] {
			din[i] = poisoned(s)
		}
	}
	c.Op.Backward(in, out, d, din)
	for i, s := range c.Shapes {
		if wanted[i] {
			n := s.Rows.Live * s.Cols
			c.untouched(tb, fmt.Sprintf("gradient %d", i), din[i][n:])
			din[i] = din[i][:n]
		}
	}
	return result{out[:live], din}
}

func poisoned(s op.Shape) []float32 {
	return slices.Repeat([]float32{poison}, s.Rows.Cap*s.Cols)
}

func (c *Case) untouched(tb testing.TB, what string, dead []float32) {
	tb.Helper()
	for i, v := range dead {
		if v == v {
			tb.Fatalf("%s: the %s's dead rows were written at %d", c.Op.Name(), what, i)
		}
	}
}

// compare holds a whole output or gradient against its definition.
func (c *Case) compare(tb testing.TB, what string, got []float32, want []float64, tolerance float64) {
	tb.Helper()
	if len(got) != len(want) {
		tb.Fatalf("%s: the %s has %d values, its definition %d", c.Op.Name(), what, len(got), len(want))
	}
	limit := or(tolerance, 1e-5) * scale(want)
	for i, w := range want {
		if w == op.Illegal {
			if float64(got[i]) > 0.999*op.Illegal {
				tb.Fatalf("%s: %s at %d is %v, want what is not legal", c.Op.Name(), what, i, got[i])
			}
			continue
		}
		if !(math.Abs(float64(got[i])-w) <= limit) {
			tb.Fatalf("%s: %s at %d is %v, want %v within %.2g", c.Op.Name(), what, i, got[i], w, limit)
		}
	}
}

// scale is the largest finite entry, at least 0.01.
func scale(x []float64) float64 {
	top := 0.01
	for _, v := range x {
		if v != op.Illegal {
			top = max(top, math.Abs(v))
		}
	}
	return top
}

// entries is how many entries of a gradient are checked one by one.
const entries = 12

// gradients holds the backward pass against central differences: entry by
// entry, and along a random direction through all entries of an input.
func (c *Case) gradients(tb testing.TB, r *rand.Rand, in [][]float64, dout []float64, got result) {
	tb.Helper()
	value := func() float64 {
		var s float64
		for i, v := range c.Form(in) {
			if v != op.Illegal {
				s += v * dout[i]
			}
		}
		return s
	}
	for k := range in {
		if c.Constant != nil && c.Constant[k] || len(in[k]) == 0 {
			continue
		}
		grad := wide(got.din[k])
		limit := or(c.Backward, 1e-5) * max(scale(grad), scale(dout)/10)
		for _, i := range sample(r, len(in[k])) {
			dir := make([]float64, len(in[k]))
			dir[i] = 1
			if want := Slope(value, in[k], dir); !(math.Abs(grad[i]-want) <= limit) {
				tb.Fatalf("%s: gradient %d at %d is %v, by differences %v, within %.2g", c.Op.Name(), k, i, grad[i], want, limit)
			}
		}
		dir := make([]float64, len(in[k]))
		var slope float64
		for i := range dir {
			dir[i] = r.NormFloat64() / math.Sqrt(float64(len(dir)))
			slope += dir[i] * grad[i]
		}
		if want := Slope(value, in[k], dir); !(math.Abs(slope-want) <= limit) {
			tb.Fatalf("%s: gradient %d along a direction is %v, by differences %v, within %.2g", c.Op.Name(), k, slope, want, limit)
		}
	}
}

// sample is the first and last and some other of n places.
func sample(r *rand.Rand, n int) []int {
	if n <= entries {
		return r.Perm(n)
	}
	list := []int{0, n - 1}
	for len(list) < entries {
		list = append(list, r.IntN(n))
	}
	return list
}

// Slope is the derivative of f along dir by central differences of fourth
// order, exact to about 1e-9 of f's scale. f reads x, which Slope moves and puts
// back.
func Slope(f func() float64, x, dir []float64) float64 {
	const h = 1e-3
	old := slices.Clone(x)
	at := func(s float64) float64 {
		for i := range x {
			x[i] = old[i] + s*dir[i]
		}
		return f()
	}
	near, far := at(h)-at(-h), at(2*h)-at(-2*h)
	copy(x, old)
	return (8*near - far) / (12 * h)
}

// same compares two results bit for bit; gradients that only one has do not
// count.
func (c *Case) same(tb testing.TB, what string, a, b result) {
	tb.Helper()
	if i := Differ(a.out, b.out); i >= 0 {
		tb.Fatalf("%s: %s: output %d is %v, was %v", c.Op.Name(), what, i, b.out[i], a.out[i])
	}
	for k := range a.din {
		if a.din[k] == nil || b.din[k] == nil {
			continue
		}
		if i := Differ(a.din[k], b.din[k]); i >= 0 {
			tb.Fatalf("%s: %s: gradient %d at %d is %v, was %v", c.Op.Name(), what, k, i, b.din[k][i], a.din[k][i])
		}
	}
}

// Differ is the first place where two slices of equal length differ in their
// bits, or -1. The sign of zero does not count.
func Differ(a, b []float32) int {
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return -1
}

func wide(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

func or(v, def float64) float64 {
	if v == 0 {
		return def
	}
	return v
}
