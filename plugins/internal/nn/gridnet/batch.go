package gridnet

import (
	"math"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
)

// Batch is points of the grid and what the layers made of them. It serves one
// goroutine.
type Batch struct {
	shape Shape
	n     int
	rows  []int32   // Dim to a point: the rows of the first weights
	a1    []float32 // stride to a point: the first hidden layer
	a2    []float32 // and the second
	out   []float32 // OutWidth to a point

	d1, d2 []float32 // gradients of a1 and a2
}

// stride is the distance between the layers of two points. It is no power of
// two, so that a column of them does not crowd in a few sets of the caches.
func (n *Net) stride() int { return n.Width + kern.Lane }

// NewBatch makes an empty batch.
func (n *Net) NewBatch() *Batch { return &Batch{shape: n.Shape} }

// Reset empties the batch and keeps its room.
func (b *Batch) Reset() { b.n, b.rows = 0, b.rows[:0] }

// Len is the number of points.
func (b *Batch) Len() int { return b.n }

// Add appends a point and gives its number. There are Dim coordinates, each
// from 0 to Side-1.
func (b *Batch) Add(coordinates []int) int {
	if len(coordinates) != b.shape.Dim {
		panic("gridnet: a point with another number of coordinates")
	}
	for axis, x := range coordinates {
		if x < 0 || x >= b.shape.Side {
			panic("gridnet: a coordinate beyond the side")
		}
		b.rows = append(b.rows, int32(axis*b.shape.Side+x))
	}
	b.n++
	return b.n - 1
}

// Out is the outputs of point i, after [Net.Forward]; valid until the next call
// of that.
func (b *Batch) Out(i int) []float32 {
	w := b.shape.OutWidth()
	return b.out[i*w:][:b.shape.Outputs]
}

// room is s with space for rows of w numbers; what is in it stays.
func room(s []float32, rows, w int) []float32 {
	if len(s) >= rows*w {
		return s
	}
	grown := make([]float32, max(rows, len(s)/w*2, 64)*w)
	copy(grown, s)
	return grown
}

// alone is how many points one goroutine computes sooner than two: to hand over
// takes longer than half of them do.
const alone = 4

// together is how many points a goroutine computes at a time: their layers stay
// in the second-level cache.
const together = 96

// Forward computes the points from number from on; the earlier ones were
// computed before, with the same parameters. With one thread or a few points it
// allocates nothing once the batch has grown.
func (n *Net) Forward(b *Batch, from int) {
	if b.shape != n.Shape {
		panic("gridnet: a batch of another network")
	}
	b.a1, b.a2, b.out = room(b.a1, b.n, n.stride()), room(b.a2, b.n, n.stride()), room(b.out, b.n, n.OutWidth())
	count := b.n - from
	if n.threads == 1 || count <= alone {
		n.forward(b, from, b.n)
		return
	}
	size := min(together, max(alone, (count+n.threads-1)/n.threads))
	kern.ParRows(n.threads, count, size, func(lo, hi int) { n.forward(b, from+lo, from+hi) })
}

func (n *Net) forward(b *Batch, from, to int) {
	ld, out := n.stride(), n.OutWidth()
	for ; from < to; from += together {
		count := min(together, to-from)
		a1, a2 := b.a1[from*ld:], b.a2[from*ld:]
		for i := range count {
			n.firstLayer(b.rows[(from+i)*n.Dim:], a1[i*ld:][:n.Width])
		}
		kern.Gemm(count, a1, ld, 1, &n.second, a2, ld, false, n.params[secondBias].Data)
		leaky(a2[:count*ld])
		kern.Gemm(count, a2, ld, 1, &n.last, b.out[from*out:], out, false, n.params[lastBias].Data)
	}
}

// firstLayer adds up the rows of a point.
func (n *Net) firstLayer(rows []int32, a []float32) {
	weights, z := n.params[firstWeights].Data, n.params[firstBias].Data
	for _, r := range rows[:n.Dim] {
		kern.Add(z, weights[int(r)*n.Width:][:n.Width], a)
		z = a
	}
	leaky(a)
}

// slopes is the derivative of a unit by the sign of its input, which is that of
// its output.
var slopes = [2]float32{1, Slope}

func leaky(x []float32) {
	for i, v := range x {
		x[i] = v * slopes[math.Float32bits(v)>>31]
	}
}

// leakyGrad turns the gradient of a layer's output a into that of its input.
func leakyGrad(a, d []float32) {
	d = d[:len(a)]
	for i, v := range a {
		d[i] *= slopes[math.Float32bits(v)>>31]
	}
}
