package main

import (
	"bytes"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/chem/depict"
)

func TestDrawWritesSVGToStandardOutput(t *testing.T) {
	t.Parallel()
	code, out, err := run(t, "", "draw", "CCO")
	if code != 0 || err != "" || !strings.HasPrefix(out, "<svg ") || !strings.Contains(out, ">O</text>") {
		t.Errorf("exit %d, err %q\n%s", code, err, out)
	}
}

func TestDrawReadsFilesAndReportsBadLines(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "in.smi")
	if err := os.WriteFile(file, []byte("CCO ethanol\n\nC1CC broken\nc1ccccc1\tbenzene ring\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	code, out, err := run(t, "", "draw", file, "C#N")
	if code != 0 || !strings.Contains(err, "line 3: ") || strings.Contains(err, "line 4") {
		t.Errorf("exit %d, err %q", code, err)
	}
	for _, want := range []string{">ethanol<", ">benzene ring<", ">N<"} {
		if !strings.Contains(out, want) {
			t.Errorf("the picture lacks %s", want)
		}
	}
	code, out, err = run(t, "CCO a\nCCN b\nCCF c\n", "draw", "-", "--max", "2")
	if code != 0 || !strings.Contains(err, "--max") || strings.Contains(out, ">c<") || !strings.Contains(out, ">b<") {
		t.Errorf("exit %d, err %q", code, err)
	}
}

func TestDrawHighlightsSubstructures(t *testing.T) {
	t.Parallel()
	code, out, _ := run(t, "", "draw", "OC(=O)CN", "--highlight", "C(=O)[OH]", "--highlight", "[F]")
	if code != 0 || strings.Count(out, "<circle ") != 3 || !strings.Contains(out, ">C(=O)[OH]<") || strings.Contains(out, ">[F]<") {
		t.Errorf("exit %d\n%s", code, out)
	}
}

func TestDrawRefusesWhatMakesNoSense(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"draw"},
		{"draw", "CC", "--grid", "0"},
		{"draw", "CC", "--max", "0"},
		{"draw", "CC", "--out", "x.gif"},
		{"draw", "CC", "--highlight", "C("},
	} {
		if code, out, err := run(t, "", args...); code != 2 || out != "" || !strings.Contains(err, "--help") {
			t.Errorf("%v: exit %d, out %q, err %q", args, code, out, err)
		}
	}
	for _, args := range [][]string{{"draw", "CX"}, {"draw", "no/such/file.smi"}, {"draw", "CC", "--out", filepath.Join(t.TempDir(), "no", "x.svg")}} {
		if code, _, err := run(t, "", args...); code != 1 || err == "" {
			t.Errorf("%v: exit %d, err %q", args, code, err)
		}
	}
}

func TestDrawWritesPNG(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "x.png")
	if code, _, err := run(t, "", "draw", "CCO", "c1ccccc1N", "--out", file, "--grid", "1"); code != 0 {
		t.Fatalf("exit %d, err %q", code, err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	red, blue := 0, 0 // oxygen and nitrogen
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			r, g, b, _ := img.At(x, y).RGBA()
			if r > 2*g && r > 2*b {
				red++
			}
			if b > 2*r && b > g {
				blue++
			}
		}
	}
	if red < 30 || blue < 30 {
		t.Errorf("%d red and %d blue dots", red, blue)
	}
}

// ink is the sum of darkness over a picture in dots.
func ink(t *testing.T, p *depict.Picture, dots float64) (sum float64, img image.Image) {
	t.Helper()
	var b bytes.Buffer
	if err := writePNG(&b, p, dots); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			r, _, _, _ := img.At(x, y).RGBA()
			sum += 1 - float64(r)/0xffff
		}
	}
	return sum, img
}

func TestShapesHaveTheirAreaInPNG(t *testing.T) {
	t.Parallel()
	square := []depict.Point{{X: 10, Y: 10}, {X: 30, Y: 10}, {X: 30, Y: 30}, {X: 10, Y: 30}}
	turned := []depict.Point{square[3], square[2], square[1], square[0]}
	for _, c := range []struct {
		name      string
		shape     depict.Shape
		want, off float64
	}{
		{"disc", depict.Shape{Kind: depict.Disc, Points: []depict.Point{{X: 25, Y: 25}}, Width: 30}, math.Pi * 225, 0.02},
		{"polygon", depict.Shape{Kind: depict.Fill, Points: square}, 400, 0.001},
		{"polygon the other way", depict.Shape{Kind: depict.Fill, Points: turned}, 400, 0.001},
		{"line", depict.Shape{Kind: depict.Stroke, Points: []depict.Point{{X: 10, Y: 12}, {X: 40, Y: 35}}, Width: 4}, 4*math.Hypot(30, 23) + math.Pi*4, 0.05},
		{"line back over itself", depict.Shape{Kind: depict.Stroke, Points: []depict.Point{{X: 10, Y: 12}, {X: 40, Y: 35}, {X: 10, Y: 12}}, Width: 4}, 4*math.Hypot(30, 23) + math.Pi*4, 0.15},
	} {
		for _, dots := range []float64{1, 2.5} {
			p := &depict.Picture{Width: 50, Height: 50, Shapes: []depict.Shape{c.shape}}
			if got, _ := ink(t, p, dots); math.Abs(got/(dots*dots)-c.want) > c.off*c.want {
				t.Errorf("%s, %g dots: %g, want %g", c.name, dots, got/(dots*dots), c.want)
			}
		}
	}
}

func TestLettersHaveTheirHolesAndWidthInPNG(t *testing.T) {
	t.Parallel()
	p := &depict.Picture{Width: 100, Height: 60, Shapes: []depict.Shape{
		{Kind: depict.Text, Points: []depict.Point{{X: 20, Y: 50}}, Text: "O", Size: 50},
	}}
	sum, img := ink(t, p, 1)
	if sum < 200 || sum > 800 {
		t.Errorf("the letter has %g dots", sum)
	}
	width := int(50 * depict.TextWidth("O"))
	if r, _, _, _ := img.At(20+width/2, 50-18).RGBA(); r != 0xffff {
		t.Error("the O has no hole")
	}
	for x := range 100 {
		dark := false
		for y := range 60 {
			r, _, _, _ := img.At(x, y).RGBA()
			dark = dark || r < 0x8000
		}
		if dark && (x < 20 || x > 20+width) {
			t.Errorf("column %d lies outside of the letter's width", x)
		}
	}
}

func TestAPNGThatIsTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	if err := writePNG(&bytes.Buffer{}, &depict.Picture{Width: 1e6, Height: 1e6}, 2); err == nil {
		t.Error("no error")
	}
}
