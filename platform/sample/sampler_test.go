package sample_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk/space"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func compile(t testing.TB, text string, known compose.Normalisers) *compose.Composition {
	t.Helper()
	e, err := compose.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	c, err := compose.Compile(e, nil, known)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func collect(t testing.TB, sp space.Space, bases []space.Policy, c *compose.Composition, o sample.Options) []*sample.Population {
	t.Helper()
	s, err := sample.New(sp, bases, c, o)
	if err != nil {
		t.Fatal(err)
	}
	var out []*sample.Population
	for p, err := range s.Populations(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

// same is the difference between populations, "" where there is none.
func same(a, b []*sample.Population) string {
	return cmp.Diff(a, b, cmpopts.EquateNaNs())
}

func evidence(t testing.TB, populations []*sample.Population) sample.Estimate {
	t.Helper()
	var e sample.Evidence
	for _, p := range populations {
		e.Add(p)
	}
	v, err := e.Value()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// within fails where an estimate lies more than k standard errors off.
func within(t *testing.T, what string, got sample.Estimate, want, k float64) {
	t.Helper()
	if !(math.Abs(got.Value-want) <= k*got.SE+1e-12) {
		t.Errorf("%s = %.6g ± %.2g, exact %.6g", what, got.Value, got.SE, want)
	}
}

func bagModels(sp space.Space, c *compose.Composition, scale float64) []space.Policy {
	var out []space.Policy
	for _, name := range c.Models() {
		out = append(out, table{sp, uint64(name[0]), scale})
	}
	return out
}

// TestWeightedPathsAreThePathSpaceComposite holds evidence and the law on paths
// against their exact sums over all paths, for unbalanced models and several
// cells per child: every operation, every method.
func TestWeightedPathsAreThePathSpaceComposite(t *testing.T) {
	t.Parallel()
	sp := bag{3}
	known := compose.Normalisers{"a & b": -1.2, "b^2": -2.5}
	for _, test := range []struct {
		text   string
		method sample.Method
	}{
		{"a", sample.Ancestral},
		{"0.7 a | 0.3 b", sample.Ancestral},
		{"0.7 a | 0.3 b", sample.SMC},
		{"a & b", sample.SMC},
		{"a & b", sample.Rejection},
		{"a - b", sample.SMC},
		{"a - b", sample.Rejection},
		{"a &{0.2} b", sample.SMC},
		{"a -{0.2} b", sample.SMC},
		{"a & b & c", sample.SMC},
		{"a & b & c", sample.Rejection},
		{"harmonic(a, b, c)", sample.SMC},
		{"harmonic(a, b, c)", sample.Rejection},
		{"obs(a, a, b; over a, b, c)", sample.SMC},
		{"obs(a^2, b{0.3}; over 0.2 a, 0.8 b)", sample.SMC},
		{"(a | b) & c", sample.SMC},
		{"(a & b) - c", sample.SMC},
		{"a^1.5", sample.SMC},
		{"product(a, b)", sample.SMC},
		{"b^2 & a", sample.SMC},
	} {
		t.Run(fmt.Sprintf("%s by %v", test.text, test.method), func(t *testing.T) {
			t.Parallel()
			c := compile(t, test.text, known)
			bases := bagModels(sp, c, 1.5)
			populations := collect(t, sp, bases, c, sample.Options{Method: test.method, Seed: 1, Particles: 32, Populations: 600})
			exact := 0.
			law := map[string]float64{}
			for _, p := range allPaths(sp, bases) {
				g := math.Exp(c.LogDensity(p.logs, p.logB))
				exact += g
				law[p.key()] = g
			}
			got := evidence(t, populations)
			within(t, "evidence", got, exact, 4)
			if got.SE > .05*exact {
				t.Errorf("the evidence is known to %g of %g only", got.SE, exact)
			}
			for key, g := range law {
				share := sample.MeanOf(populations, func(tr *sample.Trajectory) float64 {
					if fmt.Sprint(tr.States) == key {
						return 1
					}
					return 0
				})
				share.SE = max(share.SE, 1e-3) // paths that were hardly seen
				within(t, "share of "+key, share, g/exact, 4.5)
			}
			for _, p := range populations {
				sum := 0.
				for i := range p.Trajectories {
					sum += math.Exp(p.Trajectories[i].LogWeight)
				}
				if math.Abs(sum-math.Exp(p.LogEvidence)) > 1e-12 {
					t.Fatalf("weights of population %d sum to %g, its evidence is %g", p.Index, sum, math.Exp(p.LogEvidence))
				}
			}
		})
	}
}

func TestTrajectoriesRecordTheirPathExactly(t *testing.T) {
	t.Parallel()
	sp := bag{4}
	c := compile(t, "a & b", nil)
	bases := bagModels(sp, c, 2)
	exact := map[string]path{}
	for _, p := range allPaths(sp, bases) {
		exact[p.key()] = p
	}
	for _, p := range collect(t, sp, bases, c, sample.Options{Seed: 3, Populations: 20}) {
		for _, tr := range p.Trajectories {
			want, ok := exact[fmt.Sprint(tr.States)]
			if !ok {
				t.Fatalf("no such path: %v", tr.States)
			}
			for i := range want.logs {
				if math.Abs(tr.LogBase[i]-want.logs[i]) > 1e-12 {
					t.Fatalf("%v: log-likelihood %g, exact %g", tr.States, tr.LogBase[i], want.logs[i])
				}
			}
			if math.Abs(tr.LogBackward-want.logB) > 1e-12 {
				t.Fatalf("%v: log P_B %g, exact %g", tr.States, tr.LogBackward, want.logB)
			}
			if tr.Steps() != len(tr.States) || tr.Final() != tr.States[len(tr.States)-1] || tr.Population != p.Index {
				t.Fatalf("%+v", tr)
			}
		}
	}
}

func TestMixturesHaveConstantWeights(t *testing.T) {
	t.Parallel()
	sp := bag{3}
	c := compile(t, "0.7 a | 0.3 b", nil)
	for _, p := range collect(t, sp, bagModels(sp, c, 3), c, sample.Options{Seed: 1, Populations: 5}) {
		for _, tr := range p.Trajectories {
			if tr.LogWeight != -math.Log(64) {
				t.Fatalf("log-weight %g", tr.LogWeight)
			}
		}
	}
	// By SMC the weights come out constant too, but for rounding.
	for _, p := range collect(t, sp, bagModels(sp, c, 3), c, sample.Options{Method: sample.SMC, Seed: 1, Populations: 5}) {
		for _, tr := range p.Trajectories {
			if math.Abs(tr.LogWeight+math.Log(64)) > 1e-12 {
				t.Fatalf("log-weight %g by SMC", tr.LogWeight)
			}
		}
	}
}

func TestPopulationsDoNotDependOnHowTheyAreBatched(t *testing.T) {
	t.Parallel()
	sp := bag{4}
	for _, text := range []string{"a - b", "a & b & c", "a | b", "product(a, b)"} {
		c := compile(t, text, nil)
		bases := bagModels(sp, c, 3)
		base := sample.Options{Seed: 9, Particles: 16, Populations: 30, ResampleBelow: .8}
		want := collect(t, sp, bases, c, base)
		resamplings := 0
		for i, p := range want {
			resamplings += p.Resamplings
			if p.Index != i {
				t.Fatalf("population %d comes at place %d", p.Index, i)
			}
		}
		if text == "a - b" && resamplings == 0 {
			t.Errorf("%s: nothing was resampled", text)
		}
		for _, split := range [][2]int{{1, 1}, {1, 7}, {1, 64}, {2, 1}, {3, 5}, {8, 2}} {
			o := base
			o.Lanes, o.InFlight = split[0], split[1]
			if diff := cmp.Diff(want, collect(t, sp, bases, c, o)); diff != "" {
				t.Fatalf("%s with %d lanes of %d: %s", text, split[0], split[1], diff)
			}
			o.First, o.Populations = 11, 9
			if diff := cmp.Diff(want[11:20], collect(t, sp, bases, c, o)); diff != "" {
				t.Fatalf("%s from population 11: %s", text, diff)
			}
		}
		o := base
		o.Seed++
		if cmp.Equal(want, collect(t, sp, bases, c, o)) {
			t.Errorf("%s: another seed gives the same", text)
		}
	}
}

func TestDensitiesFarApart(t *testing.T) {
	t.Parallel()
	// Logits of scale 300: steps 10^-300 apart, where a product of densities
	// underflows and the proposal has to work on logarithms.
	sp := bag{3}
	for _, text := range []string{"a & b", "a - b", "harmonic(a, b, c)", "a^2", "product(a, b)"} {
		c := compile(t, text, nil)
		bases := bagModels(sp, c, 300)
		var logs []float64
		for _, p := range allPaths(sp, bases) {
			logs = append(logs, c.LogDensity(p.logs, p.logB))
		}
		exact := logSum(logs)
		var e sample.Evidence
		for _, p := range collect(t, sp, bases, c, sample.Options{Seed: 2, Populations: 50}) {
			e.Add(p)
			for _, tr := range p.Trajectories {
				if math.IsNaN(tr.LogWeight) {
					t.Fatalf("%s: weight is not a number", text)
				}
			}
		}
		got, err := e.Log()
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		// Such targets are out of reach of any proposal that looks one step
		// ahead; the estimate may miss mass, never make any up.
		if got.Value > exact+5*got.SE+1e-6 {
			t.Errorf("%s: log evidence %g ± %g, exact %g", text, got.Value, got.SE, exact)
		}
	}
}

func logSum(logs []float64) float64 {
	top := math.Inf(-1)
	for _, l := range logs {
		top = max(top, l)
	}
	sum := 0.
	for _, l := range logs {
		sum += math.Exp(l - top)
	}
	return top + math.Log(sum)
}

// only is a policy that always takes the first cell of a letter, and stops at a
// size.
type only struct {
	bag
	letter byte
	stop   int
}

func (o only) Steps(_ context.Context, states []space.State, dst []space.Steps) error {
	for i, s := range states {
		dst[i].Stop = math.Inf(-1)
		dst[i].Cells = make([]float64, o.Rows(s)*o.Columns())
		for c := range dst[i].Cells {
			dst[i].Cells[c] = math.Inf(-1)
		}
		if len(s) >= o.stop {
			dst[i].Stop = 0
			continue
		}
		for c := range bagColumns {
			if bagColumns[c] == o.letter {
				dst[i].Cells[c] = 0
				break
			}
		}
	}
	return nil
}

func TestCertainModelsAndEmptySupports(t *testing.T) {
	t.Parallel()
	sp := bag{3}
	b2, b3, c2 := only{sp, 'b', 2}, only{sp, 'b', 3}, only{sp, 'c', 2}
	for _, test := range []struct {
		text  string
		bases []space.Policy
		final space.State // "" where there is no support
	}{
		{"x & y", []space.Policy{b2, c2}, ""},
		{"x & y", []space.Policy{b2, b3}, ""}, // parts only at the end
		{"x - y", []space.Policy{b2, c2}, "bb"},
		{"x - y", []space.Policy{b3, b2}, "bbb"},
		{"x & y", []space.Policy{b2, b2}, "bb"},
		{"x^2", []space.Policy{b3}, "bbb"},
	} {
		c := compile(t, test.text, nil)
		var e sample.Evidence
		for _, p := range collect(t, sp, test.bases, c, sample.Options{Populations: 3}) {
			e.Add(p)
			for _, tr := range p.Trajectories {
				if tr.Final() != test.final {
					t.Errorf("%s ends at %q, not at %q", test.text, tr.Final(), test.final)
				}
			}
		}
		if _, err := e.Value(); errors.Is(err, sample.ErrNoSupport) != (test.final == "") {
			t.Errorf("%s: error %v", test.text, err)
		}
	}
}

// failing answers some calls and then fails or waits for the end of its context.
type failing struct {
	space.Policy
	left int
	wait bool
}

func (f *failing) Steps(ctx context.Context, states []space.State, dst []space.Steps) error {
	if f.left--; f.left < 0 {
		if f.wait {
			<-ctx.Done()
			return ctx.Err()
		}
		return errors.New("the plugin is gone")
	}
	return f.Policy.Steps(ctx, states, dst)
}

func TestStreamEndsWithTheErrorOfAModel(t *testing.T) {
	t.Parallel()
	sp := bag{3}
	c := compile(t, "a & b", nil)
	bases := bagModels(sp, c, 1)
	bases[1] = &failing{Policy: bases[1], left: 20}
	s, err := sample.New(sp, bases, c, sample.Options{Lanes: 1, InFlight: 2})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, err = range s.Populations(context.Background()) {
		n++
	}
	if n < 2 || err == nil || err.Error() != "sample: ask model b: the plugin is gone" {
		t.Errorf("%d populations, then %v", n, err)
	}
}

func TestStreamEndsWhenTheContextDoesAndWhenTheReaderStops(t *testing.T) {
	t.Parallel()
	sp := bag{3}
	c := compile(t, "a & b", nil)
	bases := bagModels(sp, c, 1)
	s, err := sample.New(sp, bases, c, sample.Options{})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for range s.Populations(context.Background()) {
		if n++; n == 10 {
			break
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	bases[0] = &failing{Policy: bases[0], left: 9, wait: true}
	if s, err = sample.New(sp, bases, c, sample.Options{Lanes: 1, InFlight: 1}); err != nil {
		t.Fatal(err)
	}
	for p, e := range s.Populations(ctx) {
		if err = e; p != nil && p.Index == 1 {
			cancel()
		}
	}
	cancel()
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled stream ends with %v", err)
	}
}

// deaf is a policy that does not look at its context. It ends the context at
// the first large call and counts the calls after it.
type deaf struct {
	space.Policy
	cancel context.CancelFunc
	ended  bool
	after  int
}

func (d *deaf) Steps(_ context.Context, states []space.State, dst []space.Steps) error {
	if d.ended {
		d.after++
	}
	if len(states) == 256 { // there are more in this round
		d.ended = true
		d.cancel()
	}
	return d.Policy.Steps(context.Background(), states, dst)
}

func TestARoundOfManyStatesEndsWithItsContext(t *testing.T) {
	t.Parallel()
	sp, err := space.NewGrid(6, 8)
	if err != nil {
		t.Fatal(err)
	}
	c := compile(t, "a", nil)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	d := &deaf{Policy: bagModels(sp, c, 1)[0], cancel: cancel}
	s, err := sample.New(sp, []space.Policy{d}, c, sample.Options{Lanes: 1, InFlight: 1, Particles: 8000, Populations: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, err = range s.Populations(ctx) {
	}
	if !d.ended || d.after > 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("%d calls after the end, large call %v, error %v", d.after, d.ended, err)
	}
}

func TestNewRefusesWhatItCannotDo(t *testing.T) {
	t.Parallel()
	sp := bag{3}
	for _, test := range []struct {
		text   string
		models int
		opts   sample.Options
		want   string
	}{
		{"a & b", 1, sample.Options{}, "sample: make sampler: 1 policies for the 2 models of a & b"},
		{"a & b", 2, sample.Options{Method: sample.Ancestral}, "sample: make sampler: a & b is no mixture of models, which ancestral sampling needs; use smc"},
		{"a^2", 1, sample.Options{Method: sample.Rejection}, "sample: make sampler: no bound is known for a^2, which rejection needs; use smc"},
		{"a", 1, sample.Options{Particles: -1}, "sample: make sampler: counts must not be negative"},
		{"a", 1, sample.Options{Method: 9}, "sample: make sampler: method 9 is not a method"},
		{"a & b", 2, sample.Options{Method: sample.Annealed}, "sample: make sampler: annealing needs a ladder; choose or fit one"},
	} {
		_, err := sample.New(sp, make([]space.Policy, test.models), compile(t, test.text, nil), test.opts)
		if err == nil || err.Error() != test.want {
			t.Errorf("%s: %v", test.text, err)
		}
	}
	for m := sample.Auto; m <= sample.Annealed; m++ {
		if again, err := sample.ParseMethod(m.String()); err != nil || again != m {
			t.Errorf("%v is read as %v, %v", m, again, err)
		}
	}
	if _, err := sample.ParseMethod("gibbs"); err == nil {
		t.Error("gibbs is a method")
	}
}
