package platform

import (
	"context"
	"errors"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// findNormalisers estimates the evidence of the composites that the expression
// nests, from the campaign's seed: the same in every session of the campaign.
func findNormalisers(ctx context.Context, p *Plan, m *models) (compose.Normalisers, error) {
	policies := map[string]space.Policy{}
	for i, model := range p.Models {
		policies[model.Name] = m.policies[i]
	}
	known, _, err := sample.Normalise(ctx, p.Space, policies, p.Expression, sample.Options{Seed: p.Campaign.Seed})
	var wrong *compose.Error
	if errors.As(err, &wrong) {
		return nil, p.Campaign.Compose.Errorf("%v", err)
	}
	return known, err
}
