package fingerprint_test

import (
	"fmt"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/fingerprint"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

func parse(s string) *chem.Mol {
	m, err := smiles.Parse(s)
	if err != nil {
		panic(err)
	}
	return m
}

func ExampleMorganBits() {
	phenol, aniline := parse("Oc1ccccc1"), parse("Nc1ccccc1")
	a, b := fingerprint.MorganBits(phenol, 2, 2048), fingerprint.MorganBits(aniline, 2, 2048)
	fmt.Printf("%.3f\n", fingerprint.Tanimoto(a, b))
	// Output: 0.375
}

// Which atoms set bit 80? The carbons, by themselves.
func ExampleEnvironments() {
	for _, e := range fingerprint.Environments(parse("OCCCl"), 2, fingerprint.MorganOptions{}) {
		if bit := e.Hash % 2048; bit == 80 {
			fmt.Printf("bit %d: atom %d, radius %d\n", bit, e.Atom, e.Radius)
		}
	}
	// Output:
	// bit 80: atom 1, radius 0
	// bit 80: atom 2, radius 0
}

func ExampleIndex_Nearest() {
	names := []string{"CCO", "CCCO", "CCN", "c1ccccc1O", "CCCCO"}
	table := fingerprint.NewTable(2048)
	for _, s := range names {
		table.Append(fingerprint.MorganBits(parse(s), 2, 2048))
	}
	index := fingerprint.NewIndex(table)
	for _, n := range index.Nearest(fingerprint.MorganBits(parse("CCCCCO"), 2, 2048), 2) {
		fmt.Printf("%s %.2f\n", names[n.Row], n.Similarity)
	}
	// Output:
	// CCCCO 0.77
	// CCCO 0.54
}
