// Package optest holds operations against their definitions. [Check] compares
// the forward pass with a plain float64 form of the operation and the backward
// pass with central differences of that form, and proves the promises of
// package op besides. The forms of the operations of package op are here too,
// written in the plainest way, so that whole networks can be composed of them.
//
// A matrix is its rows one after another in a slice of float64.
package optest
