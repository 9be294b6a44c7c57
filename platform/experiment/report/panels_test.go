package report

import (
	"bytes"
	"image/color"
	"math/rand/v2"
	"testing"
)

func TestHeatShowsEveryValueInItsPlace(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	values := make([][]float64, 5)
	for x := range values {
		values[x] = make([]float64, 5)
		for y := range values[x] {
			values[x][y] = rng.Float64()
		}
	}
	values[4][0] = 2 // above the scale: the darkest, in the corner at the lower right
	img := heat(values, 1, 1)
	side := img.Bounds().Dx()
	if side != img.Bounds().Dy() || side%5 != 0 {
		t.Fatalf("the image is %v", img.Bounds())
	}
	at := func(x, y int) color.Color { return img.At(x*side/5+side/10, side-1-(y*side/5+side/10)) }
	for x := range values {
		for y, v := range values[x] {
			want := shades[int(min(1, v)*255+.5)]
			if at(x, y) != want {
				t.Errorf("at %d, %d: %v, want %v", x, y, at(x, y), want)
			}
		}
	}
	if shades[0] != color.Color(White) || at(4, 0) != shades[255] {
		t.Errorf("nothing is %v, the most %v", shades[0], at(4, 0))
	}
	// Half of the largest to the power of 1/2 is at .707 of the scale.
	if got := heat([][]float64{{.5}}, 1, .5).At(0, 0); got != shades[180] {
		t.Errorf("with a power: %v, want %v", got, shades[180])
	}
}

func TestPanelsRefuseWhatCannotBeSeen(t *testing.T) {
	t.Parallel()
	one := []Panel{{Values: [][]float64{{1}}}}
	svg, err := Panels([]string{"a"}, []PanelRow{{Label: "row", Panels: one}})
	if err != nil || !bytes.Contains(svg, []byte(">row<")) || !bytes.Contains(svg, []byte("data:image/png;")) {
		t.Errorf("%v: %s", err, svg)
	}
	if _, err := Panels([]string{"a", "b"}, []PanelRow{{Panels: one}}); err == nil {
		t.Error("a panel may be missing")
	}
	if _, err := Panels([]string{"a"}, []PanelRow{{Panels: []Panel{{Values: [][]float64{{0}}}}}}); err == nil {
		t.Error("a map of nothing is drawn")
	}
}
