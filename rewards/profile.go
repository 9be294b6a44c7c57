package rewards

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/molsculpt/molsculpt/chem/descriptor"
)

// Objective is a function with what is wanted of it.
type Objective struct {
	Name     string // as the user calls it; the function's name if empty
	Function Function
	Goal     Goal    // Default: the function's
	Curve    Curve   // nil: the function's for its own goal, else a line over its range
	Weight   float64 // relative to the other objectives; 0 means 1
}

// Resolve fills in the defaults and checks the objective. Target and Range need
// a curve unless they are the function's own goal.
func (o Objective) Resolve() (Objective, error) {
	if o.Function.Scorer == nil {
		return o, errors.New("rewards: resolve objective: it has no function")
	}
	if o.Name == "" {
		o.Name = o.Function.Name
	}
	if o.Weight == 0 {
		o.Weight = 1
	}
	if !(o.Weight > 0) || math.IsInf(o.Weight, 0) {
		return o, fmt.Errorf("rewards: resolve objective %s: weight %v must be above 0", o.Name, o.Weight)
	}
	if o.Goal == Default {
		o.Goal = o.Function.Goal
	}
	if o.Curve == nil {
		if o.Goal == o.Function.Goal {
			o.Curve = o.Function.Curve
		} else {
			c, err := o.Goal.Curve(Bounds{Low: o.Function.Low, High: o.Function.High})
			if err != nil {
				return o, fmt.Errorf("rewards: resolve objective %s: goal %s needs a curve: %w", o.Name, o.Goal, err)
			}
			o.Curve = c
		}
	}
	if c, ok := o.Curve.(interface{ Check() error }); ok {
		if err := c.Check(); err != nil {
			return o, fmt.Errorf("rewards: resolve objective %s: %w", o.Name, err)
		}
	}
	return o, nil
}

// Profile is a list of objectives that a candidate is judged by.
type Profile struct{ objectives []Objective }

// NewProfile resolves objectives, of which there must be one at least and no
// two of one name.
func NewProfile(objectives ...Objective) (Profile, error) {
	if len(objectives) == 0 {
		return Profile{}, errors.New("rewards: make profile: no objectives")
	}
	p := Profile{objectives: make([]Objective, len(objectives))}
	seen := map[string]bool{}
	for i, o := range objectives {
		o, err := o.Resolve()
		if err != nil {
			return Profile{}, err
		}
		if seen[o.Name] {
			return Profile{}, fmt.Errorf("rewards: make profile: two objectives are called %s", o.Name)
		}
		seen[o.Name] = true
		p.objectives[i] = o
	}
	return p, nil
}

// Objectives are the profile's objectives with all defaults filled in.
func (p Profile) Objectives() []Objective { return p.objectives }

// Score asks every objective's scorer about every molecule. Row i holds the
// scores of molecule i in the order of the objectives. What built-in functions
// share is computed once per molecule.
func (p Profile) Score(ctx context.Context, batch []Molecule) [][]Score {
	n := len(p.objectives)
	flat := make([]Score, len(batch)*n)
	rows := make([][]Score, len(batch))
	for i := range rows {
		rows[i] = flat[i*n : (i+1)*n : (i+1)*n]
	}
	a := analyses.Get().(*descriptor.Analysis)
	defer analyses.Put(a)
	for i, m := range batch {
		fresh := true
		for k, o := range p.objectives {
			f, ok := o.Function.Scorer.(property)
			if !ok {
				continue
			}
			if err := ctx.Err(); err != nil {
				rows[i][k] = Score{Status: TimedOut, Reason: err.Error()}
				continue
			}
			rows[i][k] = f.of(a, m, fresh)
			fresh = false
		}
	}
	for k, o := range p.objectives {
		if _, ok := o.Function.Scorer.(property); ok {
			continue
		}
		answers := o.Function.Scorer.Score(ctx, batch)
		for i := range rows {
			if len(answers) != len(batch) {
				rows[i][k] = Score{
					Status: Failed,
					Reason: fmt.Sprintf("scorer %s gave %d scores for %d molecules", o.Function.Name, len(answers), len(batch)),
				}
				continue
			}
			rows[i][k] = answers[i].valid()
		}
	}
	return rows
}

// Assessment is what a profile says of a candidate.
type Assessment struct {
	// Desirability has one entry per objective; NaN where the score is missing.
	Desirability []float64

	// Overall is the weighted geometric mean of the desirabilities that are
	// known, from 0 to 1; NaN if none is. For a candidate with missing scores it
	// is not comparable with that of a complete one, and Compare does not.
	Overall float64

	// Missing is the number of objectives without a score.
	Missing int

	// Coverage is the share of the objectives' weight that is known, 0 to 1.
	Coverage float64
}

// Complete says whether every objective has a score.
func (a Assessment) Complete() bool { return a.Missing == 0 }

// Assess judges a candidate by its scores, one per objective.
func (p Profile) Assess(scores []Score) Assessment {
	if len(scores) != len(p.objectives) {
		panic("rewards: Assess needs one score per objective")
	}
	a := Assessment{Desirability: make([]float64, len(scores))}
	sum, known, all := 0.0, 0.0, 0.0
	for i, o := range p.objectives {
		all += o.Weight
		s := scores[i].valid()
		if s.Status != OK {
			a.Desirability[i] = math.NaN()
			a.Missing++
			continue
		}
		d := o.Curve.At(s.Value)
		a.Desirability[i] = d
		sum += o.Weight * math.Log(d)
		known += o.Weight
	}
	a.Coverage = known / all
	a.Overall = math.NaN()
	if known > 0 {
		a.Overall = math.Exp(sum / known)
	}
	return a
}

// Compare orders assessments, better ones first: complete ones before those
// with missing scores, then by Overall, the known part. It is 0 for a tie; the
// caller breaks ties by something of its own, such as the canonical SMILES.
func Compare(a, b Assessment) int {
	if a.Complete() != b.Complete() {
		if a.Complete() {
			return -1
		}
		return 1
	}
	x, y := a.Overall, b.Overall
	switch {
	case math.IsNaN(x) && math.IsNaN(y):
		return 0
	case math.IsNaN(x):
		return 1
	case math.IsNaN(y):
		return -1
	}
	return cmp.Compare(y, x)
}
