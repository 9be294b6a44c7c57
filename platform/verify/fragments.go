package verify

import (
	"context"
	"fmt"
	"math"

	"github.com/molsculpt/molsculpt/chem/descriptor"
	"github.com/molsculpt/molsculpt/chem/fragment"
	"github.com/molsculpt/molsculpt/chem/smiles"
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

// vocabulary24 is 24 of the fragments of Garipov et al. 2023, after those of Jin,
// Barzilay and Jaakkola 2020 that Bengio et al. 2021 chose.
const vocabulary24 = `[
	{"smiles": "C", "attach": [0]},
	{"smiles": "C#N", "attach": [0]},
	{"smiles": "C1CC1", "attach": [0]},
	{"smiles": "C1CCCCC1", "attach": [0, 1, 2, 3, 4, 5]},
	{"smiles": "C1CCNCC1", "attach": [0, 1, 3]},
	{"smiles": "C1CCOCC1", "attach": [0, 1, 2, 4, 5]},
	{"smiles": "C1CNCCN1", "attach": [2, 5]},
	{"smiles": "C=O", "attach": [0]},
	{"smiles": "CC", "attach": [0, 1]},
	{"smiles": "CN", "attach": [0, 1]},
	{"smiles": "CNC=O", "attach": [0, 2]},
	{"smiles": "CO", "attach": [0, 1]},
	{"smiles": "Cl", "attach": [0]},
	{"smiles": "F", "attach": [0]},
	{"smiles": "N", "attach": [0]},
	{"smiles": "NC=O", "attach": [0, 1]},
	{"smiles": "O", "attach": [0]},
	{"smiles": "O=S=O", "attach": [1]},
	{"smiles": "c1ccccc1", "attach": [0, 1, 2, 3, 4, 5]},
	{"smiles": "c1ccncc1", "attach": [0, 1, 2, 4, 5]},
	{"smiles": "c1ccsc1", "attach": [2, 4]},
	{"smiles": "c1cn[nH]c1", "attach": [0, 1, 3, 4]},
	{"smiles": "c1cncnc1", "attach": [0, 1, 3, 5]},
	{"smiles": "c1cscn1", "attach": [0, 3]}
]`

// mostFragments is how many fragments a molecule has at most.
const mostFragments = 3

// Fragments is the domain of all molecules of up to three of a dozen fragments,
// with sharp rewards.
func Fragments(ctx context.Context) (*Domain, error) {
	return molecularDomain(ctx, "fragments", smallVocabulary, 32)
}

// Fragments24 is that of up to three of 24 fragments: 52,324 trees.
func Fragments24(ctx context.Context) (*Domain, error) {
	return molecularDomain(ctx, "24 fragments", vocabulary24, beta24)
}

// beta24 is the exponent of rewards on 24 fragments, the beta of training.
const beta24 = 8

// molecularDomain is the domain of all molecules of a vocabulary, with oracle
// models for four rewards: qed and sa as they are trained for, to the power beta,
// and two Gaussians, of the number of heavy atoms about 16 and of that of nitrogens
// and oxygens about 3. Laws are compared by numbers of heavy atoms.
func molecularDomain(ctx context.Context, name, vocabulary string, beta float64) (*Domain, error) {
	v, err := fragment.Parse([]byte(vocabulary))
	if err != nil {
		return nil, err
	}
	sp, err := space.NewFragments(v, mostFragments)
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
	moleculeOf, known := make([]int, n), map[string]int{"": 0} // that of no fragment is none
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
		logs["qed"][at] = beta * math.Log(max(descriptor.QED(m), 1e-30))
		logs["sa"][at] = beta * math.Log((10-descriptor.SA(m))/9)
		logs["size"][at] = -math.Pow((float64(heavy)-16)/4, 2)
		logs["hetero"][at] = -math.Pow((float64(hetero)-3)/1.5, 2)
		name := smiles.Canonical(m)
		if _, ok := known[name]; !ok {
			known[name] = len(known)
		}
		moleculeOf[at] = known[name]
	}
	d := NewDomain(name, g, logs, fmt.Sprintf("%d sizes", groups), of, groups)
	d.moleculeOf, d.molecules = moleculeOf, len(known)
	return d, nil
}

// asMolecules is the law of the molecules of states.
func (d *Domain) asMolecules(p []float64) []float64 {
	return oracle.Coarse(p, d.moleculeOf, d.molecules)
}

// molecules: the law of a composite on trees, seen as one of molecules, is the
// composite of the models' laws of molecules. Several trees may be one molecule; of
// balanced models, whose rewards see the molecule alone, all of them have the same
// ratios of probabilities.
var molecules = Method{
	Name:   "trees and molecules",
	Covers: func(t *Target) bool { return t.molecules > 0 && !t.Single() && !t.Composition.UsesBackward() },
	Full:   true,
	Check: func(_ context.Context, t *Target, _ *Run) ([]Result, error) {
		laws := make([]*oracle.Law, len(t.Laws))
		for i, l := range t.Laws {
			laws[i] = &oracle.Law{Terminal: t.asMolecules(l.Terminal)}
		}
		law, logEvidence, err := oracle.Composite(t.Composition, laws)
		if err != nil {
			return nil, err
		}
		quantity := fmt.Sprintf("L1 of %d molecules", t.molecules-1)
		if t.Balanced() {
			return []Result{
				same("evidence", math.Exp(t.LogEvidence), math.Exp(logEvidence)),
				sameLaw(quantity, law, t.asMolecules(t.Law)),
			}, nil
		}
		d := oracle.L1(law, t.asMolecules(t.Law))
		return []Result{{Quantity: quantity, Estimate: d, Error: d, Bound: t.baseErrors()}}, nil
	},
}
