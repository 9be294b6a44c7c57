// Package smarts compiles SMARTS patterns and finds them in molecules.
//
// The language is Daylight's (Daylight Theory Manual, chapter 4) as RDKit
// reads it: H counts all hydrogens, h those that are not nodes, R the rings of
// Mol.Rings, r the size of the smallest ring, X all neighbours, v the valence,
// x the ring bonds; ^ is the hybridisation and z, Z the heteroatom and
// aliphatic heteroatom neighbours. Counts may be ranges, as in [D{2-3}]. A bond
// that is not written is single or aromatic. Element symbols that cannot be
// aromatic in SMILES ([Si], [Se]) match the element in either state.
//
// Marks of stereochemistry (@, /, \) are read, but not compared. Component
// grouping and reactions are refused.
//
// A Pattern is compiled once and may be used by any number of goroutines. To
// match many patterns against one molecule, prepare the molecule once with
// NewTarget.
package smarts
