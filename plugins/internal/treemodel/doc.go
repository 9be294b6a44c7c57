// Package treemodel is what plugins whose models are networks over fragment trees
// have in common: weights files, sampling and measuring inside the plugin, and
// the policy that the host asks. How a model is trained is the plugin's own.
//
// An Encoder turns states of the space into what package treenet reads, a
// Sampler draws trajectories with a network and weighs given ones, and a Model
// is a network with its space, as it is stored and served.
package treemodel
