package oracle_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// names of the grid's rewards, as they stand in expressions.
var gridRewards = map[string]oracle.GridReward{
	"shubert":  oracle.Shubert,
	"diagonal": oracle.Diagonal,
	"c1":       oracle.Circle(1),
	"c2":       oracle.Circle(2),
	"c3":       oracle.Circle(3),
}

// grid is the exact laws of all rewards on the grid of a side.
func grid(t testing.TB, side int) map[string]*oracle.Flows {
	t.Helper()
	sp, err := space.NewGrid(2, side)
	if err != nil {
		t.Fatal(err)
	}
	g, err := oracle.Enumerate(context.Background(), sp, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*oracle.Flows{}
	for name, reward := range gridRewards {
		logR, err := reward.On(g)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = oracle.FlowsOf(g, logR)
	}
	return out
}

func compile(t testing.TB, text string) *compose.Composition {
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

// lawsOf are the laws of a composition's models, in its order.
func lawsOf(c *compose.Composition, flows map[string]*oracle.Flows) []*oracle.Law {
	var out []*oracle.Law
	for _, name := range c.Models() {
		out = append(out, flows[name].Law())
	}
	return out
}

func top(p []float64) float64 {
	best := 0.
	for _, l := range p {
		best = math.Max(best, math.Exp(l))
	}
	return best
}

// printed compares a value with a printed one, to its printed digits.
func printed(t *testing.T, what string, got float64, want string) {
	t.Helper()
	if want == "" {
		return
	}
	digits := len(want) - strings.IndexByte(want, '.') - 1
	text := fmt.Sprintf("%.*f", digits, got)
	if strings.TrimPrefix(text, "0") != strings.TrimPrefix(want, "0") {
		t.Errorf("%s = %s, want %s", what, text, want)
	}
}

func TestGoldenNumbersOfTheBaseRewards(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name               string
		logZ, entropy, top string // side 32
		logZ8, entropy8    string // side 8
	}{
		{"shubert", "5.582559", "6.698748", ".003378", "2.856458", "3.828651"},
		{"diagonal", "6.238345", "6.506419", ".001953", "3.465756", "3.714108"},
		{"c1", "7.761650", "5.765765", ".004638", "4.809705", "2.853833"},
		{"c2", "8.198178", "5.711771", ".004644", "5.296023", "2.842766"},
		{"c3", "7.653357", "5.779110", ".004570", "4.750301", "2.923206"},
	} {
		for _, at := range []struct {
			side               int
			logZ, entropy, top string
		}{{32, test.logZ, test.entropy, test.top}, {8, test.logZ8, test.entropy8, ""}} {
			f := grid(t, at.side)[test.name]
			law := f.Law()
			what := fmt.Sprintf("%s at side %d: ", test.name, at.side)
			printed(t, what+"log Z", f.LogZ(), at.logZ)
			printed(t, what+"entropy", oracle.Entropy(law.Terminal), at.entropy)
			printed(t, what+"max p", top(law.Terminal), at.top)
			want := append([]float64(nil), f.LogReward...)
			oracle.Normalise(want)
			if d := oracle.L1(law.Terminal, want); d > 1e-12 {
				t.Errorf("%sthe law differs from R/Z by %g", what, d)
			}
		}
	}
	for side, want := range map[int]string{32: "0.880509", 8: "0.943195"} {
		f := grid(t, side)
		printed(t, "L1(Shubert, diagonal)", oracle.L1(f["shubert"].Law().Terminal, f["diagonal"].Law().Terminal), want)
	}
}

// goldenComposites are figures of composites that were found beforehand.
var goldenComposites = []struct {
	text              string
	q0, entropy, top  string // side 32
	q08               string // side 8
	uncorrectedBlocks string // L1 on blocks of the proposal without weights
}{
	{"shubert &{0.05} diagonal", ".369927", "6.5879", ".004185", ".358469", ""},
	{"shubert & diagonal", ".178984", "6.5184", ".003457", ".170076", ".069"},
	{"shubert &{0.95} diagonal", ".022566", "6.5047", ".002210", ".021355", ""},
	{"shubert -{0.05} diagonal", ".130073", "5.8789", ".012979", ".141531", ""},
	{"shubert - diagonal", ".321016", "6.5302", ".005262", ".329924", ".141"},
	{"shubert -{0.95} diagonal", ".477434", "6.6790", ".003538", ".478645", ""},
	{"diagonal -{0.95} shubert", ".480530", "6.4828", ".002031", ".481133", ""},
	{"diagonal - shubert", ".321016", "6.3660", ".003034", ".329924", ""},
	{"diagonal -{0.05} shubert", ".071237", "5.9031", ".013202", ".094259", ""},
	{"obs(c1, c2; over c1, c2, c3)", ".064699", "5.1782", ".010405", ".058613", ".243"},
	{"obs(c2, c3; over c1, c2, c3)", ".063378", "5.1907", ".011742", ".057276", ""},
	{"obs(c1, c3; over c1, c2, c3)", ".067135", "5.3023", ".010609", ".061942", ""},
	{"c1 & c2 & c3", ".011555", "4.9211", ".012116", ".010943", ".226"},
	{"obs(c1, c1; over c1, c2, c3)", ".201499", "5.5824", ".007316", ".212778", ""},
	{"obs(c2, c2; over c1, c2, c3)", ".205256", "5.5420", ".006688", ".217444", ""},
	{"obs(c3, c3; over c1, c2, c3)", ".202820", "5.5935", ".007398", ".214115", ""},
	{"obs(c1, c1, c1; over c1, c2, c3)", ".147745", "5.3223", ".009815", ".161847", ".543"},
	{"obs(c2, c2, c2; over c1, c2, c3)", ".151636", "5.3200", ".008863", ".170537", ""},
	{"obs(c3, c3, c3; over c1, c2, c3)", ".149648", "5.3360", ".009875", ".166948", ""},
	{"c1 & c2", "", "", "", "", ".236"},
	{"c1 - c2", "", "", "", "", ".275"},
}

func TestGoldenNumbersOfTheComposites(t *testing.T) {
	t.Parallel()
	large, small := grid(t, 32), grid(t, 8)
	for _, test := range goldenComposites {
		c := compile(t, test.text)
		laws := lawsOf(c, large)
		p, logZ, err := oracle.Composite(c, laws)
		if err != nil {
			t.Fatal(err)
		}
		printed(t, test.text+": Q0", math.Exp(logZ), test.q0)
		printed(t, test.text+": entropy", oracle.Entropy(p), test.entropy)
		printed(t, test.text+": max p", top(p), test.top)
		_, logZ8, _ := oracle.Composite(c, lawsOf(c, small))
		printed(t, test.text+": Q0 at side 8", math.Exp(logZ8), test.q08)
		uncorrected := oracle.PathPosterior(c, laws)
		printed(t, test.text+": uncorrected L1", oracle.L1(coarse(t, laws[0].Graph, uncorrected.Terminal), coarse(t, laws[0].Graph, p)), test.uncorrectedBlocks)
	}
}

func coarse(t *testing.T, g *oracle.Graph, p []float64) []float64 {
	t.Helper()
	of, n, err := oracle.Blocks(g, 4)
	if err != nil {
		t.Fatal(err)
	}
	return oracle.Coarse(p, of, n)
}

func TestExactGuidanceHasTheClosedFormAsItsLaw(t *testing.T) {
	t.Parallel()
	flows := grid(t, 32)
	for _, test := range goldenComposites {
		c := compile(t, test.text)
		laws := lawsOf(c, flows)
		want, logZ, err := oracle.Composite(c, laws)
		if err != nil {
			t.Fatal(err)
		}
		bound, ok := c.Bound()
		if !ok {
			t.Fatalf("%s has no mixture", test.text)
		}
		mixture := oracle.MixturePolicy(bound.Weights, laws)
		atState, atEnd := oracle.Potential(c, mixture, laws)
		if math.Abs(atState[0]-logZ) > 1e-10 {
			t.Errorf("%s: the potential of the initial state is %g, the evidence %g", test.text, atState[0], logZ)
		}
		if d := oracle.L1(oracle.Guided(mixture, atState, atEnd).Terminal, want); d > 1e-12 {
			t.Errorf("%s: the guided policy's law differs by %g", test.text, d)
		}
		for s, p := range mixture.Terminal {
			if q := atEnd[s]; !math.IsInf(p, -1) && q > 1e-12 {
				t.Fatalf("%s: likelihood exp(%g) at %d", test.text, q, s)
			}
		}
	}
}

func TestMixturePolicyEndsAsTheMixture(t *testing.T) {
	t.Parallel()
	flows := grid(t, 32)
	laws := []*oracle.Law{flows["c1"].Law(), flows["c2"].Law(), flows["c3"].Law()}
	w := []float64{.5, .3, .2}
	want := make([]float64, len(laws[0].Terminal))
	for x := range want {
		for i, l := range laws {
			want[x] += w[i] * math.Exp(l.Terminal[x])
		}
		want[x] = math.Log(want[x])
	}
	if d := oracle.L1(oracle.MixturePolicy(w, laws).Terminal, want); d > 1e-12 {
		t.Errorf("the law differs by %g", d)
	}
}

func TestLawOfAPolicyIsTheLawItCameFrom(t *testing.T) {
	t.Parallel()
	law := grid(t, 8)["shubert"].Law()
	again, err := oracle.LawOf(context.Background(), law.Graph, law.Policy())
	if err != nil {
		t.Fatal(err)
	}
	if d := oracle.L1(again.Terminal, law.Terminal); d > 1e-13 {
		t.Errorf("end points differ by %g", d)
	}
	if d := oracle.L1(again.Reach, law.Reach); d > 1e-12 {
		t.Errorf("visits differ by %g", d)
	}
}

func TestCompositionWithoutSupportIsAnError(t *testing.T) {
	t.Parallel()
	sp, _ := space.NewGrid(1, 4)
	g, err := oracle.Enumerate(context.Background(), sp, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	inf := math.Inf(-1)
	a := oracle.FlowsOf(g, []float64{0, 0, inf, inf}).Law()
	b := oracle.FlowsOf(g, []float64{inf, inf, 0, 0}).Law()
	c := compile(t, "a & b")
	if _, _, err := oracle.Composite(c, []*oracle.Law{a, b}); !errors.Is(err, oracle.ErrNoSupport) {
		t.Errorf("error %v", err)
	}
	p, logZ, err := oracle.Composite(compile(t, "a - b"), []*oracle.Law{a, b})
	if err != nil || math.Abs(math.Exp(logZ)-.5) > 1e-12 || oracle.L1(p, a.Terminal) > 1e-12 {
		t.Errorf("a - b over disjoint supports is not a: %v %g %v", p, logZ, err)
	}
}
