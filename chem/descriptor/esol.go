package descriptor

import "github.com/molsculpt/molsculpt/chem"

// ESOL is the logarithm of the aqueous solubility in mol/l at 25 C by Delaney's
// linear model (J. Chem. Inf. Comput. Sci. 2004, 44, 1000):
//
//	logS = 0.16 - 0.63 cLogP - 0.0062 MW + 0.066 RB - 0.74 AP
//
// with the molecular weight MW, the number of rotatable bonds RB and the share
// AP of aromatic among the heavy atoms. The Wildman-Crippen logP stands in for
// Daylight's cLogP, and RB is RotatableBonds, so values differ a little from
// the published ones.
func ESOL(m *chem.Mol) float64 { return New(m).ESOL() }

// ESOL is the function of that name.
func (a *Analysis) ESOL() float64 {
	aromatic, heavy := 0, 0
	for i := range a.mol.Atoms {
		if a.mol.Atoms[i].Element == 1 {
			continue
		}
		heavy++
		if a.mol.Atoms[i].Aromatic {
			aromatic++
		}
	}
	share := 0.0
	if heavy > 0 {
		share = float64(aromatic) / float64(heavy)
	}
	return 0.16 - 0.63*a.LogP() - 0.0062*MolWt(a.mol) + 0.066*float64(a.RotatableBonds()) - 0.74*share
}
