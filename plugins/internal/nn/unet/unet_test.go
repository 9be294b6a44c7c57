package unet_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op/optest"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/unet"
)

// reference is the networks in float64, written anew from their description.
type reference struct {
	shape  unet.Shape
	params map[string][]float64
	images int
}

func (n *reference) grid(part int) *op.Grid {
	g := op.NewGrid(op.Fixed(n.images), n.shape.Height/part, n.shape.Width/part)
	g.Update()
	return g
}

func (n *reference) linear(name string, x []float64, gelu bool) []float64 {
	w, b := n.params[name+".w"], n.params[name+".b"]
	return optest.Linear(x, w, b, nil, len(w)/len(b), gelu)
}

func (n *reference) conv(name string, g *op.Grid, x, r []float64) []float64 {
	return optest.Conv(g, x, n.params[name+".w"], n.params[name+".b"], r, len(x)/g.Pixels.Live)
}

func (n *reference) norm(name string, g *op.Grid, x, film []float64) []float64 {
	gamma := n.params[name+".gamma"]
	return optest.GroupNorm(g, x, gamma, n.params[name+".beta"], film, len(gamma)/8)
}

func (n *reference) block(name string, g *op.Grid, x, noise []float64) []float64 {
	h := n.conv(name+".conv1", g, n.norm(name+".norm1", g, x, nil), nil)
	h = n.norm(name+".norm2", g, h, n.linear(name+".film", noise, false))
	skip := x
	if n.params[name+".skip.w"] != nil {
		skip = n.linear(name+".skip", x, false)
	}
	return n.conv(name+".conv2", g, h, skip)
}

// halve is a convolution with a stride of 2, written as a sum over the kernel.
func (n *reference) halve(name string, in, out *op.Grid, x []float64, side int) []float64 {
	w, b := n.params[name+".w"], n.params[name+".b"]
	channels := len(x) / in.Pixels.Live
	var y []float64
	for p := range out.Pixels.Live {
		image, top, left := p/out.Size(), p%out.Size()/out.Width*2-(side-2)/2, p%out.Width*2-(side-2)/2
		for c := range b {
			s := b[c]
			for k := range side * side * channels {
				i, j := top+k/channels/side, left+k/channels%side
				if i >= 0 && j >= 0 && i < in.Height && j < in.Width {
					s += x[(image*in.Size()+i*in.Width+j)*channels+k%channels] * w[k*len(b)+c]
				}
			}
			y = append(y, s)
		}
	}
	return y
}

// run is the output for images with their codes of noise: images, or numbers of
// classes.
func (n *reference) run(images, code []float64, classes bool) []float64 {
	full, half, quarter := n.grid(1), n.grid(2), n.grid(4)
	noise := n.linear("noise.second", n.linear("noise.first", code, true), true)
	fine := n.block("down", half, n.halve("stem", full, half, images, 4), noise)
	coarse := n.halve("shrink", half, quarter, fine, 2)
	coarse = n.block("middle0", quarter, coarse, noise)
	coarse = n.block("middle1", quarter, coarse, noise)
	if classes {
		pool := optest.Pool(&op.Pool{Grid: quarter, D: n.shape.Coarse}, n.norm("hidden.norm", quarter, coarse, nil))
		return n.linear("out", n.linear("hidden", pool, true), false)
	}
	both := optest.Join(&op.Join{Low: quarter, High: half, K: n.shape.Coarse, N: n.shape.Fine, Factor: 2}, coarse, fine)
	h := n.norm("out.norm", half, n.block("up", half, both, noise), nil)
	squares := n.conv("out", half, h, nil)
	return optest.Assemble(&op.Assemble{In: half, Out: full, Channels: n.shape.Channels, Width: len(squares) / half.Pixels.Live, Side: 2}, squares)
}

// small is a network that differences can be taken of.
var small = unet.Shape{Height: 8, Width: 4, Channels: 2, Fine: 16, Coarse: 32, Blocks: 2}

// define builds one of the two networks over random images.
func define(b nn.Builder, rows *op.Rows, classes bool, r *rand.Rand) (out nn.Value, images, code []float32) {
	x, images := b.Input("points", rows, small.Dimension())
	c, code := b.Input("noise", rows, 32)
	for i := range images[:rows.Live*small.Dimension()] {
		images[i] = float32(r.NormFloat64())
	}
	for i := range code[:rows.Live*32] {
		code[i] = float32(r.NormFloat64())
	}
	if classes {
		return small.Classes(b, x, c, 3), images, code
	}
	return small.Images(b, x, c), images, code
}

func wide(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

func TestNetworksAreTheirDefinitions(t *testing.T) {
	old := kern.Active()
	t.Cleanup(func() { _ = kern.Use(old) })
	for turn, name := range kern.Available() {
		if err := kern.Use(name); err != nil {
			t.Fatal(err)
		}
		for _, classes := range []bool{false, true} {
			t.Run(map[bool]string{false: "images ", true: "classes "}[classes]+name, func(t *testing.T) { testNetwork(t, classes, turn) })
		}
	}
}

// testNetwork looks at the slopes of some parameters, others at each turn: the
// definition is slow.
func testNetwork(t *testing.T, classes bool, turn int) {
	r := rand.New(rand.NewPCG(1, 2))
	params := nn.NewParams(r)
	const live = 2
	rows := &op.Rows{Cap: live, Live: live}
	g := nn.NewGraph(params, 2)
	out, images, code := define(g, rows, classes, rand.New(rand.NewPCG(3, 4)))
	if err := g.Minimize(out); err != nil {
		t.Fatal(err)
	}
	for _, p := range params.All() { // none at zero
		for i := range p.Data {
			p.Data[i] += float32(0.1 * r.NormFloat64())
		}
	}
	cost, err := g.Run(1)
	if err != nil {
		t.Fatal(err)
	}

	n := &reference{shape: small, params: map[string][]float64{}, images: live}
	for _, p := range params.All() {
		n.params[p.Name] = wide(p.Data)
	}
	x, c := wide(images), wide(code)
	sum := func() (s float64) {
		for _, v := range n.run(x, c, classes) {
			s += v
		}
		return s
	}
	if want := sum(); math.Abs(cost-want) > 1e-4*(1+math.Abs(want)) {
		t.Errorf("the cost is %v, want %v", cost, want)
	}
	for k, p := range params.All() {
		if k%len(kern.Available()) != turn {
			continue
		}
		dir, slope, size := make([]float64, len(p.Data)), 0.0, 0.0
		for i, v := range p.Grad {
			dir[i] = r.NormFloat64() / math.Sqrt(float64(len(dir)))
			slope += dir[i] * float64(v)
			size = max(size, math.Abs(float64(v)))
		}
		if want := optest.Slope(sum, n.params[p.Name], dir); math.Abs(slope-want) > 2e-4*(0.1+size) {
			t.Errorf("%s: the slope is %v, want %v", p.Name, slope, want)
		}
	}

	// The runner, with room for more images and another number of them.
	rows = &op.Rows{Cap: live + 4, Live: live}
	run := nn.NewRunner(params, 1)
	out, _, _ = define(run, rows, classes, rand.New(rand.NewPCG(3, 4)))
	for n.images = live; n.images > 0; n.images-- {
		rows.Live = n.images
		run.Run(uint64(n.images))
		got := run.Data(out)
		for i, want := range n.run(x[:n.images*small.Dimension()], c[:n.images*32], classes) {
			if math.Abs(float64(got[i])-want) > 1e-4*(1+math.Abs(want)) {
				t.Fatalf("of %d images output %d is %v, want %v", n.images, i, got[i], want)
			}
		}
	}
	if run.Err() != nil {
		t.Fatal(run.Err())
	}
}

func TestImpossibleShapesAreErrors(t *testing.T) {
	if err := small.Check(); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*unet.Shape){
		"10 x 4 pixels":     func(s *unet.Shape) { s.Height = 10 },
		"8 x 0 pixels":      func(s *unet.Shape) { s.Width = 0 },
		"0 channels":        func(s *unet.Shape) { s.Channels = 0 },
		"20 fine":           func(s *unet.Shape) { s.Fine = 20 },
		"8 coarse channels": func(s *unet.Shape) { s.Coarse = 8 },
		"0 blocks":          func(s *unet.Shape) { s.Blocks = 0 },
	} {
		s := small
		change(&s)
		err := s.Check()
		if err == nil || !strings.HasPrefix(err.Error(), "unet: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
