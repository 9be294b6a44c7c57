// Package fingerprint computes circular fingerprints of molecules and the
// similarity of such fingerprints.
//
// Morgan gives the counts of a molecule's atom environments (Rogers and Hahn,
// J. Chem. Inf. Model. 2010, 50, 742; the variant and the 32-bit hashes of
// RDKit 2022.09, connectivity invariants, bond types used, no chirality).
// Fold makes a bit vector of fixed length of them.
package fingerprint
