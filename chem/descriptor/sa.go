package descriptor

import (
	"math"

	"github.com/molsculpt/molsculpt/chem"
)

// unknownFragment is what an environment counts that the table does not list.
const unknownFragment = -4

// SA is the synthetic-accessibility score, from 1 (easy to make) to 10 (hard):
// the mean contribution of the Morgan environments of radius 2, counted in a
// million known compounds, less penalties for size, stereocentres, spiro and
// bridgehead atoms and macrocycles (Ertl and Schuffenhauer, J. Cheminf. 2009,
// 1, 8; with the bonus for symmetry and the flat macrocycle penalty of their
// later program). It is NaN for a molecule without atoms.
func SA(m *chem.Mol) float64 { return New(m).SA() }

// SA is the function of that name.
func (a *Analysis) SA() float64 {
	atoms := float64(len(a.mol.Atoms))
	if atoms == 0 {
		return math.NaN()
	}
	table := contributions()
	kinds := a.Morgan()
	sum, number := 0.0, 0
	for _, k := range kinds {
		c, ok := table.get(k.Hash)
		if !ok {
			c = unknownFragment
		}
		sum += c * float64(k.Count)
		number += k.Count
	}
	raw := sum / float64(number)
	raw -= math.Pow(atoms, 1.005) - atoms
	raw -= math.Log10(float64(a.StereoCentres()) + 1)
	raw -= math.Log10(float64(Spiro(a.mol)) + 1)
	raw -= math.Log10(float64(Bridgeheads(a.mol)) + 1)
	if Macrocycles(a.mol) > 0 {
		raw -= math.Log10(2)
	}
	if distinct := float64(len(kinds)); atoms > distinct {
		raw += 0.5 * math.Log(atoms/distinct)
	}

	// From the raw scale, -4 (hard) to 2.5 (easy), to 1 (easy) to 10 (hard).
	const hard, easy = -4.0, 2.5
	score := 11 - (raw-hard+1)/(easy-hard)*9
	if score > 8 {
		score = 8 + math.Log(score-8)
	}
	return min(max(score, 1), 10)
}
