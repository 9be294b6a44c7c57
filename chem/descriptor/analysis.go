package descriptor

import (
	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/fingerprint"
	"github.com/molsculpt/molsculpt/chem/smarts"
)

// Analysis computes properties of one molecule and keeps what several of them
// need. Each property is computed when first asked for. An Analysis must not be
// used by two goroutines at once.
type Analysis struct {
	mol    *chem.Mol
	target smarts.Target
	morgan fingerprint.Workspace
	atoms  []uint64 // scratch bit sets
	atoms2 []uint64
	alerts []int // scratch, the alerts of QED

	done known

	logP, refractivity, tpsa float64
	hbd, hba, rotatable      int
	parts                    QEDParts
	environments             []fingerprint.Count
	centres                  []chem.StereoCentre
}

// known says which fields of an Analysis have been computed.
type known struct {
	target, crippen, tpsa, hbd, hba, rotatable, parts, environments, centres bool
}

// New prepares the analysis of m, which must be perceived and must not change
// as long as the Analysis is used.
func New(m *chem.Mol) *Analysis { return &Analysis{mol: m} }

// Reset turns a to another molecule and keeps its memory.
func (a *Analysis) Reset(m *chem.Mol) {
	a.mol = m
	a.done = known{}
}

// Mol is the molecule under analysis.
func (a *Analysis) Mol() *chem.Mol { return a.mol }

// Target is the molecule prepared for SMARTS matching.
func (a *Analysis) Target() *smarts.Target {
	if !a.done.target {
		a.target.Reset(a.mol)
		a.done.target = true
	}
	return &a.target
}

// Morgan are the counts of the molecule's Morgan environments of radius 2. They
// belong to a.
func (a *Analysis) Morgan() []fingerprint.Count {
	if !a.done.environments {
		a.environments = a.morgan.Morgan(a.mol, 2)
		a.done.environments = true
	}
	return a.environments
}

// heads is the set of atoms that p's first atom matches, in scratch memory that
// the next call overwrites.
func (a *Analysis) heads(p *smarts.Pattern) []uint64 {
	a.atoms = a.Target().Heads(a.atoms, p, nil)
	return a.atoms
}

func has(set []uint64, i int32) bool { return set[i>>6]>>(i&63)&1 != 0 }
