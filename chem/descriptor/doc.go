// Package descriptor computes molecular properties: weights, Wildman-Crippen
// logP and refractivity, polar surface area, hydrogen-bond donors and
// acceptors, rotatable bonds, ring counts, and the scores built on them: QED,
// synthetic accessibility and ESOL solubility.
//
// Definitions and parameters follow RDKit 2022.09, so that values can be
// compared with it. All functions need a perceived molecule.
//
// To compute several properties of one molecule, make an Analysis: what they
// share is computed once. Columns lists everything by name, with unit and
// format.
package descriptor
