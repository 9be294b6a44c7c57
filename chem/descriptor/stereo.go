package descriptor

import (
	"slices"

	"github.com/molsculpt/molsculpt/chem"
)

// StereoCentres is the number of tetrahedral stereocentres, marked or not.
func StereoCentres(m *chem.Mol) int { return New(m).StereoCentres() }

// StereoCentres is the function of that name.
func (a *Analysis) StereoCentres() int { return len(a.stereoCentres()) }

// AssignedStereoCentres is the number of tetrahedral stereocentres with a mark.
func AssignedStereoCentres(m *chem.Mol) int { return New(m).AssignedStereoCentres() }

// AssignedStereoCentres is the function of that name.
func (a *Analysis) AssignedStereoCentres() int {
	n := 0
	for _, c := range a.stereoCentres() {
		if c.Label != '?' {
			n++
		}
	}
	return n
}

func (a *Analysis) stereoCentres() []chem.StereoCentre {
	if !a.done.centres {
		a.centres, a.done.centres = chem.StereoCentres(a.mol), true
	}
	return a.centres
}

// StereoBonds is the number of double bonds with a configuration.
func StereoBonds(m *chem.Mol) int {
	n := 0
	for i := range m.Bonds {
		if m.Bonds[i].Stereo != chem.NoStereo {
			n++
		}
	}
	return n
}

// SymmetryClasses is the number of kinds of atoms that the constitution tells
// apart.
func SymmetryClasses(m *chem.Mol) int {
	return slices.Max(append(chem.SymmetryClasses(m), -1)) + 1
}
