package scaffold

import (
	"fmt"
	"slices"
	"sync"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/smarts"
)

// Salt is a counter-ion or a solvent that StripSalts knows.
type Salt struct {
	Name   string
	SMARTS string // matches the whole of it, whatever its charge
}

// salts is the list of RDKit's SaltRemover (definitions by T. Zoller), the
// simplest first.
var salts = []Salt{
	{"halide", "[Cl,Br,I]"},
	{"alkali or alkaline-earth metal", "[Li,Na,K,Ca,Mg]"},
	{"water or ammonia", "[O,N]"},
	{"nitrate", "[N](=O)(O)O"},
	{"phosphate", "[P](=O)(O)(O)O"},
	{"hexafluorophosphate", "[P](F)(F)(F)(F)(F)F"},
	{"sulfate", "[S](=O)(=O)(O)O"},
	{"methanesulfonate", "[CH3][S](=O)(=O)(O)"},
	{"p-toluenesulfonate", "c1cc([CH3])ccc1[S](=O)(=O)(O)"},
	{"acetate", "[CH3]C(=O)O"},
	{"trifluoroacetate", "FC(F)(F)C(=O)O"},
	{"fumarate or maleate", "OC(=O)C=CC(=O)O"},
	{"oxalate", "OC(=O)C(=O)O"},
	{"tartrate", "OC(=O)C(O)C(O)C(=O)O"},
	{"dicyclohexylamine", "C1CCCCC1[NH]C1CCCCC1"},
}

// Salts is the list that StripSalts goes through.
func Salts() []Salt { return slices.Clone(salts) }

var saltPatterns = sync.OnceValue(func() []*smarts.Pattern {
	var all []*smarts.Pattern
	for _, s := range salts {
		all = append(all, smarts.MustCompile(s.SMARTS))
	}
	return all
})

// StripSalts takes the components of a perceived molecule away that are on the
// list of salts, one entry after the other, and names the entries that were
// found. It stops where one component is left, and passes over an entry that is
// all that is left. It is RDKit's SaltRemover with dontRemoveEverything. The
// result is m itself where nothing was taken away.
func StripSalts(m *chem.Mol) (rest *chem.Mol, found []string, err error) {
	parts := chem.Components(m)
	target := smarts.NewTarget(m)
	for k, p := range saltPatterns() {
		if len(parts) <= 1 {
			break
		}
		var whole [][]int // sets of atoms that match
		for _, match := range target.FindAll(p, smarts.FindOptions{}) {
			slices.Sort(match)
			whole = append(whole, match)
		}
		left := slices.DeleteFunc(slices.Clone(parts), func(part []int) bool {
			return slices.ContainsFunc(whole, func(match []int) bool { return slices.Equal(match, part) })
		})
		if len(left) < len(parts) && len(left) > 0 {
			parts = left
			found = append(found, salts[k].Name)
		}
	}
	if found == nil {
		return m, nil, nil
	}
	keep := slices.Concat(parts...)
	slices.Sort(keep)
	rest = chem.Subset(m, keep)
	if err := chem.Perceive(rest); err != nil {
		return nil, nil, fmt.Errorf("scaffold: strip salts: %w", err)
	}
	return rest, found, nil
}
