// Package diffusion is the plugin core/diffusion: models that learn from
// molecules, and make more of what is like them.
//
// # The model
//
// It is a discrete diffusion on fragment trees in which nodes are absorbed
// (Austin et al. 2021, arXiv 2107.03006, in the space of ARCHITECTURE.md's
// decision 4): the space's backward kernel takes one leaf after another away,
// each distinct parent with equal probability, until nothing is left, and the
// network learns to put back what was taken, and when to stop. It needs no time
// as an input, since a tree carries its size.
//
// Its steps, states and kernel are those of a GFlowNet, so one that learned from
// data composes with one that learned from a reward.
//
// # The loss
//
// For a tree x of the data and a path tau to it that the kernel drew backward,
//
//	-log p(x) <= E[log P_B(tau | x) - log P(tau)],
//
// the evidence bound, which is tight for a balanced model. The mean over the
// data is what is minimised, by AdamW, and measured on trees that are kept back;
// of the weights' running averages the best ones are the model.
//
// Compositions walk where data are rare, and there log p(x) must not depend on
// the path. So a part of every batch are trees that the model makes with some
// steps at random, each reached by two backward paths; the squared difference of
// log P(tau) - log P_B(tau | x) between the two is added to the loss. It says
// nothing about p(x), and is zero for a balanced model.
//
// Where a vocabulary is not one-to-one, the host gives every tree of a molecule
// an equal share of the molecule's weight, so that p(tree) is p(molecule) over
// the number of its trees.
package diffusion
