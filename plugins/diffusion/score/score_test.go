package score

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op/optest"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/noise"
	"github.com/molsculpt/molsculpt/sdk/plugintest"
)

func process(t *testing.T, name string) noise.Process {
	t.Helper()
	p, err := noise.New(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestMatchIsItsDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, live := range []int{0, 1, 7, 150} {
		rows, e := &op.Rows{Cap: live + 2, Live: live}, &op.Env{}
		o := &match{Env: e, Rows: rows, Numbers: 3, Columns: 16}
		x := make([]float32, live*16)
		for i := range x {
			x[i] = float32(r.NormFloat64())
		}
		for i := range live * 3 {
			o.Target = append(o.Target, float32(r.NormFloat64()))
			if i%3 == 0 {
				o.Weight = append(o.Weight, r.Float32())
			}
		}
		optest.Check(t, r, optest.Case{
			Op: o, Env: e, Shapes: []op.Shape{{Rows: rows, Cols: 16}}, In: [][]float32{x},
			Form: func(in [][]float64) []float64 {
				out := make([]float64, live)
				for i := range live {
					for j := range 3 {
						d := in[0][i*16+j] - float64(o.Target[i*3+j])
						out[i] += float64(o.Weight[i]) * d * d
					}
				}
				return out
			},
		})
	}
}

// A network that answers the target exactly has the score of the noise that was
// added, and targets of normal data have variance 1 at every time.
func TestScalingIsTheScoreOfTheNoise(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, name := range []string{noise.VP, noise.VE} {
		s := NewScaling(process(t, name), []float64{0.5, -2}, 0.7, 1e-3)
		points, code, target := make([]float32, 16), make([]float32, NoiseWidth), make([]float32, 2)
		for _, at := range []float64{1e-3, 0.1, 0.5, 1} {
			a := s.at(at)
			var squares, seen float64
			const n = 20000
			for range n {
				x0 := []float32{float32(0.5 + 0.7*r.NormFloat64()), float32(-2 + 0.7*r.NormFloat64())}
				noisy(&s, at, x0, r, points, code, target)
				squares += float64(target[0]*target[0]+target[1]*target[1]) / (2 * n)
				seen += float64(points[0]*points[0]+points[1]*points[1]) / (2 * n)
				x, again, got := make([]float32, 2), make([]float32, 16), make([]float32, 2)
				for j := range x {
					x[j] = float32(a.alpha * (s.Mean[j] + a.total*float64(points[j])))
				}
				s.input(a, x, again)
				s.score(a, x, target, got)
				for j := range x {
					want := (a.alpha*float64(x0[j]) - float64(x[j])) / (a.sigma * a.sigma)
					if math.Abs(float64(got[j])-want) > 2e-3*max(1/a.sigma, math.Abs(want)) || math.Abs(float64(again[j]-points[j])) > 1e-4 {
						t.Fatalf("%s at %g: score %v, want %v; input %v, was %v", name, at, got[j], want, again[j], points[j])
					}
				}
			}
			// The standard deviation of a mean of squares of 2n normals is sqrt(1/n).
			if bound := 5 / math.Sqrt(n); math.Abs(squares-1) > bound || math.Abs(seen-1) > bound {
				t.Errorf("%s at %g: variance %g of the target, %g of the input", name, at, squares, seen)
			}
		}
	}
}

// normals are points of a normal distribution.
func normals(n, d int, sd float64, seed uint64) *Data {
	r := rand.New(rand.NewPCG(seed, 0))
	out := &Data{Dim: d}
	for range n * d {
		out.Points = append(out.Points, float32(1+sd*r.NormFloat64()))
	}
	return out
}

func TestATrainedScoreIsThatOfNormalData(t *testing.T) {
	const sd = 0.6
	for _, name := range []string{noise.VP, noise.VE} {
		c := Config{Process: name, Network: Settings{Kind: "mlp", Network: &MLP{Width: 32, Layers: 1}}, Steps: 600, Batch: 128, Validate: 200}
		tr, err := NewTrainer(c, normals(20000, 2, sd, 1), normals(500, 2, sd, 2), 5)
		if err != nil {
			t.Fatal(err)
		}
		for !tr.Done() {
			if _, err := tr.Update(); err != nil {
				t.Fatal(err)
			}
		}
		m, err := tr.Model()
		if err != nil {
			t.Fatal(err)
		}
		p := process(t, name)
		var worst float64
		r := rand.New(rand.NewPCG(9, 9))
		for _, at := range []float64{0.01, 0.2, 0.6, 1} {
			a, s := p.Alpha(at), p.Sigma(at)
			v := a*a*sd*sd + s*s
			req := &sdk.DiffusionRequest{}
			for range 300 {
				req.Points = append(req.Points, float32(a+math.Sqrt(v)*r.NormFloat64()), float32(a+math.Sqrt(v)*r.NormFloat64()))
				req.Times = append(req.Times, at)
			}
			got, err := m.Score(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			var off float64
			for i, x := range req.Points {
				want := (a - float64(x)) / v
				off += (float64(got[i]) - want) * (float64(got[i]) - want) * s * s / float64(len(got))
			}
			worst = max(worst, math.Sqrt(off))
		}
		// In units of the noise; an answer of zero is off by 1 at time 1.
		if worst > 0.06 {
			t.Errorf("%s: the score is off by %.3f of the noise", name, worst)
		}
		t.Logf("%s: off by %.4f", name, worst)
		if _, best := tr.Best(); best == 0 {
			t.Error("nothing was measured")
		}
	}
}

func TestWeightsTravelAndAnswersDoNotDependOnTheBatch(t *testing.T) {
	c := Config{End: 0.05, Network: Settings{Kind: "mlp", Network: &MLP{Width: 32}}, Steps: 3, Validate: 2}
	tr, err := NewTrainer(c, normals(1000, 3, 1, 1), normals(10, 3, 1, 2), 5)
	if err != nil {
		t.Fatal(err)
	}
	for !tr.Done() {
		if _, err := tr.Update(); err != nil {
			t.Fatal(err)
		}
	}
	w := tr.weights()
	data, err := w.Encode(json.RawMessage(`{"a":1}`))
	if err != nil {
		t.Fatal(err)
	}
	m, err := newModel(w, 1)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	req := &sdk.DiffusionRequest{}
	for range 700 {
		for range 3 {
			req.Points = append(req.Points, float32(r.NormFloat64()))
		}
		req.Times = append(req.Times, r.Float64())
	}
	want, err := m.Score(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	for _, threads := range []int{1, 2, 3} {
		again, err := Decode(data, threads)
		if err != nil {
			t.Fatal(err)
		}
		if i := again.Info(); i.Dimension != 3 || i.Process != noise.VP || i.Parameters[noise.BetaMax] != 20 || i.End != 0.05 {
			t.Errorf("it says %+v", i)
		}
		for from := 0; from < 700; from += 233 {
			to := min(from+233, 700)
			part, err := again.Score(t.Context(), &sdk.DiffusionRequest{Points: req.Points[from*3 : to*3], Times: req.Times[from:to]})
			if err != nil {
				t.Fatal(err)
			}
			for i := range part {
				if part[i] != want[from*3+i] {
					t.Fatalf("threads %d: number %d is %v in a part, %v in the whole", threads, from*3+i, part[i], want[from*3+i])
				}
			}
		}
	}
	plugintest.Run(t, Plugin(), plugintest.Options{Diffusion: host.Model{Weights: data}})
	if _, err := m.Score(t.Context(), &sdk.DiffusionRequest{Points: req.Points[:3], Times: []float64{1.5}}); err == nil {
		t.Error("a time of 1.5 has a score")
	}
	for _, bad := range []string{`"dimension":3`, `"sd":`, `molsculpt-score/1`, `"kind":"mlp"`, `"width":32`} {
		other := strings.Replace(string(data), strings.ReplaceAll(bad, `"`, `\"`), strings.Repeat("9", len(strings.ReplaceAll(bad, `"`, `\"`))), 1)
		if other == string(data) {
			t.Fatalf("%s is not there", bad)
		}
		if _, err := Decode([]byte(other), 1); err == nil {
			t.Errorf("weights without %s load", bad)
		}
	}
}

func TestMistakesInOptionsAreErrors(t *testing.T) {
	for text, want := range map[string]string{
		`{"network": {"kind": "cnn"}}`:        "no network of kind",
		`{"network": {"wdth": 3}}`:            "no training option \"wdth\"",
		`{"network": {"width": 20}}`:          "width of the network is 20",
		`{"network": 3}`:                      "no group of keys",
		`{"process": "vp"}`:                   "process: ",
		`{"end": 0.7}`:                        "end is 0.7",
		`{"parameters": {"sigma": 3}}`:        "no parameter \"sigma\"",
		`{"batch": -1}`:                       "batch is -1",
		`{"network": {"layers": 100}}`:        "layers of the network are 100",
		`{"rate": -1, "network": {"kind":4}}`: "kind of network is no text",
	} {
		var c Config
		err := json.Unmarshal([]byte(text), &c)
		if err == nil {
			_, err = c.Complete(2)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", text, err, want)
		}
	}
	far := normals(100, 2, 100, 1)
	if _, err := NewTrainer(Config{}, far, far, 1); err == nil || !strings.Contains(err.Error(), "scale them") {
		t.Errorf("data too large for the process: %v", err)
	}
	one := &Data{Dim: 1, Points: []float32{2, 2}}
	if _, err := NewTrainer(Config{}, one, one, 1); err == nil || !strings.Contains(err.Error(), "all points are one") {
		t.Errorf("data that are one point: %v", err)
	}
	c, err := Config{}.Complete(2)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var back Config
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(back)
	if err != nil || string(again) != string(text) {
		t.Errorf("%s comes back as %s: %v", text, again, err)
	}
}
