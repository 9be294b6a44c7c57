// Package evaluate turns what a sampler finished into what the store keeps: the
// molecule's canonical SMILES, whether there is one, whether it is new, and its
// scores with their status.
//
// Scores are taken of the molecule that the canonical SMILES reads back as, not
// of the one that was assembled: two ways to make a molecule number its atoms
// differently, and the last bits of a sum would tell which was first. So a score
// is a function of the candidate, whatever the order, the number of workers or
// the interruptions of a run.
//
// Nothing that a scoring function does ends a run: a panic, a wrong number of
// answers, a value that is no number or no answer in time becomes the status of
// that score.
package evaluate
