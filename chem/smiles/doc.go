// Package smiles reads and writes molecules as SMILES.
//
// Parse reads what RDKit reads and returns a perceived molecule. Canonical
// writes one string per molecule whatever the order of its atoms; Write writes
// other forms.
package smiles
