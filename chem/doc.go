// Package chem holds molecules as values: atoms, bonds and what perception
// finds about them (implicit hydrogens, rings, aromaticity, conjugation,
// symmetry classes, a canonical atom order), with the same answers as RDKit.
//
// The sub-packages read and write them (smiles), search them (smarts), describe
// them (descriptor, fingerprint), and build them out of pieces (fragment).
package chem
