package experiment

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/platform/experiment/report"
)

// fragmentBench has the bundled weights, too.
func fragmentBench(t *testing.T) *Env {
	t.Helper()
	e := bench(t)
	for _, name := range []string{"qed", "sa", "esol"} {
		read := func(ext string) func() ([]byte, error) {
			return func() ([]byte, error) {
				return os.ReadFile(filepath.Join("..", "..", "cmd", "molsculpt", "weights", name+ext))
			}
		}
		e.Catalog.Weights = append(e.Catalog.Weights, catalog.BundledWeights{Name: name, Data: read(".safetensors"), Card: read(".card.json")})
	}
	return e
}

// found runs an experiment and keeps what its page was made of.
func found(t *testing.T, x Experiment, f fragments, e *Env) *fragmentFindings {
	t.Helper()
	var out *fragmentFindings
	page := f.page
	f.page = func(found *fragmentFindings) (*report.Page, error) {
		out = found
		return page(found)
	}
	x.Run = f.run
	if _, err := Run(t.Context(), x, e); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSmallFragmentExperimentOfTwo(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("samples some seconds")
	}
	e := fragmentBench(t)
	f := found(t, fragmentsTwo(), twoModels, e)
	checkFindings(t, f)
	if len(f.Parts) != 2 || len(f.Parts[0].Sets) != 4 {
		t.Fatalf("%d parts", len(f.Parts))
	}
	first := contents(t, e.Folder)

	// A later run finds all of it, and says the same.
	again := done(e)
	found(t, fragmentsTwo(), twoModels, e)
	for _, what := range *again {
		if !strings.HasPrefix(what, "train ") {
			t.Errorf("%s is done again", what)
		}
	}
	if d := cmp.Diff(first, contents(t, e.Folder)); d != "" {
		t.Errorf("the report is another: %.2000s", d)
	}

	// Changed, one campaign file is run again, and the other is not.
	path := e.Path("beta-64.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), "seed: 1", "seed: 2", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	changed := done(e)
	found(t, fragmentsTwo(), twoModels, e)
	var of32, of64 int
	for _, what := range *changed {
		if strings.HasPrefix(what, "beta 32") {
			of32++
		}
		if strings.HasPrefix(what, "beta 64") {
			of64++
		}
	}
	if of32 != 0 || of64 == 0 {
		t.Errorf("of the file that was not changed %d are done again, of the other %d: %v", of32, of64, *changed)
	}
}

func TestSmallFragmentExperimentOfThree(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("samples some seconds")
	}
	// Interrupted after some campaigns, an experiment goes on.
	e := fragmentBench(t)
	ctx, cancel := context.WithCancel(t.Context())
	said := 0
	e.Say = func(string, ...any) {
		if said++; said == 5 {
			cancel()
		}
	}
	if _, err := Run(ctx, fragmentsThree(), e); !errors.Is(err, context.Canceled) {
		t.Fatalf("interrupted: %v", err)
	}
	e.Say = nil
	f := found(t, fragmentsThree(), threeModels, e)
	checkFindings(t, f)
	d := f.Parts[0].Distances
	if d == nil || len(d.EMD) != len(f.Parts[0].Models)+len(f.Parts[0].Sets) {
		t.Fatalf("distances: %+v", d)
	}
	for i := range d.EMD {
		for j := range d.EMD {
			if d.EMD[i][j] != d.EMD[j][i] || (d.EMD[i][j] == 0) != (i == j) || !(d.Floor[i] > 0) {
				t.Errorf("distance %d, %d: %g, floor %g", i, j, d.EMD[i][j], d.Floor[i])
			}
		}
	}
	if text := contents(t, e.Folder)["report.html"]; strings.Contains(text, "NaN") || strings.Contains(text, "%!") {
		t.Error("the report has what is no number")
	}
}

// checkFindings checks the laws of every set: shares of all bins sum to one, the
// share of the sample is that of the reference within its errors, and so is the evidence.
func checkFindings(t *testing.T, f *fragmentFindings) {
	t.Helper()
	for _, p := range f.Parts {
		for _, sets := range [][]fragmentSet{p.Models, p.Sets} {
			for i := range sets {
				s := &sets[i]
				for _, m := range s.methods() {
					var sum float64
					for bin := range 1 << len(f.Yardstick) {
						sum += m.Of.share(func(i int) bool { return m.Of.bin(i, f.Yardstick) == bin }).Value
					}
					if math.Abs(sum-1) > 1e-9 {
						t.Errorf("%s, %s, %s: shares sum to %g", p.Title, s.Text, m.Name, sum)
					}
				}
				exact := s.exact()
				if exact == nil {
					continue
				}
				a, b := s.hit(exact, f.Yardstick), s.hit(s.Main, f.Yardstick)
				if z := math.Abs(a.Value-b.Value) / math.Hypot(a.SE, b.SE); z > 4 {
					t.Errorf("%s, %s: share %v, %v by the reference", p.Title, s.Text, b, a)
				}
				x, y := s.Main.Of.LogEvidence, exact.logEvidence()
				if z := math.Abs(x.Value-y.Value) / math.Hypot(x.SE, y.SE); z > 4 {
					t.Errorf("%s, %s: log evidence %v, %v by the reference", p.Title, s.Text, x, y)
				}
			}
		}
	}
}

func TestDistancesOfASetAndItself(t *testing.T) {
	t.Parallel()
	list := []string{"CCO", "c1ccccc1", "CCN", "CC(=O)O", "CCO"}
	a, err := fingerprints(list)
	if err != nil {
		t.Fatal(err)
	}
	b, err := fingerprints([]string{"CC(=O)O", "CCO", "CCN", "CCO", "c1ccccc1"})
	if err != nil {
		t.Fatal(err)
	}
	if d, err := earthMover(a, b); err != nil || d > 1e-6 {
		t.Errorf("a set is %g away from itself: %v", d, err)
	}
	if d, err := diversity([]string{"CCO", "CCO", "CCO"}); err != nil || d != 0 {
		t.Errorf("one molecule has the diversity %g: %v", d, err)
	}
}

func TestThePublishedMatrixIsWhole(t *testing.T) {
	t.Parallel()
	for i, row := range publishedEMD {
		if len(row) != len(publishedSets)-1-i {
			t.Errorf("row %d has %d columns", i, len(row))
		}
	}
	for a, want := range map[[2]string]float64{{"SEH", "SA"}: 4.42, {"QED, QED", "QED, QED, QED"}: 1.02, {"SA, QED", "SEH, QED"}: 3.80, {"SEH, SEH, SEH", "QED, QED, QED"}: 5.73} {
		x, ok := publishedDistance(a[0], a[1])
		y, _ := publishedDistance(a[1], a[0])
		if !ok || x != want || y != want {
			t.Errorf("%v: %g and %g, should be %g", a, x, y, want)
		}
	}
}

// A normal cloud has its lines where the normal law has them.
func TestContoursHoldTheirShares(t *testing.T) {
	t.Parallel()
	of := []yardstick{{Axis: [2]float64{-4, 4}}, {Axis: [2]float64{-4, 4}}}
	s := &fragmentSample{Rewards: make([][]float64, 2)}
	const n = 60
	for i := range n {
		for j := range n {
			x, y := -3+6*float64(i)/(n-1), -3+6*float64(j)/(n-1)
			s.Rewards[0], s.Rewards[1] = append(s.Rewards[0], x), append(s.Rewards[1], y)
			s.LogWeight = append(s.LogWeight, -(x*x+y*y)/2)
			s.SMILES = append(s.SMILES, "C")
		}
	}
	p, ok := newPlane(s, 0, 1, of)
	if !ok {
		t.Fatal("no density")
	}
	for _, share := range []float64{.3, .6, .9} {
		level, inside := p.level(share), 0.0
		area := 0.0
		for _, z := range p.z {
			if z >= level {
				inside += z
				area += square(8. / (densityPoints - 1))
			}
		}
		// Of a normal law of variance v a share s lies in a circle of area -2 pi v log(1-s).
		v := 1 + square(math.Pow(math.Exp(logESSOf(s)), -1./6))
		if want := -2 * math.Pi * v * math.Log(1-share); math.Abs(inside-share) > .01 || math.Abs(area-want) > .08*want+.1 {
			t.Errorf("%g: %g inside of an area of %g, should be %g", share, inside, area, want)
		}
	}
}

// The line of a cone is a circle, closed, and of a plane that leaves the grid a line
// from side to side.
func TestContoursFollowTheirLevel(t *testing.T) {
	t.Parallel()
	p := &plane{x: [2]float64{-1, 1}, y: [2]float64{-1, 1}, z: make([]float64, densityPoints*densityPoints)}
	for c := range densityPoints {
		for r := range densityPoints {
			p.z[c*densityPoints+r] = 2 - math.Hypot(p.X(c), p.Y(r))
		}
	}
	h := contour{of: p, level: 1.5}
	lines := h.lines()
	if len(lines) != 1 || lines[0][0] != lines[0][len(lines[0])-1] || len(lines[0]) < densityPoints {
		t.Fatalf("a circle is %d lines", len(lines))
	}
	for _, e := range lines[0] {
		if x, y := h.point(e); math.Abs(math.Hypot(x, y)-.5) > 1e-3 {
			t.Errorf("the circle of radius 1/2 has a point %g, %g", x, y)
		}
	}
	for c := range densityPoints {
		for r := range densityPoints {
			p.z[c*densityPoints+r] = p.X(c)
		}
	}
	h.level = .3
	lines = h.lines()
	if len(lines) != 1 || len(lines[0]) != densityPoints {
		t.Fatalf("a straight line is %d lines", len(lines))
	}
	for _, e := range lines[0] {
		if x, _ := h.point(e); math.Abs(x-.3) > 1e-12 {
			t.Errorf("a point of the line is at %g", x)
		}
	}
}

func logESSOf(s *fragmentSample) float64 { return math.Log(s.ESS()) }

// The weights kept here are those of the training files beside them, so that nobody
// trains them again, and their cards name no path of a machine.
func TestKeptModelsAreThoseOfTheirFiles(t *testing.T) {
	t.Parallel()
	e := bench(t)
	if err := e.needs(fragmentData...); err != nil {
		t.Skip(err)
	}
	if err := e.writeFiles(fragmentsThree().Files); err != nil {
		t.Fatal(err)
	}
	for _, file := range threeModels.models {
		card, err := os.ReadFile(e.Path(strings.TrimSuffix(file, ".yaml") + ".card.json"))
		if errors.Is(err, os.ErrNotExist) {
			t.Skip("no weights are kept")
		}
		var names struct{ Vocabulary string }
		if err = errors.Join(err, json.Unmarshal(card, &names)); err != nil {
			t.Fatal(err)
		}
		if names.Vocabulary != "fragments_72.json" {
			t.Errorf("the card of %s has the vocabulary %q", file, names.Vocabulary)
		}
		trained, err := e.Train(t.Context(), file)
		if err != nil || !trained.Already {
			t.Errorf("%s would be trained again: %v", file, err)
		}
	}
}
