// Package smiles reads and writes molecules as SMILES.
//
// Parse reads what RDKit reads and returns a perceived molecule: OpenSMILES with
// dative bonds (-> and <-), bonds of unknown order (~), centres that are
// tetrahedral, square-planar, bipyramidal or octahedral, and CXSMILES
// extensions, of which it takes the unpaired electrons. Canonical writes one
// string per molecule whatever the order of its atoms; Write writes other forms.
//
// Where RDKit contradicts itself, this package follows OpenSMILES: ~ at a ring
// closure is an unknown bond there too, the hydrogen of [P@H] counts where it
// stands, and symmetric ligands do not make two isomers of one.
package smiles
