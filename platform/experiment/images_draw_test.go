package experiment

import (
	"bytes"
	"context"
	"image/png"
	"math"
	"testing"

	"github.com/molsculpt/molsculpt/platform"
	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/diffuse"
	"github.com/molsculpt/molsculpt/platform/digits"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/noise"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// border parts images of one pixel in two classes.
const border = .7

// byBrightness is a judge of images of one pixel.
type byBrightness struct{}

func (byBrightness) Info() sdk.GuideInfo {
	return sdk.GuideInfo{Models: []string{"0", "1"}, Dimension: 1}
}

func (byBrightness) LogQ(_ context.Context, req sdk.GuideRequest) (sdk.GuideReply, error) {
	var out sdk.GuideReply
	for _, x := range req.Points {
		q := []float32{0, float32(math.Inf(-1))}
		if x > border {
			q[0], q[1] = q[1], q[0]
		}
		out.LogQ = append(out.LogQ, q...)
	}
	return out, nil
}

// Images of one pixel, whose laws are known: what is drawn of a composition has
// the shares of its closed form by every method with weights, and the harmonic
// mean with a perfect guide by guidance too.
func TestDrawsOfACompositionHaveItsShares(t *testing.T) {
	t.Parallel()
	process, err := noise.New(noise.VP, nil)
	if err != nil {
		t.Fatal(err)
	}
	laws := []*oracle.Gaussians{
		{Weights: []float64{.5, .5}, Means: [][]float64{{-2}, {.5}}, SDs: []float64{.35, .5}},
		{Weights: []float64{.6, .4}, Means: [][]float64{{.9}, {3}}, SDs: []float64{.5, .4}},
	}
	models := &platform.PointModels{Names: []string{"a", "b"}}
	for _, law := range laws {
		models.Fields = append(models.Fields, &oracle.Field{Law: law, Process: process})
	}
	if models.Space, err = space.NewPoints(1, process); err != nil {
		t.Fatal(err)
	}
	guide, err := oracle.NewLineGuide(process, models.Names, laws, 1000)
	if err != nil {
		t.Fatal(err)
	}
	kinds, err := digits.ParseClasses(byBrightness{}.Info().Models)
	if err != nil {
		t.Fatal(err)
	}
	lab := &imageLab{
		sizes: imageSizes{Particles: 128, Populations: 16, Steps: 100, FlowSteps: 60},
		judge: byBrightness{}, kinds: kinds, set: &digits.Set{Height: 1, Width: 1},
	}
	for i, law := range laws {
		one, err := oracle.NewPointLaw(composed(t, models.Names[i]), laws[i:i+1], 2000)
		if err != nil {
			t.Fatal(err)
		}
		dark := one.Mean(func(x []float64) float64 { return step(x[0]) })
		d, err := lab.base(t.Context(), models, i, []float64{dark, 1 - dark})
		if err != nil {
			t.Fatal(err)
		}
		if d.Distance > .05 || len(d.Picture) == 0 || !(d.PerCore > 0) {
			t.Errorf("%v: shares %v, want %g dark", law, d.Shares, dark)
		}
	}
	for _, text := range []string{"a & b", "a - b"} {
		target := composed(t, text)
		law, err := oracle.NewPointLaw(target, laws, 2000)
		if err != nil {
			t.Fatal(err)
		}
		dark := law.Mean(func(x []float64) float64 { return step(x[0]) })
		for method := range imageMethods {
			d, err := lab.draw(t.Context(), models, guide, target, imageMethod(method), []float64{dark, 1 - dark})
			if err != nil {
				t.Fatal(err)
			}
			name := text + " by " + imageMethods[method]
			if d.Why != "" {
				t.Fatalf("%s: %s", name, d.Why)
			}
			if math.Abs(d.Shares[0]+d.Shares[1]-1) > 1e-9 || !(d.SE[0] > 0) || math.Abs(d.Distance-math.Abs(d.Shares[0]-dark)) > 1e-9 {
				t.Errorf("%s: shares %v ± %v, %g from %g dark", name, d.Shares, d.SE, d.Distance, dark)
			}
			if d.Distance > 4*d.SE[0]+.02 {
				t.Errorf("%s: shares %v ± %v, want %g dark", name, d.Shares, d.SE, dark)
			}
			if c, err := png.DecodeConfig(bytes.NewReader(d.Picture)); err != nil || c.Width < columns {
				t.Errorf("%s: a picture of %d x %d: %v", name, c.Width, c.Height, err)
			}
			weighted := imageMethod(method) == byClassifier || imageMethod(method) == byPaths
			if weighted != (d.ESS < 1) || weighted != (d.MinESS < 1) {
				t.Errorf("%s: ESS %g, least %g", name, d.ESS, d.MinESS)
			}
		}
	}
	// What a guide cannot observe is said, and nothing is drawn.
	d, err := lab.draw(t.Context(), models, guide, composed(t, "a -{0.05} b"), byFlow, []float64{.5, .5})
	if err != nil || d.Why == "" || d.Shares != nil {
		t.Errorf("guidance along the flow by a balance that the guide does not know: %+v, %v", d, err)
	}
}

func step(x float64) float64 {
	if x > border {
		return 0
	}
	return 1
}

func composed(t *testing.T, text string) *compose.Composition {
	t.Helper()
	e, err := compose.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	c, err := compose.Compile(e, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var _ diffuse.Guide = byBrightness{}
