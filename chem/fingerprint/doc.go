// Package fingerprint describes molecules by the substructures that occur in
// them, and compares such descriptions.
//
// The fingerprints are those of RDKit 2022.09, bit for bit:
//
//   - Morgan: environments of atoms up to a radius (Rogers and Hahn, J. Chem.
//     Inf. Model. 2010, 50, 742), also by pharmacophoric features or with
//     chirality; Environments tells which atoms they come from.
//   - AtomPairs: pairs of atoms and their distance (Carhart, Smith and
//     Venkataraghavan, J. Chem. Inf. Comput. Sci. 1985, 25, 64).
//   - Torsions: chains of four atoms (Nilakantan, Bauman, Dixon and
//     Venkataraghavan, J. Chem. Inf. Comput. Sci. 1987, 27, 82).
//   - SubgraphBits: all connected subgraphs of up to seven bonds, after the
//     fingerprints of Daylight.
//
// Overlap gives Tanimoto, Dice and Tversky similarities of two fingerprints. A
// Table holds many bit vectors and compares them at some hundred million pairs
// per second; an Index finds the most similar ones without comparing all.
package fingerprint
