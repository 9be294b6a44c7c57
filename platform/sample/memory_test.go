package sample_test

import (
	"context"
	"testing"

	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// counting is a policy that counts how often it is asked about each state. It
// serves one lane.
type counting struct {
	space.Policy
	asked map[space.State]int
}

func (c *counting) Steps(ctx context.Context, states []space.State, dst []space.Steps) error {
	for _, s := range states {
		c.asked[s]++
	}
	return c.Policy.Steps(ctx, states, dst)
}

// TestEarlyStatesAreAskedAboutOnce holds streams with the memory to streams
// without it, which are the same to the last bit, and counts what is asked.
func TestEarlyStatesAreAskedAboutOnce(t *testing.T) {
	t.Parallel()
	sp := bag{5}
	for _, text := range []string{"a & b", "a - b", "a | b", "a & b & c"} {
		c := compile(t, text, nil)
		for lanes := 1; lanes <= 3; lanes++ {
			var got [2][]*sample.Population
			var counts [2]*counting
			for forgetful := range 2 {
				bases := bagModels(sp, c, 1)
				if lanes == 1 {
					counts[forgetful] = &counting{bases[0], map[space.State]int{}}
					bases[0] = counts[forgetful]
				}
				s, err := sample.New(sp, bases, c, sample.Options{Seed: 4, Particles: 20, Populations: 12, Lanes: lanes, InFlight: 2})
				if err != nil {
					t.Fatal(err)
				}
				if forgetful == 1 {
					sample.Forget(s)
				}
				for p, err := range s.Populations(t.Context()) {
					if err != nil {
						t.Fatal(err)
					}
					got[forgetful] = append(got[forgetful], p)
				}
			}
			if d := same(got[0], got[1]); d != "" {
				t.Errorf("%s in %d lanes: %s", text, lanes, d)
			}
			if lanes > 1 {
				continue
			}
			early, late := 0, 0
			for s, k := range counts[1].asked {
				remembered := counts[0].asked[s]
				switch {
				case sp.Size(s) <= 2:
					early = max(early, k)
					if remembered != 1 {
						t.Errorf("%s: asked %d times about %q", text, remembered, s)
					}
				default:
					late = max(late, k)
					if remembered != k {
						t.Errorf("%s: asked %d times about %q, without the memory %d times", text, remembered, s, k)
					}
				}
			}
			if early < 2 || late < 2 {
				t.Errorf("%s: early states come at most %d times and late ones %d times, which shows nothing", text, early, late)
			}
		}
	}
}

// TestFullStatesAreNotRemembered walks a space whose early states are full: only
// those that a model is needed for take room.
func TestFullStatesAreNotRemembered(t *testing.T) {
	t.Parallel()
	sp := bag{2}
	c := compile(t, "a & b", nil)
	s, err := sample.New(sp, bagModels(sp, c, 1), c, sample.Options{Seed: 4, Particles: 20, Populations: 6})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range s.Populations(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(sample.Remembered(s)) < 2 {
		t.Error("it remembers nothing")
	}
	for _, state := range sample.Remembered(s) {
		if sp.Rows(state) == 0 {
			t.Errorf("it remembers %q, which is full", state)
		}
	}
}
