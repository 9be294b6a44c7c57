package score

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/noise"
	"github.com/molsculpt/molsculpt/sdk/plugintest"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// classes are points around (1, 0) and (-1, 0), those of a source in turns.
func classes(sp *space.Points, n int, seed uint64) []sdk.Example {
	r := rand.New(rand.NewPCG(seed, 0))
	var out []sdk.Example
	for i := range n {
		x := float64(1 - 2*(i%2))
		out = append(out, sdk.Example{
			State: sp.At([]float32{float32(x + 0.5*r.NormFloat64()), float32(0.5 * r.NormFloat64())}), Weight: 1, Label: i % 2,
		})
	}
	return out
}

// A guide of classes is trained over the protocol from labelled examples, its
// weights are those of a guide that keeps the protocol, and its training can be
// stopped.
func TestAGuideOfClassesKeepsTheProtocol(t *testing.T) {
	sp, err := space.NewPoints(2, noise.Process{})
	if err != nil {
		t.Fatal(err)
	}
	sources := map[string][]sdk.Example{sdk.SourceTrain: classes(sp, 400, 1), sdk.SourceHeldOut: classes(sp, 100, 2)}
	for _, process := range []string{noise.VP, noise.VE} {
		training := host.Training{
			Space: sp, Seed: 3, Models: []string{"right", "left"},
			Spec: fmt.Appendf(nil, `{"process": %q, "steps": 60, "batch": 64, "average": 0.9, "validate": 30, "checkpoint_every": 20, "threads": 1,
				"network": {"kind": "mlp", "width": 32, "layers": 1}}`, process),
			Examples: func(_ context.Context, source string, first, n int) ([]sdk.Example, bool, error) {
				all, ok := sources[source]
				if !ok {
					return nil, false, fmt.Errorf("no examples are called %q", source)
				}
				to := min(first+n, len(all))
				return all[first:to], to < len(all), nil
			},
			Save: func(context.Context, []byte) error { return nil },
		}
		client, stop := plugintest.Serve(Plugin(), host.Options{})
		defer stop()
		done, err := client.Train(t.Context(), training)
		if err != nil {
			t.Fatal(err)
		}
		plugintest.Run(t, Plugin(), plugintest.Options{Guide: host.Model{Weights: done.Weights}, Training: &training, Seed: 1})
	}
}
