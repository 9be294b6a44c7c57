// Package smarts compiles SMARTS patterns and finds them in molecules, with the
// matches that RDKit finds and in its order.
//
// The language is Daylight's (Daylight Theory Manual, chapter 4) as RDKit
// reads it: H counts all hydrogens, h those that are not nodes, D the
// neighbours, d those that are not hydrogen, X neighbours and hydrogens, R the
// rings of Mol.Rings, r the size of the smallest ring, v the valence, x the
// ring bonds; ^ is the hybridisation and z, Z the heteroatom and aliphatic
// heteroatom neighbours. Counts may be ranges, as in [D{2-3}]. A bond that is
// not written is single or aromatic. Element symbols that cannot be aromatic in
// SMILES ([Si], [Se]) match the element in either state. A name or a CXSMARTS
// extension after white space is not read.
//
// Stereo marks are compared where FindOptions ask for it, as RDKit does: a
// marked atom matches only a marked one, and one with three neighbours or more
// in the pattern only one of the same handedness; likewise double bonds between
// bonds with directions, but not inside $(). Classes other than @ and @@ are
// read and not compared. In two things that is not Daylight's language: a
// hydrogen in the brackets of the first atom of a component counts as its last
// neighbour, not as the first, and inside $() ring closures count as the last.
//
// What Daylight defines and RDKit has not: groups of components, (C.N) in one
// component and (C).(N) in two, and marks that may be missing, @? and /?. Also
// +++ is a charge of 3, which RDKit takes for one of both 2 and 1, and a dative
// bond may be part of an expression, which RDKit does not find. Reactions
// are refused.
//
// A Pattern is compiled once and may be used by any number of goroutines. To
// match many patterns against one molecule, prepare the molecule once with
// NewTarget; a Set of patterns is faster than each of them.
package smarts
