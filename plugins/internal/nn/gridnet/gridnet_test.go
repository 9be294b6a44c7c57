package gridnet

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
)

// reference is the network by its definition, in double precision.
type reference struct {
	shape  Shape
	params [paramCount][]float64
}

func referenceOf(n *Net) *reference {
	r := &reference{shape: n.Shape}
	for i, p := range n.params {
		for _, v := range p.Data {
			r.params[i] = append(r.params[i], float64(v))
		}
	}
	return r
}

func leaky64(x float64) float64 { return math.Max(x, 0) + Slope*math.Min(x, 0) }

// outputs are those of a point, and the least distance of a unit's input from
// its kink.
func (r *reference) outputs(point []int) (out []float64, kink float64) {
	s := r.shape
	kink = math.Inf(1)
	unit := func(z float64) float64 {
		kink = math.Min(kink, math.Abs(z))
		return leaky64(z)
	}
	hot := make([]float64, s.Dim*s.Side)
	for axis, x := range point {
		hot[axis*s.Side+x] = 1
	}
	layer := func(x []float64, weights, bias int, n int) []float64 {
		y := make([]float64, n)
		copy(y, r.params[bias])
		for i, v := range x {
			if v != 0 {
				for j, w := range r.params[weights][i*n:][:n] {
					y[j] += v * w
				}
			}
		}
		return y
	}
	h := layer(hot, firstWeights, firstBias, s.Width)
	for i := range h {
		h[i] = unit(h[i])
	}
	h = layer(h, secondWeights, secondBias, s.Width)
	for i := range h {
		h[i] = unit(h[i])
	}
	return layer(h, lastWeights, lastBias, s.OutWidth())[:s.Outputs], kink
}

// network is a net with biases that are not zero.
func network(tb testing.TB, s Shape, threads int, seed uint64) *Net {
	tb.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	p := nn.NewParams(nil)
	if err := s.Declare(p, r); err != nil {
		tb.Fatal(err)
	}
	for _, name := range []string{"first.b", "second.b", "last.b"} {
		x := p.Get(name)
		for i := range x.Data {
			if name != "last.b" || i < s.Outputs {
				x.Data[i] = float32(0.1 * r.NormFloat64())
			}
		}
	}
	n, err := New(s, p, threads)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

func points(s Shape, n int, r *rand.Rand) [][]int {
	list := make([][]int, n)
	for i := range list {
		list[i] = make([]int, s.Dim)
		for a := range list[i] {
			list[i][a] = r.IntN(s.Side)
		}
	}
	return list
}

func filled(n *Net, list [][]int) *Batch {
	b := n.NewBatch()
	for _, p := range list {
		b.Add(p)
	}
	n.Forward(b, 0)
	return b
}

var shapes = []Shape{
	{Dim: 2, Side: 8, Width: 32, Outputs: 3},
	{Dim: 1, Side: 2, Width: 16, Outputs: 1},
	{Dim: 5, Side: 3, Width: 48, Outputs: 17},
	{Dim: 2, Side: 32, Width: 160, Outputs: 5},
}

// onEach runs a test on every instruction set.
func onEach(t *testing.T, f func(t *testing.T)) {
	before := kern.Active()
	defer func() { _ = kern.Use(before) }()
	for _, name := range kern.Available() {
		if err := kern.Use(name); err != nil {
			t.Fatal(err)
		}
		t.Run(name, f)
	}
}

func TestForwardIsTheDefinition(t *testing.T) {
	onEach(t, func(t *testing.T) {
		for _, s := range shapes {
			n := network(t, s, 2, 3)
			list := points(s, 203, rand.New(rand.NewPCG(4, 5)))
			b := filled(n, list)
			ref := referenceOf(n)
			for i, p := range list {
				want, _ := ref.outputs(p)
				for k, v := range b.Out(i) {
					if math.Abs(float64(v)-want[k]) > 2e-5*(1+math.Abs(want[k])) {
						t.Fatalf("%+v: output %d of %v is %v, want %v", s, k, p, v, want[k])
					}
				}
			}
		}
	})
}

// The loss is a fixed combination of all outputs; its slope in each parameter
// tried is the difference quotient of the definition.
func TestBackwardIsTheSlope(t *testing.T) {
	onEach(t, func(t *testing.T) {
		for _, s := range shapes {
			n := network(t, s, 2, 7)
			n.Train()
			r := rand.New(rand.NewPCG(8, 9))
			list := points(s, 61, r)
			ref := referenceOf(n)
			const h = 1e-6
			list = slices.DeleteFunc(list, func(p []int) bool { _, kink := ref.outputs(p); return kink < 1e-4 })
			b := filled(n, list)
			dout := make([]float32, len(list)*s.OutWidth())
			for i := range list {
				for k := range s.Outputs {
					dout[i*s.OutWidth()+k] = float32(r.NormFloat64())
				}
			}
			for range 2 { // gradients are written, not added to
				n.Backward(b, dout)
			}
			loss := func() (sum float64) {
				for i, p := range list {
					out, _ := ref.outputs(p)
					for k, v := range out {
						sum += v * float64(dout[i*s.OutWidth()+k])
					}
				}
				return sum
			}
			for i, p := range n.params {
				norm := math.Sqrt(kern.SumSquares(p.Grad) / float64(len(p.Grad)))
				for range 8 {
					k := r.IntN(len(p.Data))
					if cols := p.Cols; i >= lastWeights {
						k = k/cols*cols + r.IntN(s.Outputs)
					}
					x := &ref.params[i][k]
					was := *x
					*x = was + h
					up := loss()
					*x = was - h
					down := loss()
					*x = was
					want := (up - down) / (2 * h)
					if math.Abs(float64(p.Grad[k])-want) > 1e-4*(norm+math.Abs(want))+1e-6 {
						t.Errorf("%+v: slope of %s[%d] is %v, want %v", s, p.Name, k, p.Grad[k], want)
					}
				}
			}
			for k, v := range n.params[lastBias].Grad[s.Outputs:] {
				if v != 0 {
					t.Errorf("%+v: padding output %d has the slope %v", s, k, v)
				}
			}
		}
	})
}

// Neither the threads, nor the batch around a point, nor how points were added
// changes a bit.
func TestResultsDependOnThePointAlone(t *testing.T) {
	onEach(t, func(t *testing.T) {
		s := Shape{Dim: 3, Side: 9, Width: 64, Outputs: 4}
		list := points(s, 307, rand.New(rand.NewPCG(10, 11)))
		one, three := network(t, s, 1, 12), network(t, s, 3, 12)
		whole := filled(one, list)
		parts := three.NewBatch()
		r := rand.New(rand.NewPCG(13, 14))
		for len(list) > parts.Len() {
			from := parts.Len()
			for range min(1+r.IntN(150), len(list)-from) {
				parts.Add(list[parts.Len()])
			}
			three.Forward(parts, from)
		}
		alone := one.NewBatch()
		for i, p := range list {
			alone.Reset()
			alone.Add(p)
			one.Forward(alone, 0)
			if !slices.Equal(whole.Out(i), parts.Out(i)) || !slices.Equal(whole.Out(i), alone.Out(0)) {
				t.Fatalf("point %d: %v in a batch, %v in parts, %v alone", i, whole.Out(i), parts.Out(i), alone.Out(0))
			}
		}
		dout := make([]float32, len(list)*s.OutWidth())
		for i := range dout {
			if i%s.OutWidth() < s.Outputs {
				dout[i] = float32(r.NormFloat64())
			}
		}
		one.Train()
		three.Train()
		one.Backward(whole, dout)
		three.Backward(parts, dout)
		for i, p := range one.params {
			if !slices.Equal(p.Grad, three.params[i].Grad) {
				t.Errorf("the gradient of %s depends on the threads", p.Name)
			}
		}
	})
}

func TestUpdateReadsTheParametersAnew(t *testing.T) {
	s := shapes[0]
	n := network(t, s, 1, 15)
	list := points(s, 20, rand.New(rand.NewPCG(16, 17)))
	for _, p := range n.Params() {
		kern.Scale(0.5, p.Data, p.Data)
	}
	n.Update()
	b := filled(n, list)
	ref := referenceOf(n)
	for i, p := range list {
		want, _ := ref.outputs(p)
		if got := float64(b.Out(i)[0]); math.Abs(got-want[0]) > 1e-5 {
			t.Fatalf("output of %v is %v, want %v", p, got, want[0])
		}
	}
}

func TestForwardAllocatesNothing(t *testing.T) {
	s := Shape{Dim: 2, Side: 32, Width: 64, Outputs: 3}
	n := network(t, s, 1, 18)
	list := points(s, 300, rand.New(rand.NewPCG(19, 20)))
	b := filled(n, list)
	if a := testing.AllocsPerRun(20, func() {
		b.Reset()
		for _, p := range list {
			b.Add(p)
		}
		n.Forward(b, 0)
	}); a > 0 {
		t.Errorf("%v allocations a batch", a)
	}
}

func TestWrongShapesAndParametersAreRefused(t *testing.T) {
	for _, s := range []Shape{{Dim: 0, Side: 2, Width: 16, Outputs: 1}, {Dim: 1, Side: 1, Width: 16, Outputs: 1}, {Dim: 1, Side: 2, Width: 24, Outputs: 1}, {Dim: 1, Side: 2, Width: 16}, {Dim: 64, Side: 2048, Width: 16, Outputs: 1}} {
		if s.Check() == nil || s.Declare(nn.NewParams(nil), rand.New(rand.NewPCG(1, 1))) == nil {
			t.Errorf("%+v is accepted", s)
		}
	}
	s := shapes[0]
	p := nn.NewParams(nil)
	if _, err := New(s, p, 1); err == nil || !strings.Contains(err.Error(), "first.w is missing") {
		t.Errorf("no parameters: %v", err)
	}
	if err := s.Declare(p, rand.New(rand.NewPCG(1, 1))); err != nil {
		t.Fatal(err)
	}
	s.Outputs = 30
	if _, err := New(s, p, 1); err == nil || !strings.Contains(err.Error(), "last.w is 32x16, not 32x32") {
		t.Errorf("other outputs: %v", err)
	}
}

func BenchmarkNet(b *testing.B) {
	s := Shape{Dim: 2, Side: 32, Width: 256, Outputs: 3}
	list := points(s, 384, rand.New(rand.NewPCG(1, 2)))
	for _, threads := range []int{1, 2} {
		n := network(b, s, threads, 1)
		n.Train()
		batch := filled(n, list)
		dout := make([]float32, len(list)*s.OutWidth())
		product := 2 * float64(len(list)*s.Width*s.Width)
		rate := func(b *testing.B, f float64) {
			b.ReportMetric(f*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		}
		b.Run(fmt.Sprintf("forward/threads=%d", threads), func(b *testing.B) {
			for b.Loop() {
				n.Forward(batch, 0)
			}
			rate(b, product)
		})
		b.Run(fmt.Sprintf("backward/threads=%d", threads), func(b *testing.B) {
			for b.Loop() {
				n.Backward(batch, dout)
			}
			rate(b, 2*product)
		})
		b.Run(fmt.Sprintf("update/threads=%d", threads), func(b *testing.B) {
			for b.Loop() {
				n.Update()
			}
		})
	}
}
