package verify

import (
	"context"
	"fmt"
	"math"

	"github.com/molsculpt/molsculpt/chem/descriptor"
	"github.com/molsculpt/molsculpt/chem/fragment"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// smallVocabulary is a dozen fragments of drug-like molecules: rings whose sites
// symmetry exchanges, chains with a head and a tail, ends with one site.
const smallVocabulary = `[
	{"smiles": "c1ccccc1", "attach": [0, 1, 2, 3, 4, 5]},
	{"smiles": "c1ccncc1", "attach": [0, 1, 2, 4, 5]},
	{"smiles": "C1CNCCN1", "attach": [2, 5]},
	{"smiles": "C1CCNCC1", "attach": [0, 3]},
	{"smiles": "CNC=O", "attach": [0, 2]},
	{"smiles": "CO", "attach": [0, 1]},
	{"smiles": "CC", "attach": [0, 1]},
	{"smiles": "CCC", "attach": [0, 2]},
	{"smiles": "C", "attach": [0]},
	{"smiles": "F", "attach": [0]},
	{"smiles": "O", "attach": [0]},
	{"smiles": "C#N", "attach": [0]}
]`

// sharpness is the exponent of rewards of molecules, the beta of training.
const sharpness = 32

// Fragments is the domain of all molecules of up to three fragments of a small
// vocabulary, with oracle models for four rewards: qed and sa as they are
// trained for, and two Gaussians, of the number of heavy atoms about 16 and of
// that of nitrogens and oxygens about 3. Laws are compared by numbers of heavy
// atoms.
func Fragments(ctx context.Context) (*Domain, error) {
	const most = 3
	v, err := fragment.Parse([]byte(smallVocabulary))
	if err != nil {
		return nil, err
	}
	sp, err := space.NewFragments(v, most)
	if err != nil {
		return nil, err
	}
	g, err := oracle.Enumerate(ctx, sp, 0, 0)
	if err != nil {
		return nil, err
	}
	n := len(g.States)
	logs := map[string][]float64{"qed": make([]float64, n), "sa": make([]float64, n), "size": make([]float64, n), "hetero": make([]float64, n)}
	of, groups := make([]int, n), 1
	for i, s := range g.States[1:] {
		m, err := sp.Trees().Assemble(fragment.Tree(s))
		if err != nil {
			return nil, err
		}
		hetero := 0
		for _, a := range m.Atoms {
			if a.Element == 7 || a.Element == 8 {
				hetero++
			}
		}
		at, heavy := i+1, m.HeavyAtoms()
		of[at] = heavy
		groups = max(groups, heavy+1)
		logs["qed"][at] = sharpness * math.Log(max(descriptor.QED(m), 1e-30))
		logs["sa"][at] = sharpness * math.Log((10-descriptor.SA(m))/9)
		logs["size"][at] = -math.Pow((float64(heavy)-16)/4, 2)
		logs["hetero"][at] = -math.Pow((float64(hetero)-3)/1.5, 2)
	}
	return NewDomain("fragments", g, logs, fmt.Sprintf("%d sizes", groups), of, groups), nil
}
