package platform

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/rewards"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
	"github.com/molsculpt/molsculpt/store"
)

func TestAFitIsThatOfTheStraightLine(t *testing.T) {
	t.Parallel()
	x := []float64{-1e6 - 4, -1e6 - 3, -1e6 - 2, -1e6 - 1} // far from zero: nothing may cancel
	for name, c := range map[string]struct {
		y    []float64
		want FitGroup
	}{
		"line":       {[]float64{-8, -6, -4, -2}, FitGroup{N: 4, Correlation: 1, Slope: 2, RMS: math.Sqrt(1.25)}},
		"shifted":    {[]float64{96, 97, 98, 99}, FitGroup{N: 4, Correlation: 1, Slope: 1}},
		"scattered":  {[]float64{0, 2, 1, 3}, FitGroup{N: 4, Correlation: 0.8, Slope: 0.8, RMS: math.Sqrt(0.5)}},
		"impossible": {[]float64{1, math.Inf(-1), 3, 4}, FitGroup{N: 4, Impossible: 1, Correlation: 1, Slope: 1}},
		"constant":   {[]float64{5, 5, 5, 5}, FitGroup{N: 4, RMS: math.Sqrt(1.25)}},
		"none":       {nil, FitGroup{}},
	} {
		got := newFitGroup(c.y, x[:len(c.y)])
		for _, d := range []float64{got.Correlation - c.want.Correlation, got.Slope - c.want.Slope, got.RMS - c.want.RMS} {
			if math.Abs(d) > 1e-8 || got.N != c.want.N || got.Impossible != c.want.Impossible {
				t.Errorf("%s: %+v, should be %+v", name, got, c.want)
				break
			}
		}
	}
}

func TestModelsThatCannotBeFittedSayWhy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		card ModelCard
		want string
	}{
		"data": {ModelCard{Space: store.Space{Kind: space.KindFragments}, Data: &CardData{}}, "learned from molecules"},
		"grid": {ModelCard{Space: store.Space{Kind: space.KindGrid}, Reward: CardReward{Function: "grid/shubert"}}, `kind "grid/1"`},
	} {
		path := filepath.Join(t.TempDir(), name+".safetensors")
		var done Trained
		if err := done.write(path, []byte("weights"), c.card); err != nil {
			t.Fatal(err)
		}
		if _, err := openFitModel(path, bundle(), &FitOptions{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRewardsAreClippedAsInTraining(t *testing.T) {
	t.Parallel()
	m := fitModel{clip: -75, card: ModelCard{Reward: CardReward{Floor: 0.001}}}
	for _, c := range []struct {
		r       sdk.Reward
		beta    float64
		want    float64
		clipped bool
	}{
		{sdk.Reward{Status: sdk.OK, Log: -1}, 32, -32, false},
		{sdk.Reward{Status: sdk.OK, Log: -3}, 32, -75, true},
		{sdk.Reward{Status: sdk.OK, Log: math.Log(0.001)}, 8, 8 * math.Log(0.001), true},
		{sdk.Reward{Status: sdk.ScoreFailed, Log: math.Log(0.001)}, 8, 8 * math.Log(0.001), true},
	} {
		if got, clipped := m.target(c.r, c.beta); got != c.want || clipped != c.clipped {
			t.Errorf("%+v at beta %g: %g, clipped %v", c.r, c.beta, got, clipped)
		}
	}
	m.clip = (&ModelCard{}).clip()
	if got, clipped := m.target(sdk.Reward{Status: sdk.OK, Log: -3}, 32); got != -96 || clipped {
		t.Errorf("with no clip: %g, %v", got, clipped)
	}
	if got := (&ModelCard{Model: json.RawMessage(`{"config": {"floor": -60}}`)}).clip(); got != -60 {
		t.Errorf("the card's clip is read as %g", got)
	}
}

func TestTheBarsAreThoseOfTheModelCards(t *testing.T) {
	t.Parallel()
	good := FitAt{All: FitGroup{N: 9, Correlation: 0.9, Slope: 1.1}, TB: 1}
	for want, change := range map[string]func(*FitAt){
		"":            func(*FitAt) {},
		"correlation": func(a *FitAt) { a.All.Correlation = 0.899 },
		"slope":       func(a *FitAt) { a.All.Slope = 1.101 },
		"tb_sd":       func(a *FitAt) { a.TB = math.NaN() },
		"support":     func(a *FitAt) { a.All.Impossible = 1 },
	} {
		a := good
		change(&a)
		if got := strings.Join(a.missed(), " "); got != want {
			t.Errorf("%+v misses %q, should miss %q", a, got, want)
		}
	}
}

func TestTheGridOfBetasEndsAtTheModelsLargest(t *testing.T) {
	t.Parallel()
	m := fitModel{beta: &sdk.Condition{Max: 40}}
	got := m.grid([]float64{32, 5})
	if want := []float64{5, 8, 16, 32, 40}; !equalFloats(got, want) {
		t.Errorf("%v, should be %v", got, want)
	}
	if got := (&fitModel{}).grid([]float64{32}); !equalFloats(got, []float64{32}) {
		t.Errorf("without a condition: %v", got)
	}
}

func equalFloats(a, b []float64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestWalksOccurOnceAndASmallSpaceGivesFewer(t *testing.T) {
	t.Parallel()
	sp, g := enumerable(t)
	seen := map[space.State]bool{}
	first := drawWalks(sp, 20, 3, seen)
	second := drawWalks(sp, len(g.States), 4, seen)
	if len(first) != 20 || len(second) >= len(g.States)-20 || len(seen) != 20+len(second) {
		t.Errorf("%d and %d walks, %d distinct", len(first), len(second), len(seen))
	}
}

func TestACardsObjectiveIsTheOneThatWasWritten(t *testing.T) {
	t.Parallel()
	for _, c := range []rewards.Curve{
		rewards.Rising(-8, 0.125), rewards.Plateau(1, 2.5, 1e-7),
		rewards.Linear{Points: []rewards.Point{{X: 0, Y: 1}, {X: 1e21, Y: 0.3}}, Exponent: 2.5},
		rewards.Sigmoid{Middle: -3, Width: -0.7},
		rewards.Window{Low: 1, High: 2, Width: 0.25},
	} {
		got, err := parseCurve(c.String())
		if err != nil {
			t.Errorf("%s: %v", c, err)
			continue
		}
		for x := -10.0; x < 10; x += 0.37 {
			if got.At(x) != c.At(x) {
				t.Errorf("%s at %g: %g, should be %g", c, x, got.At(x), c.At(x))
			}
		}
	}
	for _, name := range rewards.Names() {
		f, _ := rewards.Find(name)
		want, err := rewards.Objective{Function: f}.Resolve()
		if err != nil {
			t.Fatal(err)
		}
		got, err := CardReward{Function: name, Goal: want.Goal.String(), Curve: want.Curve.String(), Floor: 0.01}.objective()
		if err != nil || got.Curve.String() != want.Curve.String() || got.Goal != want.Goal {
			t.Errorf("%s: %v %v, should be %v %v (%v)", name, got.Goal, got.Curve, want.Goal, want.Curve, err)
		}
	}
	for _, r := range []CardReward{
		{Function: "nothing", Floor: 0.1},
		{Function: "qed", Goal: "up", Floor: 0.1},
		{Function: "qed", Curve: "linear", Floor: 0.1},
		{Function: "qed", Curve: "linear (0, 0) (1, 1) and more", Floor: 0.1},
		{Function: "qed"},
	} {
		if _, err := r.objective(); err == nil {
			t.Errorf("%+v is taken for an objective", r)
		}
	}
}

func TestAFitEntersTheCardAndLeavesTheRest(t *testing.T) {
	t.Parallel()
	card := filepath.Join(t.TempDir(), "a.card.json")
	const before = `{"z": 1.50, "fit": {"old": true}, "theirs": [1, {"b": null, "a": "<&>"}]}`
	if err := os.WriteFile(card, []byte(before), 0o644); err != nil {
		t.Fatal(err)
	}
	r := &FitReport{Model: "a", Card: card, Fit: Fit{Seed: 7, Others: []FitOther{}}}
	var first string
	for range 2 {
		if err := WriteFit(r); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(card)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(strings.Fields(string(data)), "")
		if !strings.HasPrefix(text, `{"z":1.50,"fit":{"weights_sha256":"","seed":7,`) || !strings.HasSuffix(text, `},"theirs":[1,{"b":null,"a":"<&>"}]}`) {
			t.Fatalf("the card is now\n%s", data)
		}
		if first != "" && first != string(data) {
			t.Error("writing it again changes the card")
		}
		first = string(data)
	}
	if err := os.WriteFile(card, []byte(`[]`), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := WriteFit(r); err == nil {
		t.Error("a card that is no object is written")
	}
}
