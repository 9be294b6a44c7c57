package gflownet

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/molsculpt/molsculpt/platform/compose"
	hostguide "github.com/molsculpt/molsculpt/platform/guide"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/plugins/guide"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// inProcess is a guide that is asked without a wire.
type inProcess struct{ *guide.Model }

func (g inProcess) LogQ(ctx context.Context, req sdk.GuideRequest) (sdk.GuideReply, error) {
	return g.Model.LogQ(ctx, &req)
}

func (inProcess) LogQActions(context.Context, []space.State, []host.GuideActions) error {
	return errors.New("there is no action head")
}

// BenchmarkGridGuided draws from the paper's guided policy on its grid: two
// models and a classifier, networks of 2 x 256, in populations of 1,000. States
// that coincide are evaluated once. With answers kept, the models answer from their
// tables and the classifier is asked about a state once in all; without, every
// batch of 8 populations begins anew, and all networks with it.
func BenchmarkGridGuided(b *testing.B) {
	const each, together = 1000, 8
	g := toyGrid(b, 2, 32)
	var kept, bare []space.Policy
	for i, s := range surfaces[:2] {
		tr := newGridTrainer(b, g, GridConfig{Steps: 300, Threads: 2}, uint64(i))
		learn(b, tr, 300, surface(s.reward))
		m, err := tr.Model()
		if err != nil {
			b.Fatal(err)
		}
		kept, bare = append(kept, m), append(bare, untabled(m))
	}
	tr, err := guide.NewTrainer(g, []string{"shubert", "diagonal"}, guide.Config{Alpha: true, Threads: 2}, 1)
	if err != nil {
		b.Fatal(err)
	}
	classifier, err := tr.Model()
	if err != nil {
		b.Fatal(err)
	}
	e, err := compose.Parse("shubert & diagonal")
	if err != nil {
		b.Fatal(err)
	}
	c, err := compose.Compile(e, nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	source := inProcess{classifier}
	reading, err := hostguide.Read(source.Info(), c)
	if err != nil {
		b.Fatal(err)
	}
	draw := func(bases []space.Policy, first, populations int) (n int) {
		s, err := sample.New(g, bases, c, sample.Options{
			Method: sample.Guided, Seed: 1, Particles: each, First: first, Populations: populations, InFlight: together / 2,
			Twist: sample.Twist{Guide: reading.States(source), GuideEnds: true, GuideMixture: true},
		})
		if err != nil {
			b.Fatal(err)
		}
		for p, err := range s.Populations(b.Context()) {
			if err != nil {
				b.Fatal(err)
			}
			n += len(p.Trajectories)
		}
		return n
	}
	for _, how := range []struct {
		name string
		draw func(batches int) int
	}{
		{"kept", func(batches int) int { return draw(kept, 0, batches*together) }},
		{"not kept", func(batches int) (n int) {
			for i := range batches {
				n += draw(bare, i*together, together)
			}
			return n
		}},
	} {
		b.Run(fmt.Sprintf("answers %s", how.name), func(b *testing.B) {
			n := how.draw(b.N)
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "samples/s")
		})
	}
}
