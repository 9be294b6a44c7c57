package sample_test

import (
	"testing"

	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// BenchmarkGrid draws from the harmonic mean of Shubert and diagonal on the
// paper's grid, models and guide answered from tables: finished samples per
// second.
func BenchmarkGrid(b *testing.B) {
	g, err := space.NewGrid(2, 32)
	if err != nil {
		b.Fatal(err)
	}
	graph, err := oracle.Enumerate(b.Context(), g, 0, 0)
	if err != nil {
		b.Fatal(err)
	}
	c := compile(b, "a & b", nil)
	var laws []*oracle.Law
	var bases []space.Policy
	for _, r := range []oracle.GridReward{oracle.Shubert, oracle.Diagonal} {
		logR := make([]float64, len(graph.States))
		for i, s := range graph.States {
			logR[i] = r(g.Coordinates(s, nil), 32)
		}
		law := oracle.FlowsOf(graph, logR).Law()
		laws, bases = append(laws, law), append(bases, law.Policy())
	}
	bound, _ := c.Bound()
	mixture := oracle.MixturePolicy(bound.Weights, laws)
	going, ends := oracle.Potential(c, mixture, laws)
	guide := exactGuide{graph: graph, going: going, ends: ends, space: g}
	for _, o := range []struct {
		name string
		opts sample.Options
	}{
		{"guided", sample.Options{Method: sample.Guided, Twist: sample.Twist{Guide: guide}}},
		{"unweighted", sample.Options{Method: sample.Uncorrected}},
		{"smc", sample.Options{Method: sample.SMC}},
		{"rejection", sample.Options{Method: sample.Rejection}},
	} {
		b.Run(o.name, func(b *testing.B) {
			o.opts.Seed, o.opts.Particles, o.opts.Populations = 1, 1000, b.N
			o.opts.InFlight = 8
			s, err := sample.New(g, bases, c, o.opts)
			if err != nil {
				b.Fatal(err)
			}
			n := 0
			for p, err := range s.Populations(b.Context()) {
				if err != nil {
					b.Fatal(err)
				}
				n += len(p.Trajectories)
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "samples/s")
		})
	}
}
