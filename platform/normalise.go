package platform

import (
	"context"
	"fmt"
	"hash/fnv"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// nestedParticles is how many trajectories the evidence of a nested composite
// is estimated from.
const nestedParticles = 4096

// findNormalisers estimates the evidence of the composites that the expression
// nests, inner ones first, each from the campaign's seed and its own text: the
// same in every session of the campaign.
func findNormalisers(ctx context.Context, p *Plan, m *models) (compose.Normalisers, error) {
	known := compose.Normalisers{}
	for _, n := range compose.Nested(p.Expression) {
		names := n.Models()
		comp, err := compose.Compile(n, names, known)
		if err != nil {
			return nil, p.Campaign.Compose.Errorf("%v", err)
		}
		var policies []space.Policy
		for _, name := range names {
			for i, pm := range p.Models {
				if pm.Name == name {
					policies = append(policies, m.policies[i])
				}
			}
		}
		h := fnv.New64a()
		h.Write([]byte(n.String())) // never fails
		s, err := sample.New(p.Space, policies, comp, sample.Options{
			Method: sample.SMC, Seed: p.Campaign.Seed ^ h.Sum64(), Populations: nestedParticles / 64,
		})
		if err != nil {
			return nil, err
		}
		var e sample.Evidence
		for pop, err := range s.Populations(ctx) {
			if err != nil {
				return nil, err
			}
			e.Add(pop)
		}
		z, err := e.Log()
		if err != nil {
			return nil, fmt.Errorf("the evidence of %s: %w", n, err)
		}
		known[n.String()] = z.Value
	}
	return known, nil
}
