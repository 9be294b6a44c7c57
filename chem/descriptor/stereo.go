package descriptor

import "github.com/molsculpt/molsculpt/chem"

// StereoCentres is the number of tetrahedral stereocentres, marked or not.
func StereoCentres(m *chem.Mol) int { return New(m).StereoCentres() }

// StereoCentres is the function of that name.
func (a *Analysis) StereoCentres() int {
	if !a.done.centres {
		a.centres, a.done.centres = len(chem.StereoCentres(a.mol)), true
	}
	return a.centres
}
