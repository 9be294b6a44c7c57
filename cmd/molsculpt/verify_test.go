package main

import (
	"bytes"
	"encoding/json"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/platform/verify"
)

func TestVerifyHoldsMethodsAgainstTheTruth(t *testing.T) {
	t.Parallel()
	args := []string{"verify", "-q", "--only", "flows", "--only", "exact guidance", "--only", "last state left out"}
	code, out, err := run(t, "", args...)
	if code != 0 || err != "" {
		t.Fatalf("exit %d, err %q\n%s", code, err, out)
	}
	for _, want := range []string{"grid 32x32\n", "shubert & diagonal", "0.178984", "wrong, as known", "all passed"} {
		if !strings.Contains(out, want) {
			t.Errorf("the table lacks %q", want)
		}
	}
	code, out, _ = run(t, "", append(args, "--json")...)
	var v struct {
		Passed  bool
		Results []struct {
			Domain, Target, Method, Quantity string
			Exact, Estimate                  *float64
			Passed                           bool
		}
	}
	if err := json.Unmarshal([]byte(out), &v); err != nil || code != 0 || !v.Passed {
		t.Fatalf("exit %d, %v\n%s", code, err, out)
	}
	found := false
	for _, r := range v.Results {
		if r.Domain == "grid 32x32" && r.Target == "shubert & diagonal" && r.Method == "exact guidance" && r.Quantity == "evidence" {
			found = math.Abs(*r.Exact-.178984) < 5e-7 && math.Abs(*r.Estimate-*r.Exact) < 1e-12
		}
	}
	if !found {
		t.Error("the evidence of shubert & diagonal is not there, or wrong")
	}
}

func TestVerifyRefusesWhatMakesNoSense(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"verify", "--only", "nobody"}, {"verify", "--draws", "-1"}, {"verify", "all"}} {
		if code, _, err := run(t, "", args...); code != 2 || err == "" {
			t.Errorf("%q: exit %d, err %q", args, code, err)
		}
	}
	if code, out, _ := run(t, "", "verify", "--list"); code != 0 || !strings.Contains(out, "\n  smc\n") || !strings.Contains(out, "\n  circle1 - circle2\n") {
		t.Errorf("exit %d\n%s", code, out)
	}
}

func TestFailedChecksAreSaid(t *testing.T) {
	t.Parallel()
	v := verification{Results: []verify.Result{
		{Domain: "d", Target: "t", Method: "m", Error: 2, Bound: 1},
		{Domain: "d", Target: "t", Method: "n", Error: .5, Bound: 1},
		{Domain: "d", Target: "u", Method: "o", Error: .5, Bound: 1, Control: true},
	}}
	var out bytes.Buffer
	if err := writeVerification(&out, &v); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"FAILED\n", "FAILED: not wrong\n", "3 checks, 2 FAILED. 1 of them"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
}

// TestPlotsShowTruthBesideSamplesOnOneScale draws a law beside itself: both maps
// must be the same picture, and the difference one colour.
func TestPlotsShowTruthBesideSamplesOnOneScale(t *testing.T) {
	t.Parallel()
	const side = 9
	truth := make([][]float64, side)
	for x := range truth {
		truth[x] = make([]float64, side)
		for y := range truth[x] {
			truth[x][y] = float64(x+3*y) / 1296
		}
	}
	folder, err := newPlotFolder(filepath.Join(t.TempDir(), "new", "plots"))
	if err != nil {
		t.Fatal(err)
	}
	p := verify.Picture{Domain: "grid 9x9", Target: "a & b", Method: "smc", Side: side, Truth: truth, Samples: truth, Draws: 100}
	if err := folder.add(p); err != nil {
		t.Fatal(err)
	}
	const name = "grid-9x9--a-and-b--smc"
	svg, err := os.ReadFile(filepath.Join(folder.path, name+".svg"))
	if err != nil || !bytes.Contains(svg, []byte("<svg")) || !bytes.Contains(svg, []byte("samples")) {
		t.Errorf("the SVG file: %v", err)
	}
	f, err := os.Open(filepath.Join(folder.path, name+".png"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	const dots = 120 // per inch
	width := int(math.Round(float64((figureWidth-2*barWidth)/3) / 72 * dots))
	top := int(math.Ceil(float64(titleHeight)/72*dots)) + 30 // the maps' own titles differ
	colours := map[[3]uint32]bool{}
	for y := top; y < img.Bounds().Dy(); y++ {
		for x := range width - 5 {
			r, g, b, _ := img.At(x, y).RGBA()
			r2, g2, b2, _ := img.At(x+width, y).RGBA()
			if math.Abs(float64(r)-float64(r2))+math.Abs(float64(g)-float64(g2))+math.Abs(float64(b)-float64(b2)) > 3*0x600 {
				t.Fatalf("truth and samples differ at (%d, %d)", x, y)
			}
			colours[[3]uint32{r >> 10, g >> 10, b >> 10}] = true
		}
	}
	if len(colours) < 25 {
		t.Errorf("the map has %d colours only", len(colours))
	}
	for x := range truth {
		for y := range truth[x] {
			truth[x][y] = math.NaN()
		}
	}
	if err := folder.add(p); err == nil {
		t.Error("a law of no numbers is drawn")
	}
}
