package supervise

import (
	"context"
	"os"
	"testing"

	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// BenchmarkSteps is a batch of grid states with a table of three cells each: what
// a call costs beside the model.
func BenchmarkSteps(b *testing.B) {
	exe, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	p, err := Start(b.Context(), Config{Path: exe, Args: []string{"fake", "good"}})
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close(context.Background())
	sp, err := space.NewGrid(3, 5)
	if err != nil {
		b.Fatal(err)
	}
	policy, err := p.LoadPolicy(b.Context(), host.Model{Space: sp}, nil)
	if err != nil {
		b.Fatal(err)
	}
	states := walked(sp)
	dst := make([]space.Steps, len(states))
	for b.Loop() {
		if err := policy.Steps(b.Context(), states, dst); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(states)), "states/op")
}
