package rewards

import (
	"context"
	"math"
	"sync"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/descriptor"
)

// Function is a scoring function: what it is called and measured in, what one
// usually wants of it, and who computes it.
type Function struct {
	Name      string
	Unit      string  // "" for a pure number
	About     string  // what it is, with its source, in a few words
	Low, High float64 // the values to be expected; not a hard bound
	Goal      Goal    // the usual goal
	Curve     Curve   // the usual desirability for that goal

	Scorer Scorer
}

// Desirability is the value of one molecule on the function's usual curve.
// Where the function has no value, the Score says why.
func (f Function) Desirability(m *chem.Mol) (float64, Score) {
	s := f.Scorer.Score(context.Background(), []Molecule{{Mol: m}})[0].valid()
	if s.Status != OK {
		return 0, s
	}
	return f.Curve.At(s.Value), s
}

// property is the Scorer of a built-in function.
type property func(*descriptor.Analysis) float64

var analyses = sync.Pool{New: func() any { return new(descriptor.Analysis) }}

// Score implements Scorer.
func (p property) Score(ctx context.Context, batch []Molecule) []Score {
	out := make([]Score, len(batch))
	a := analyses.Get().(*descriptor.Analysis)
	defer analyses.Put(a)
	for i, m := range batch {
		if err := ctx.Err(); err != nil {
			out[i] = Score{Status: TimedOut, Reason: err.Error()}
			continue
		}
		out[i] = p.of(a, m, true)
	}
	return out
}

// of scores one molecule with a; fresh is set if a may hold another molecule.
func (p property) of(a *descriptor.Analysis, m Molecule, fresh bool) Score {
	switch {
	case m.Mol == nil:
		return Score{Status: NotApplicable, Reason: "the molecule could not be read"}
	case len(m.Mol.Atoms) == 0:
		return Score{Status: NotApplicable, Reason: "the molecule has no atoms"}
	}
	if fresh {
		a.Reset(m.Mol)
	}
	x := p(a)
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return Score{Status: NotApplicable, Reason: "the property is not defined for this molecule"}
	}
	return Score{Value: x}
}
