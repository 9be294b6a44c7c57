package verify

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// counted counts the states that a policy is asked about.
type counted struct {
	space.Policy
	states *atomic.Int64
}

func (c counted) Steps(ctx context.Context, states []space.State, dst []space.Steps) error {
	c.states.Add(int64(len(states)))
	return c.Policy.Steps(ctx, states, dst)
}

// withNoise is the domain of a dozen fragments with models of errors of some nats
// that are asked like plugins, one of them like a diffusion.
func withNoise(t *testing.T, noise float64) (d *Domain, asked *atomic.Int64) {
	t.Helper()
	exact, err := Fragments(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	asked = &atomic.Int64{}
	rng := rand.New(rand.NewPCG(6, 0))
	d, err = exact.Served(t.Context(), "noisy", func(_ context.Context, model string) (space.Policy, error) {
		return counted{exact.Models[model].Law.Perturbed(noise, rng).Policy(), asked}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	d.mostBase, d.diffusion = .2, true
	return d, asked
}

// Draws of imperfect models, which answer themselves, are near the composite on
// states by every sampler; draws of another model are not.
func TestDrawsOfDiffusionsAndGFlowNetsAreHeldAgainstTheClosedForm(t *testing.T) {
	t.Parallel()
	d, asked := withNoise(t, .05)
	r := &Run{Options: Options{Seed: 4, Draws: 20_000}}
	for _, text := range []string{"size | qed", "size & qed", "qed - size"} {
		tg, err := NewTarget(d, text)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range []Method{chosenForStates, smcForStates, annealedForStates} {
			if !m.Covers(tg) {
				if composite(tg) {
					t.Errorf("%s does not cover %s", m.Name, text)
				}
				continue
			}
			before := asked.Load()
			results, err := m.Check(t.Context(), tg, r)
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range results {
				if !x.Passed() {
					t.Errorf("%s: %s by %s: %g, exact %g, bound %g", text, x.Quantity, m.Name, x.Estimate, x.Exact, x.Bound)
				}
			}
			if asked.Load() == before {
				t.Errorf("%s: %s does not ask the models", text, m.Name)
			}
		}
		other := *tg.Models[0]
		other.Policy = d.Models["hetero"].Policy
		tg.Models[0] = &other
		results, err := chosenForStates.Check(t.Context(), tg, r)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(results, func(x Result) bool { return !x.Passed() }) {
			t.Errorf("%s: draws of another model pass: %+v", text, results)
		}
	}
}

// The bound of a balanced model is the entropy, and -log p at every tree; that of
// an imperfect one is looser, and that of a bad one too loose.
func TestBoundsAreHeldAgainstTheEntropy(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		noise, least, most float64 // of the errors
		passed             bool
	}{{0, 0, 1e-12, true}, {.1, 1e-5, mostBound, true}, {1, mostBound, 1, false}} {
		d, _ := withNoise(t, test.noise)
		tg, err := NewTarget(d, "size")
		if err != nil {
			t.Fatal(err)
		}
		results, err := bounding.Check(t.Context(), tg, &Run{})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range results {
			if x.Passed() != test.passed || math.Abs(x.Error) < test.least || math.Abs(x.Error) > test.most {
				t.Errorf("noise of %g nats: %s %g, exact %g, error %g", test.noise, x.Quantity, x.Estimate, x.Exact, x.Error)
			}
		}
	}
}

// The diffusion learns from more than five million draws of the law that it is held
// against, the GFlowNets from the other rewards; without a trainer of diffusions
// the domain is left out.
func TestADiffusionLearnsTheLawThatItIsHeldAgainst(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("enumerates 52,324 molecules")
	}
	exact, err := Fragments24(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var trained []string
	o := Options{
		Full: true, Only: []string{withDiffusion},
		Train: func(_ context.Context, m ModelTraining) (space.Policy, error) {
			trained = append(trained, m.Reward)
			return exact.Models[m.Reward].Policy, nil
		},
	}
	if len(o.rungs()) != 0 {
		t.Error("the domain is there without diffusions")
	}
	o.Learn = func(_ context.Context, l LawTraining) (space.Policy, error) {
		trained = append(trained, l.Name)
		var options struct{ Steps, Batch int }
		if err := json.Unmarshal([]byte(l.Options), &options); err != nil || options.Steps*options.Batch < 5_000_000 {
			t.Errorf("%d draws are learned from: %v", options.Steps*options.Batch, err)
		}
		weights := make([]float64, len(exact.Graph.States))
		for i := range weights {
			weights[i] = math.Inf(-1)
		}
		for i, s := range l.Trees {
			at, ok := exact.Graph.Index(s)
			if !ok {
				t.Fatalf("tree %x is not in the space", s)
			}
			weights[at] = math.Log(l.Weights[i])
		}
		return oracle.FlowsOf(exact.Graph, weights).Law().Policy(), nil
	}
	if len(o.rungs()) != 1 {
		t.Error("the domain is not there")
	}
	d, err := diffusionAndGFlowNets(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(trained)
	if got := strings.Join(trained, " "); got != "qed sa size" {
		t.Errorf("trained are %s", got)
	}
	for name, m := range d.Models {
		if off := oracle.L1(m.Law.Terminal, m.rewardLaw()); off > 1e-9 {
			t.Errorf("%s is off its reward by %g", name, off)
		}
	}
}
