package platform

import (
	"context"

	"github.com/hashicorp/go-hclog"

	"github.com/molsculpt/molsculpt/chem/fragment"
	"github.com/molsculpt/molsculpt/chem/smiles"
	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// decide finds how a plan's composition is sampled, from the campaign's seed and
// what its models answer: the same in every session of the campaign.
func decide(ctx context.Context, p *Plan, m *models, comp *compose.Composition) (sample.Choice, error) {
	return sample.Choose(ctx, p.Space, m.policies, comp, sample.Options{Method: p.method, Twist: m.twist, Region: p.Region, Seed: p.Campaign.Seed})
}

// newSampler samples a plan's composition from population first on.
func newSampler(p *Plan, m *models, comp *compose.Composition, how sample.Choice, first, populations int) (*sample.Sampler, error) {
	twist := m.twist
	twist.Ladder = how.Ladder
	return sample.New(p.Space, m.policies, comp, sample.Options{
		Method: how.Method, Twist: twist, Region: p.Region,
		Seed: p.Campaign.Seed, Particles: p.Campaign.Sample.Particles,
		First: first, Populations: populations,
	})
}

// Drawn is a population of molecules without scores.
type Drawn struct {
	*sample.Population
	SMILES []string // canonical, by trajectory; "" where there is no molecule
	Reason []string // why there is none
}

// Draw samples populations of a plan's composition, as its campaign would, and
// hands over their molecules. It ends when each wants no more.
func Draw(ctx context.Context, p *Plan, log hclog.Logger, each func(Drawn) (more bool, err error)) error {
	session, err := Start(ctx, p, log)
	if err != nil {
		return err
	}
	defer session.Close()
	return session.draw(ctx, each)
}

func (s *Session) draw(ctx context.Context, each func(Drawn) (more bool, err error)) error {
	p := s.plan
	sampler, err := newSampler(p, s.models, s.target, s.how, 0, 0)
	if err != nil {
		return err
	}
	empty, chain := 0, newChain(s.how.Method, p.Campaign.Seed)
	for pop, err := range sampler.Populations(ctx) {
		if err != nil {
			return err
		}
		if chain != nil {
			pop.Trajectories = chain.next(pop)
		}
		if len(pop.Trajectories) == 0 {
			if empty++; empty >= 100 {
				return sample.ErrNoSupport
			}
		} else {
			empty = 0
		}
		d := Drawn{Population: pop, SMILES: make([]string, len(pop.Trajectories)), Reason: make([]string, len(pop.Trajectories))}
		for i := range pop.Trajectories {
			d.SMILES[i], d.Reason[i] = p.molecule(pop.Trajectories[i].Final())
		}
		if more, err := each(d); err != nil || !more {
			return err
		}
	}
	return ctx.Err()
}

// molecule is the canonical SMILES of a finished state, or why there is none.
func (p *Plan) molecule(s space.State) (text, reason string) {
	m, err := p.Space.Trees().Assemble(fragment.Tree(s))
	if err != nil {
		return "", err.Error()
	}
	return smiles.Canonical(m), ""
}
