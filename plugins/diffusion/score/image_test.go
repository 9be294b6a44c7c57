package score

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/noise"
)

// marks are images of 8 x 8 pixels of one channel, with a bright line across at
// one of two heights, and some noise.
const (
	markSide  = 8
	markNoise = 0.2
)

func mark(which int) []float32 {
	x := make([]float32, markSide*markSide)
	for i := range markSide {
		x[(2+3*which)*markSide+i] = 2
	}
	return x
}

func marks(n int, seed uint64) *Data {
	r := rand.New(rand.NewPCG(seed, 1))
	d := &Data{Dim: markSide * markSide}
	for range n {
		for _, v := range mark(r.IntN(2)) {
			d.Points = append(d.Points, v+float32(markNoise*r.NormFloat64()))
		}
	}
	return d
}

// markScore is the score of noised marks: that of two normal distributions.
func markScore(alpha, sigma float64, x []float32) []float64 {
	v := alpha*alpha*markNoise*markNoise + sigma*sigma
	var far [2]float64
	for k := range far {
		for i, m := range mark(k) {
			c := float64(x[i]) - alpha*float64(m)
			far[k] += c * c / (2 * v)
		}
	}
	first := 1 / (1 + math.Exp(far[0]-far[1]))
	s := make([]float64, len(x))
	zero, one := mark(0), mark(1)
	for i := range s {
		mean := alpha * (first*float64(zero[i]) + (1-first)*float64(one[i]))
		s[i] = (mean - float64(x[i])) / v
	}
	return s
}

func TestAUNetLearnsTheScoreOfImages(t *testing.T) {
	c := Config{
		Network: Settings{Kind: "unet", Network: &UNet{Height: markSide, Fine: 16, Coarse: 16, Blocks: 1}},
		Steps:   300, Batch: 32, Rate: 0.005, Warmup: 20, Validate: 200, Average: 0.98, Threads: 2,
	}
	tr, err := NewTrainer(c, marks(4000, 1), marks(200, 2), 5)
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
	p := process(t, noise.VP)
	r := rand.New(rand.NewPCG(9, 9))
	const n = 100
	d := markSide * markSide
	for _, at := range []float64{0.3, 0.5, 0.8} {
		a, s := p.Alpha(at), p.Sigma(at)
		req := &sdk.DiffusionRequest{}
		for range n {
			for _, v := range mark(r.IntN(2)) {
				clean := float64(v) + markNoise*r.NormFloat64()
				req.Points = append(req.Points, float32(a*clean+s*r.NormFloat64()))
			}
			req.Times = append(req.Times, at)
		}
		got, err := m.Score(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		var off, size float64
		for i := range n {
			for j, want := range markScore(a, s, req.Points[i*d:(i+1)*d]) {
				e := float64(got[i*d+j]) - want
				off, size = off+e*e*s*s/float64(n*d), size+want*want*s*s/float64(n*d)
			}
		}
		t.Logf("at %g: off by %.3f of the noise; the score is %.3f of it", at, math.Sqrt(off), math.Sqrt(size))
		if math.Sqrt(off) > 0.2 {
			t.Errorf("at %g: the score is off by %.3f of the noise", at, math.Sqrt(off))
		}
		alone, err := m.Score(t.Context(), &sdk.DiffusionRequest{Points: req.Points[3*d : 4*d], Times: req.Times[3:4]})
		if err != nil {
			t.Fatal(err)
		}
		for j, v := range alone {
			if v != got[3*d+j] {
				t.Fatalf("at %g: number %d is %v alone, %v among others", at, j, v, got[3*d+j])
			}
		}
	}
}

func TestUNetsAreForImages(t *testing.T) {
	var s Settings
	if err := json.Unmarshal([]byte(`{"kind":"unet","fine":48}`), &s); err != nil {
		t.Fatal(err)
	}
	if err := s.complete(2 * 28 * 28); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(s)
	if err != nil || string(text) != `{"blocks":2,"coarse":64,"fine":48,"height":28,"kind":"unet","width":28}` {
		t.Errorf("written as %s, %v", text, err)
	}
	for settings, want := range map[string]string{
		`{"kind":"unet"}`:                          "points of 65 numbers are no images of 28 x 28",
		`{"kind":"unet","height":5,"width":13}`:    "must be multiples of 4",
		`{"kind":"unet","height":-1,"width":65}`:   "no images",
		`{"kind":"unet","height":1,"blocks":99}`:   "must be multiples of 4",
		`{"kind":"unet","coarse":30,"height":1}`:   "must be multiples of 4",
		`{"kind":"unet","depth":3}`:                "depth",
		`{"kind":"unet","fine":"many","height":1}`: "fine",
	} {
		var s Settings
		err := json.Unmarshal([]byte(settings), &s)
		if err == nil {
			err = s.complete(65)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", settings, err, want)
		}
	}
}
