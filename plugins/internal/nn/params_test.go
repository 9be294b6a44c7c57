package nn_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
)

// drawn are parameters as a model asked for them.
func drawn(t *testing.T, seed uint64) *nn.Params {
	t.Helper()
	p := params(seed)
	b := nn.NewRunner(p, 1)
	b.Param("normal", 100, 32, nn.Init{Noise: 0.5, Value: 2, Decay: true})
	b.Param("ones", 1, 16, nn.Init{Value: 1, Rate: 0.25})
	if err := b.Err(); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestParametersStartAsTheyShould(t *testing.T) {
	p := drawn(t, 5)
	if p.Count() != 100*32+16 || len(p.All()) != 2 || p.Get("no") != nil {
		t.Fatalf("%d floats in %d parameters", p.Count(), len(p.All()))
	}
	x := p.Get("normal")
	var mean, square float64
	for _, v := range x.Data {
		mean += float64(v) / float64(len(x.Data))
		square += float64(v) * float64(v) / float64(len(x.Data))
	}
	near(t, "the mean", mean, 2, 0.05) // six standard errors of 3200 draws
	near(t, "the variance", square-mean*mean, 0.25, 0.04)
	if x.Rate != 1 || !x.Decay {
		t.Errorf("rate %v, decay %v", x.Rate, x.Decay)
	}
	y := p.Get("ones")
	if !slices.Equal(y.Data, slices.Repeat([]float32{1}, 16)) || y.Rate != 0.25 || y.Decay {
		t.Errorf("%+v", y)
	}
	if !slices.Equal(drawn(t, 5).Get("normal").Data, x.Data) {
		t.Error("one seed draws two starts")
	}
	if slices.Equal(drawn(t, 6).Get("normal").Data, x.Data) {
		t.Error("two seeds draw one start")
	}
}

func TestSetKeepsShapes(t *testing.T) {
	p := nn.NewParams(nil)
	data := normal(rand.New(rand.NewPCG(1, 2)), 32, 1)
	if err := p.Set("a", 2, 16, data); err != nil {
		t.Fatal(err)
	}
	x := p.Get("a")
	data[0]++
	if x.Data[0] == data[0] {
		t.Error("the caller's slice is the parameter's")
	}
	if err := p.Set("a", 2, 16, data); err != nil || p.Get("a") != x || x.Data[0] != data[0] {
		t.Errorf("set again: error %v, value %v", err, x.Data[0])
	}
	for want, err := range map[string]error{
		"nn: set a: it is 2x16, not 1x32":  p.Set("a", 1, 32, data),
		"nn: set a: 32 values for 3x16":    p.Set("a", 3, 16, data),
		"nn: set new: 32 values for 16x16": p.Set("new", 16, 16, data),
	} {
		if err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

func TestModelsAskForWhatIsThere(t *testing.T) {
	for want, build := range map[string]func(b nn.Builder){
		"nn: parameter a is 2x16, the model wants 4x16":                    func(b nn.Builder) { b.Param("a", 4, 16, nn.Init{}) },
		"nn: parameter b is missing":                                       func(b nn.Builder) { b.Param("b", 4, 16, nn.Init{}) },
		"nn: parameter a is used twice in one model":                       func(b nn.Builder) { b.Param("a", 2, 16, nn.Init{}); b.Param("a", 2, 16, nn.Init{}) },
		"nn: constant c has 17 columns, which is not a multiple of 16":     func(b nn.Builder) { b.Const("c", 1, 17, make([]float32, 17)) },
		"nn: input x has 3 columns, which is not a multiple of 16":         func(b nn.Builder) { b.Input("x", op.Fixed(2), 3) },
		"nn: parameter wide has 24 columns, which is not a multiple of 16": func(b nn.Builder) { b.Param("wide", 2, 24, nn.Init{}) },
		"nn: input a is used twice in one model":                           func(b nn.Builder) { b.Const("a", 1, 16, make([]float32, 16)); b.Input("a", op.Fixed(1), 16) },
	} {
		p := nn.NewParams(nil)
		if err := p.Set("a", 2, 16, make([]float32, 32)); err != nil {
			t.Fatal(err)
		}
		for _, b := range []nn.Builder{nn.NewGraph(p, 1), nn.NewRunner(p, 1)} {
			build(b)
			if err := b.Err(); err == nil || err.Error() != want {
				t.Errorf("%T: error %v, want %s", b, err, want)
			}
		}
	}
}

func TestTheFirstErrorOfAModelStays(t *testing.T) {
	for _, b := range []nn.Builder{nn.NewGraph(params(1), 1), nn.NewRunner(params(1), 1)} {
		x, _ := b.Input("x", op.Fixed(2), 16)
		h := nn.Linear(b, "first", x, 24, false, 1) // no multiple of 16
		h = nn.Norm(b, "second", h)
		h = b.Apply(&op.Norm{Env: b.Env(), Label: "third", Rows: op.Fixed(9), D: 64}, h, h, h)
		_ = nn.Linear(b, "fourth", h, 16, true, 1)
		if err := b.Err(); err == nil || !strings.Contains(err.Error(), "parameter first.w has 24 columns") {
			t.Errorf("%T: error %v", b, err)
		}
	}
}

func TestClonesAreApart(t *testing.T) {
	p := drawn(t, 3)
	c := p.Clone()
	for i, x := range p.All() {
		y := c.All()[i]
		if x == y || x.Name != y.Name || x.Rows != y.Rows || x.Cols != y.Cols || x.Rate != y.Rate || x.Decay != y.Decay || !slices.Equal(x.Data, y.Data) || c.Get(x.Name) != y {
			t.Fatalf("%+v became %+v", x, y)
		}
		y.Data[0]++
		if x.Data[0] == y.Data[0] {
			t.Fatalf("%s: the clone shares its memory", x.Name)
		}
	}
}

func TestAverageIsItsDefinition(t *testing.T) {
	each(t, func(t *testing.T) {
		for _, threads := range []int{1, 3} {
			p, q := drawn(t, 3), drawn(t, 4)
			before := p.Clone()
			p.Average(threads, 0.9, q)
			for i, x := range p.All() {
				for k, v := range x.Data {
					want := 0.9*float64(before.All()[i].Data[k]) + 0.1*float64(q.All()[i].Data[k])
					near(t, x.Name, float64(v), want, 1e-6)
				}
			}
		}
	})
}
