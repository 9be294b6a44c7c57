package platform

import (
	"context"
	"math"

	"github.com/hashicorp/go-hclog"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/rewards"
)

// Profile judges molecules by objectives, without a campaign.
type Profile struct{ of rewards.Profile }

// Judgement is what a profile says of a molecule.
type Judgement struct {
	Scores  []ObjectiveScore
	Overall float64 // weighted geometric mean of the known desirabilities, NaN if none is known
	Missing int     // objectives without a score
}

// ObjectiveScore is one objective's part of a judgement.
type ObjectiveScore struct {
	Value        float64 // meaningful where Status is "ok"
	Desirability float64 // 0 to 1, NaN where there is no value
	Status       string  // "ok", "failed", "timed out", "not applicable"
	Reason       string
}

// NewProfile resolves objectives as a campaign has them; dir is what paths are
// relative to. It starts the plugins that score: close the profile in the end.
func NewProfile(ctx context.Context, objectives []config.Objective, cat *catalog.Catalog, dir string, log hclog.Logger) (*Profile, error) {
	var errs []error
	resolved := make([]rewards.Objective, len(objectives))
	for i, o := range objectives {
		var err error
		resolved[i], err = NewObjective(o, cat, dir)
		errs = append(errs, err)
	}
	if err := config.Collect(errs...); err != nil {
		return nil, err
	}
	p, err := rewards.NewProfile(resolved...)
	if err != nil {
		return nil, err
	}
	if err := startScorers(ctx, resolved, log); err != nil {
		return nil, err
	}
	return &Profile{p}, nil
}

// Close ends the plugins.
func (p *Profile) Close() { closeScorers(p.of.Objectives()) }

// RewardInfo describes a reward that campaigns and training files can name.
type RewardInfo struct{ Name, Unit, About, Goal, Curve string }

// Rewards lists the rewards that are built in.
func Rewards() []RewardInfo {
	var out []RewardInfo
	for _, f := range rewards.Builtin() {
		out = append(out, RewardInfo{f.Name, f.Unit, f.About, f.Goal.String(), f.Curve.String()})
	}
	return out
}

// Names are the objectives' names, in the order of every judgement.
func (p *Profile) Names() []string {
	var out []string
	for _, o := range p.of.Objectives() {
		out = append(out, o.Name)
	}
	return out
}

// Molecule is a perceived molecule with its canonical SMILES.
type Molecule struct {
	SMILES string
	Mol    *chem.Mol
}

// Judge scores molecules.
func (p *Profile) Judge(ctx context.Context, batch []Molecule) []Judgement {
	out := make([]Judgement, len(batch))
	mols := make([]rewards.Molecule, len(batch))
	for i, m := range batch {
		mols[i] = rewards.Molecule{SMILES: m.SMILES, Mol: m.Mol}
	}
	objectives := p.of.Objectives()
	for i, scores := range p.of.Score(ctx, mols) {
		a := p.of.Assess(scores)
		j := Judgement{Overall: a.Overall, Missing: a.Missing, Scores: make([]ObjectiveScore, len(scores))}
		for k, s := range scores {
			o := ObjectiveScore{Value: s.Value, Desirability: math.NaN(), Status: s.Status.String(), Reason: s.Reason}
			if s.Status == rewards.OK {
				o.Desirability = objectives[k].Curve.At(s.Value)
			}
			j.Scores[k] = o
		}
		out[i] = j
	}
	return out
}
