// Package space defines what base models walk: states, legal actions and the
// fixed backward kernel, with the spaces of the product (trees of molecular
// fragments, the d-dimensional grid).
package space
