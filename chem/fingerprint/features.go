package fingerprint

import (
	"sync"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/smarts"
)

// Feature is what an atom may do in binding, a bit of the values of Features.
type Feature = uint32

// The features.
const (
	Donor    Feature = 1 << iota // of a hydrogen bond
	Acceptor                     // of a hydrogen bond
	Aromatic
	Halogen
	Basic
	Acidic
)

// featurePatterns define the features, in the order of their bits. They are
// those of RDKit's feature invariants, after A. Gobbi and D. Poppinger,
// Biotechnol. Bioeng. 1998, 61, 47.
var featurePatterns = sync.OnceValue(func() []*smarts.Pattern {
	var all []*smarts.Pattern
	for _, text := range []string{
		"[$([N;!H0;v3,v4&+1]),$([O,S;H1;+0]),n&H1&+0]",
		"[$([O,S;H1;v2;!$(*-*=[O,N,P,S])]),$([O,S;H0;v2]),$([O,S;-]),$([N;v3;!$(N-*=[O,N,P,S])]),n&H0&+0,$([o,s;+0;!$([o,s]:n);!$([o,s]:c:n)])]",
		"[a]",
		"[F,Cl,Br,I]",
		"[#7;+,$([N;H2&+0][$([C,a]);!$([C,a](=O))]),$([N;H1&+0]([$([C,a]);!$([C,a](=O))])[$([C,a]);!$([C,a](=O))])," +
			"$([N;H0&+0]([C;!$(C(=O))])([C;!$(C(=O))])[C;!$(C(=O))])]",
		"[$([C,S](=[O,S,P])-[O;H1,-1])]",
	} {
		all = append(all, smarts.MustCompile(text))
	}
	return all
})

// Features has the features of each atom of m, which must be perceived.
func Features(m *chem.Mol) []Feature {
	t := smarts.NewTarget(m)
	out := make([]Feature, len(m.Atoms))
	var set []uint64
	for k, p := range featurePatterns() {
		set = t.Heads(set, p, nil)
		for i := range out {
			out[i] |= Feature(set[i>>6]>>(i&63)&1) << k
		}
	}
	return out
}
