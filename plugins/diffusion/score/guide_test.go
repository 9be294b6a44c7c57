package score

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/noise"
)

// Two normals of the line, around minus and plus apart.
const apart, wide = 0.8, 0.6

// pair is points of both with the log-densities under both.
func pair(n int, seed uint64) *Labelled {
	r := rand.New(rand.NewPCG(seed, 0))
	l := &Labelled{Data: Data{Dim: 1}}
	for i := range n {
		label := i % 2
		x := apart*float64(2*label-1) + wide*r.NormFloat64()
		l.Points, l.Label = append(l.Points, float32(x)), append(l.Label, label)
		for k := range 2 {
			d := (x - apart*float64(2*k-1)) / wide
			l.LogBase = append(l.LogBase, -d*d/2)
		}
	}
	return l
}

// truth is Q of the observations (0,0), (0,1) and (1,1) at x_t, by quadrature over
// the clean point.
func truth(p noise.Process, t, x float64) (q [3]float64) {
	alpha, sigma := p.Alpha(t), p.Sigma(t)
	var sum float64
	for x0 := -6.; x0 < 6; x0 += 2e-3 {
		a, b := (x0+apart)/wide, (x0-apart)/wide
		e := (x - alpha*x0) / sigma
		kernel := math.Exp(-e * e / 2)
		pa, pb := math.Exp(-a*a/2), math.Exp(-b*b/2)
		w := (pa + pb) * kernel
		first := pa / (pa + pb)
		sum += w
		q[0] += w * first * first
		q[1] += w * first * (1 - first)
		q[2] += w * (1 - first) * (1 - first)
	}
	for k := range q {
		q[k] /= sum
	}
	return q
}

func trainedGuide(t *testing.T, c GuideConfig, learn *Labelled) *Guide {
	t.Helper()
	c.Network = Settings{Kind: "mlp", Network: &MLP{Width: 32, Layers: 1}}
	c.Batch, c.Validate = 128, 300
	tr, err := NewGuideTrainer(c, process(t, noise.VP), []string{"a", "b"}, learn, pair(1000, 2), 5)
	if err != nil {
		t.Fatal(err)
	}
	for !tr.Done() {
		if _, err := tr.Update(); err != nil {
			t.Fatal(err)
		}
	}
	w := tr.weights()
	data, err := w.Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	g, err := DecodeGuide(data, 2)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestAGuideLearnsWhatIsObservedOfTheCleanPoint(t *testing.T) {
	for _, labels := range []string{labelsExact, labelsEMA} {
		g := trainedGuide(t, GuideConfig{Labels: labels, Config: Config{Steps: 1200, Average: .99}}, pair(8000, 1))
		if i := g.Info(); !slices.Equal(i.Outcomes, []string{"a,a", "a,b", "b,b"}) || i.Dimension != 1 {
			t.Errorf("it tells %v apart", i)
		}
		p := process(t, noise.VP)
		var req sdk.GuideRequest
		for _, at := range []float64{0.01, 0.2, 0.5, 0.9} {
			for _, z := range []float64{-1.5, -.5, 0, .7, 1.4} {
				req.Points = append(req.Points, float32(z*math.Sqrt(p.Alpha(at)*p.Alpha(at)*(apart*apart+wide*wide)+p.Sigma(at)*p.Sigma(at))))
				req.Times = append(req.Times, at)
			}
		}
		r, err := g.LogQ(t.Context(), &req)
		if err != nil {
			t.Fatal(err)
		}
		var worst float64
		for i, at := range req.Times {
			want := truth(p, at, float64(req.Points[i]))
			got := [3]float64{}
			for k := range got {
				got[k] = math.Exp(float64(r.LogQ[3*i+k]))
				worst = max(worst, math.Abs(got[k]-want[k]))
			}
			if sum := got[0] + 2*got[1] + got[2]; math.Abs(sum-1) > 1e-5 {
				t.Errorf("%s: all observations together have %v", labels, sum)
			}
		}
		t.Logf("%s: off by %.4f", labels, worst)
		if worst > .06 {
			t.Errorf("%s: Q is off by %.3f", labels, worst)
		}
	}
}

func TestGradientsOfAGuideAreDifferences(t *testing.T) {
	g := trainedGuide(t, GuideConfig{Observations: 3, Config: Config{Steps: 30}}, pair(500, 1))
	const h = 2e-2
	var req, near sdk.GuideRequest
	r := rand.New(rand.NewPCG(1, 4))
	for range 400 { // more than one run takes
		x, at := float32(2*r.NormFloat64()), .05+.95*r.Float64()
		req.Points, req.Times = append(req.Points, x), append(req.Times, at)
		near.Points, near.Times = append(near.Points, x+h, x-h), append(near.Times, at, at)
	}
	req.Gradient = true
	got, err := g.LogQ(t.Context(), &req)
	if err != nil {
		t.Fatal(err)
	}
	sides, err := g.LogQ(t.Context(), &near)
	if err != nil {
		t.Fatal(err)
	}
	const k = 4 // multisets of three observations of two models
	if len(got.Gradient) != 400*k {
		t.Fatalf("%d numbers of gradient", len(got.Gradient))
	}
	for i := range req.Times {
		for c := range k {
			want := float64(sides.LogQ[2*i*k+c]-sides.LogQ[(2*i+1)*k+c]) / float64(near.Points[2*i]-near.Points[2*i+1])
			if v := float64(got.Gradient[i*k+c]); math.Abs(v-want) > 5e-3+.02*math.Abs(want) {
				t.Fatalf("point %d, outcome %d: gradient %v, difference %v", i, c, v, want)
			}
		}
	}
	again, err := g.LogQ(t.Context(), &sdk.GuideRequest{Points: req.Points[100:103], Times: req.Times[100:103], Gradient: true})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(again.Gradient, got.Gradient[100*k:103*k]) {
		t.Error("the gradient depends on the batch")
	}
}

func TestCompletionsAreAProbability(t *testing.T) {
	w := []float64{.2, .5, .3}
	o := &Outcomes{Models: []string{"a", "b", "c"}, Observations: 3}
	if err := o.check(); err != nil {
		t.Fatal(err)
	}
	if len(o.Lists) != 10 {
		t.Fatalf("%d outcomes", len(o.Lists))
	}
	for first := range 3 {
		var sum float64
		for _, list := range o.Lists {
			// By adding up all orders of the two that are left.
			var want float64
			for y := range 3 {
				for z := range 3 {
					all := []int{first, y, z}
					slices.Sort(all)
					if slices.Equal(all, list) {
						want += w[y] * w[z]
					}
				}
			}
			got := completions(list, first, w)
			sum += got
			if math.Abs(got-want) > 1e-12 {
				t.Errorf("%v behind %d: %v, want %v", list, first, got, want)
			}
		}
		if math.Abs(sum-1) > 1e-12 {
			t.Errorf("all lists behind %d have %v", first, sum)
		}
	}
}

func TestMistakesOfAGuideAreErrors(t *testing.T) {
	p := process(t, noise.VP)
	known, unknown := pair(100, 1), pair(100, 1)
	unknown.LogBase = nil
	for want, c := range map[string]struct {
		GuideConfig
		models []string
		data   *Labelled
	}{
		"labels is \"best\"":      {GuideConfig{Labels: "best"}, []string{"a", "b"}, known},
		"no likelihood":           {GuideConfig{Labels: labelsExact}, []string{"a", "b"}, unknown},
		"two are needed":          {GuideConfig{}, []string{"a"}, known},
		"observations is 9":       {GuideConfig{Observations: 9}, []string{"a", "b"}, known},
		"samples is 3":            {GuideConfig{Samples: 3}, []string{"a", "b"}, known},
		"there is no point of c":  {GuideConfig{}, []string{"a", "b", "c"}, known},
		"width of the network is": {GuideConfig{Config: Config{Network: Settings{Kind: "mlp", Network: &MLP{Width: 3}}}}, []string{"a", "b"}, known},
	} {
		if _, err := NewGuideTrainer(c.GuideConfig, p, c.models, c.data, c.data, 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	bad := &Labelled{Label: []int{0, 2}}
	if err := bad.check(2); err == nil {
		t.Error("a label beyond the classes passes")
	}
}
