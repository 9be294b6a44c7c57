package rewards_test

import (
	"context"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/molsculpt/molsculpt/chem/descriptor"
	"github.com/molsculpt/molsculpt/chem/smiles"
	"github.com/molsculpt/molsculpt/rewards"
)

func molecule(t testing.TB, s string) rewards.Molecule {
	t.Helper()
	m, err := smiles.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return rewards.Molecule{SMILES: s, Mol: m}
}

func find(t testing.TB, name string) rewards.Function {
	t.Helper()
	f, ok := rewards.Find(name)
	if !ok {
		t.Fatalf("no function %s", name)
	}
	return f
}

func profile(t testing.TB, objectives ...rewards.Objective) rewards.Profile {
	t.Helper()
	p, err := rewards.NewProfile(objectives...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestBuiltinFunctionsScoreAsDescriptors(t *testing.T) {
	t.Parallel()
	m := molecule(t, "CC(=O)Oc1ccccc1C(=O)O")
	for _, f := range rewards.Builtin() {
		c, ok := descriptor.Find(f.Name)
		if !ok {
			t.Errorf("%s: no such column", f.Name)
			continue
		}
		got := f.Scorer.Score(context.Background(), []rewards.Molecule{m})[0]
		if want := c.Value(descriptor.New(m.Mol)); got.Status != rewards.OK || got.Value != want {
			t.Errorf("%s: %+v, want %v", f.Name, got, want)
		}
		if f.Curve == nil || f.Goal == rewards.Default || f.Low >= f.High || f.About == "" {
			t.Errorf("%s: incomplete", f.Name)
		}
	}
}

func TestDefaultCurves(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		x, want float64
	}{
		{"qed", 0.3, 0.3},
		{"sa", 1, 1},
		{"sa", 10, 0},
		{"sa", 4, 6.0 / 9},
		{"mw", 250, 1},
		{"mw", 650, 0.5},
		{"mw", 1200, 0},
		{"logp", 2, 1},
		{"logp", 4, 0.5},
		{"logp", -1, 0},
		{"esol", -8, 0},
		{"esol", -2, 0.75},
		{"esol", 1, 1},
	} {
		if got := find(t, c.name).Curve.At(c.x); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s at %v: %v, want %v", c.name, c.x, got, c.want)
		}
	}
}

func TestCurvesStayBetweenZeroAndOneAndKeepTheirDirection(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		number := rapid.Float64Range(-1e3, 1e3)
		low, span := number.Draw(r, "low"), rapid.Float64Range(1e-3, 1e3).Draw(r, "span")
		s := rapid.Float64Range(0.1, 10).Draw(r, "exponent")
		x, y := number.Draw(r, "x"), number.Draw(r, "y")
		if x > y {
			x, y = y, x
		}
		rising := rewards.Rising(low, low+span)
		rising.Exponent = s
		falling := rewards.Falling(low, low+span)
		falling.Exponent = s
		for name, c := range map[string]struct {
			curve rewards.Curve
			sign  float64
		}{
			"rising":       {rising, 1},
			"falling":      {falling, -1},
			"sigmoid up":   {rewards.Sigmoid{Middle: low, Width: span}, 1},
			"sigmoid down": {rewards.Sigmoid{Middle: low, Width: -span}, -1},
			"plateau":      {rewards.Plateau(low, low+span, span), 0},
			"window":       {rewards.Window{Low: low, High: low + span, Width: span}, 0},
		} {
			a, b := c.curve.At(x), c.curve.At(y)
			if !(a >= 0 && a <= 1 && b >= 0 && b <= 1) {
				r.Errorf("%s: %v and %v", name, a, b)
			}
			if c.sign*(b-a) < -1e-12 {
				r.Errorf("%s goes the wrong way: %v at %v, %v at %v", name, a, x, b, y)
			}
		}
		for _, inside := range []float64{low, low + span/2, low + span} {
			if d := rewards.Plateau(low, low+span, span).At(inside); math.Abs(d-1) > 1e-9 {
				r.Errorf("plateau is %v at %v inside", d, inside)
			}
		}
	})
}

func TestBadCurvesAndObjectivesAreRefused(t *testing.T) {
	t.Parallel()
	qed, mw := find(t, "qed"), find(t, "mw")
	for name, o := range map[string]rewards.Objective{
		"no function":          {},
		"negative weight":      {Function: qed, Weight: -1},
		"infinite weight":      {Function: qed, Weight: math.Inf(1)},
		"target without curve": {Function: mw, Goal: rewards.Target},
		"one point":            {Function: qed, Curve: rewards.Linear{Points: []rewards.Point{{0, 1}}}},
		"x goes back":          {Function: qed, Curve: rewards.Linear{Points: []rewards.Point{{0, 1}, {0, 0}}}},
		"y above one":          {Function: qed, Curve: rewards.Linear{Points: []rewards.Point{{0, 2}, {1, 0}}}},
		"exponent":             {Function: qed, Curve: rewards.Linear{Points: []rewards.Point{{0, 0}, {1, 1}}, Exponent: -1}},
		"window inside out":    {Function: qed, Curve: rewards.Window{Low: 1, High: 0, Width: 1}},
		"sigmoid without end":  {Function: qed, Curve: rewards.Sigmoid{Middle: math.NaN()}},
	} {
		if _, err := o.Resolve(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := rewards.NewProfile(); err == nil {
		t.Error("a profile without objectives was accepted")
	}
	if _, err := rewards.NewProfile(rewards.Objective{Function: qed}, rewards.Objective{Function: qed}); err == nil {
		t.Error("two objectives of one name were accepted")
	}
}

func TestAnotherGoalTurnsTheCurve(t *testing.T) {
	t.Parallel()
	o, err := rewards.Objective{Function: find(t, "mw"), Goal: rewards.Maximize}.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	if a, b := o.Curve.At(0), o.Curve.At(1000); a != 0 || b != 1 {
		t.Errorf("maximize mw: %v at 0, %v at 1000", a, b)
	}
}

func TestOverallIsTheWeightedGeometricMean(t *testing.T) {
	t.Parallel()
	p := profile(t, rewards.Objective{Function: find(t, "qed"), Weight: 3}, rewards.Objective{Function: find(t, "sa")})
	a := p.Assess([]rewards.Score{{Value: 0.5}, {Value: 1.9}})
	if want := math.Pow(0.5*0.5*0.5*0.9, 0.25); math.Abs(a.Overall-want) > 1e-12 || !a.Complete() || a.Coverage != 1 {
		t.Errorf("%+v, want %v", a, want)
	}
	if zero := p.Assess([]rewards.Score{{Value: 0}, {Value: 1}}); zero.Overall != 0 {
		t.Errorf("one useless property leaves %v", zero.Overall)
	}
}

func TestMissingIsNeverZeroAndRanksLast(t *testing.T) {
	t.Parallel()
	p := profile(t, rewards.Objective{Function: find(t, "qed")}, rewards.Objective{Function: find(t, "sa"), Weight: 3})
	lost := rewards.Score{Status: rewards.TimedOut, Reason: "no answer in 10 s"}
	complete := p.Assess([]rewards.Score{{Value: 0.01}, {Value: 9.9}})
	useless := p.Assess([]rewards.Score{{Value: 0}, {Value: 10}})
	part := p.Assess([]rewards.Score{{Value: 0.9}, lost})
	lesser := p.Assess([]rewards.Score{{Value: 0.8}, lost})
	notNumber := p.Assess([]rewards.Score{{Value: math.NaN()}, lost})
	if part.Overall != 0.9 || part.Missing != 1 || part.Coverage != 0.25 || !math.IsNaN(part.Desirability[1]) {
		t.Errorf("part: %+v", part)
	}
	if notNumber.Missing != 2 || !math.IsNaN(notNumber.Overall) {
		t.Errorf("nothing known: %+v", notNumber)
	}
	got := []rewards.Assessment{notNumber, lesser, part, useless, complete}
	slices.SortStableFunc(got, rewards.Compare)
	overall := func(as []rewards.Assessment) (xs []float64) {
		for _, a := range as {
			xs = append(xs, math.Round(a.Overall*1e6)/1e6)
		}
		return xs
	}
	want := []rewards.Assessment{complete, useless, part, lesser, notNumber}
	if diff := cmp.Diff(overall(want)[:4], overall(got)[:4]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The order of candidates must not change when all weights are scaled, and a
// candidate that is better in one objective and equal in the others is better.
func TestRankingLaws(t *testing.T) {
	t.Parallel()
	qed, sa, mw := find(t, "qed"), find(t, "sa"), find(t, "mw")
	rapid.Check(t, func(r *rapid.T) {
		weight := rapid.Float64Range(0.1, 5)
		w := [3]float64{weight.Draw(r, "w1"), weight.Draw(r, "w2"), weight.Draw(r, "w3")}
		k := rapid.Float64Range(0.1, 10).Draw(r, "scale")
		one := profile(t, rewards.Objective{Function: qed, Weight: w[0]}, rewards.Objective{Function: sa, Weight: w[1]}, rewards.Objective{Function: mw, Weight: w[2]})
		two := profile(t, rewards.Objective{Function: qed, Weight: k * w[0]}, rewards.Objective{Function: sa, Weight: k * w[1]}, rewards.Objective{Function: mw, Weight: k * w[2]})
		draw := func(name string) []rewards.Score {
			s := []rewards.Score{
				{Value: rapid.Float64Range(0.01, 0.99).Draw(r, name+" qed")},
				{Value: rapid.Float64Range(1.1, 9.9).Draw(r, name+" sa")},
				{Value: rapid.Float64Range(100, 990).Draw(r, name+" mw")},
			}
			if i := rapid.IntRange(0, 5).Draw(r, name+" missing"); i < 3 {
				s[i] = rewards.Score{Status: rewards.Failed, Reason: "lost"}
			}
			return s
		}
		a, b := draw("a"), draw("b")
		x, y := one.Assess(a), one.Assess(b)
		if x.Coverage < 0 || x.Coverage > 1 || x.Overall < 0 || x.Overall > 1 {
			r.Errorf("out of range: %+v", x)
		}
		if rewards.Compare(x, y) != -rewards.Compare(y, x) {
			r.Error("the order is not antisymmetric")
		}
		if math.Abs(x.Overall-y.Overall) > 1e-9 && rewards.Compare(x, y) != rewards.Compare(two.Assess(a), two.Assess(b)) {
			r.Error("scaling all weights changed the order")
		}
		better := slices.Clone(a)
		if better[0].Status == rewards.OK {
			better[0].Value += 0.005
			if rewards.Compare(one.Assess(better), x) >= 0 {
				r.Error("a better QED did not rank higher")
			}
		}
	})
}

// external is a scorer from elsewhere.
type external func(ctx context.Context, batch []rewards.Molecule) []rewards.Score

func (e external) Score(ctx context.Context, batch []rewards.Molecule) []rewards.Score {
	return e(ctx, batch)
}

func TestProfileScoresBuiltinAndExternalFunctions(t *testing.T) {
	t.Parallel()
	calls := 0
	length := rewards.Function{
		Name: "length", Low: 0, High: 10, Goal: rewards.Maximize, Curve: rewards.Rising(0, 10),
		Scorer: external(func(_ context.Context, batch []rewards.Molecule) []rewards.Score {
			calls++
			out := make([]rewards.Score, len(batch))
			for i, m := range batch {
				out[i].Value = float64(len(m.SMILES))
			}
			return out
		}),
	}
	short := rewards.Function{
		Name: "short", Goal: rewards.Maximize, Curve: rewards.Rising(0, 1),
		Scorer: external(func(context.Context, []rewards.Molecule) []rewards.Score { return nil }),
	}
	p := profile(t, rewards.Objective{Function: find(t, "qed")}, rewards.Objective{Function: length}, rewards.Objective{Function: short}, rewards.Objective{Function: find(t, "sa")})
	batch := []rewards.Molecule{molecule(t, "CCO"), {SMILES: "unreadable"}, molecule(t, "c1ccccc1")}
	rows := p.Score(context.Background(), batch)
	if calls != 1 {
		t.Errorf("the external scorer was called %d times for one batch", calls)
	}
	for i, m := range batch {
		if got := rows[i][1]; got.Value != float64(len(m.SMILES)) {
			t.Errorf("length of %s: %+v", m.SMILES, got)
		}
		if got := rows[i][2]; got.Status != rewards.Failed || got.Reason == "" {
			t.Errorf("a short answer gave %+v", got)
		}
		if m.Mol == nil {
			if got := rows[i][0].Status; got != rewards.NotApplicable {
				t.Errorf("QED of nothing is %s", got)
			}
			continue
		}
		if rows[i][0].Value != descriptor.QED(m.Mol) || rows[i][3].Value != descriptor.SA(m.Mol) {
			t.Errorf("%s: %+v", m.SMILES, rows[i])
		}
	}
}

func TestScoringStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), -time.Second)
	defer cancel()
	p := profile(t, rewards.Objective{Function: find(t, "qed")})
	if got := p.Score(ctx, []rewards.Molecule{molecule(t, "C")})[0][0]; got.Status != rewards.TimedOut {
		t.Errorf("got %+v", got)
	}
}

func TestLogReward(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ d, beta, want float64 }{
		{1, 32, 0},
		{0.5, 2, 2 * math.Log(0.5)},
		{0, 32, -75},
		{0.01, 96, -75},
		{math.NaN(), 1, -75},
		{0, 1, math.Log(1e-30)},
	} {
		if got := rewards.LogReward(c.d, c.beta, -75); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("LogReward(%v, %v, -75) = %v, want %v", c.d, c.beta, got, c.want)
		}
		if want := c.want == -75; rewards.Clipped(c.d, c.beta, -75) != want {
			t.Errorf("Clipped(%v, %v, -75) is not %v", c.d, c.beta, want)
		}
	}
}

func TestGoalNamesAreReadBack(t *testing.T) {
	t.Parallel()
	for _, g := range []rewards.Goal{rewards.Minimize, rewards.Maximize, rewards.Target, rewards.Range} {
		if got, err := rewards.ParseGoal(g.String()); err != nil || got != g {
			t.Errorf("%s: %v, %v", g, got, err)
		}
	}
	if _, err := rewards.ParseGoal("best"); err == nil {
		t.Error("an unknown goal was accepted")
	}
}
