package scaffold_test

import (
	"fmt"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/scaffold"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

func parse(s string) *chem.Mol {
	m, err := smiles.Parse(s)
	if err != nil {
		panic(err)
	}
	return m
}

func ExampleMurcko() {
	warfarin := parse("CC(=O)CC(c1ccccc1)C1=C(O)c2ccccc2OC1=O")
	s, err := scaffold.Murcko(warfarin)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(smiles.Canonical(s))
	g, err := scaffold.Generic(s)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(smiles.Canonical(g))
	// Output:
	// O=c1oc2ccccc2cc1Cc1ccccc1
	// CC1CC2CCCCC2CC1CC1CCCCC1
}

func ExampleStripSalts() {
	imatinib := parse("Cc1ccc(NC(=O)c2ccc(CN3CCN(C)CC3)cc2)cc1Nc1nccc(-c2cccnc2)n1.CS(O)(=O)=O.O")
	rest, found, err := scaffold.StripSalts(imatinib)
	fmt.Println(smiles.Canonical(rest), found, err)
	// Output:
	// CN1CCN(CC1)Cc1ccc(cc1)C(=O)Nc1cc(c(C)cc1)Nc1nc(ccn1)-c1cnccc1 [water or ammonia methanesulfonate] <nil>
}

func ExampleKey() {
	for _, s := range []string{"CC(C)NCC(O)COc1cccc2ccccc12.Cl", "CC(C)[NH2+]CC(O)COC1=CC=CC2=CC=CC=C21.[Cl-]"} {
		k, err := scaffold.Key(parse(s), scaffold.KeyOptions{})
		fmt.Println(k, err)
	}
	// Output:
	// CC(C)NCC(O)COc1cccc2ccccc12 <nil>
	// CC(C)NCC(O)COc1cccc2ccccc12 <nil>
}
