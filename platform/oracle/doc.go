// Package oracle knows the truth: on spaces small enough to enumerate it
// computes by dynamic programming what samplers and trained models only
// approach.
//
// [Enumerate] lists the states of a space as a [Graph]. From a reward on it,
// [FlowsOf] finds the exact flows of the balanced model with the uniform
// backward kernel, and with them its policy; from any policy, [LawOf] finds the
// exact law, the probability of visiting every state and of ending at it. Laws
// combine: [Composite] is the closed form of a composition at the end points,
// [MixturePolicy], [Potential] and [Guided] are the policies of Garipov et al., and
// [PathPosterior] is the law of the sampler's proposal without its weights.
// [EvidenceBound] is what single paths say of -log p.
// [Weigh] sums a proposal's law times its importance weights over all paths, and
// with them the effective sample size.
//
// Models that are not balanced have two composites: that of their laws at the end
// points ([Composite]), and that of their likelihoods on paths ([PathSpaceOf]),
// which path-likelihood samplers follow.
//
// Samples are held against a law by [L1], on [Blocks] of a grid where they are
// few; [SamplingFloor] is how far perfect ones would be off.
//
// The rewards of the grid of Garipov et al. 2023 (arXiv 2309.16115) are
// [Shubert], [Diagonal] and [Circle]; [Corners] and [Bump] exist in any
// dimension.
//
// All vectors are logarithms over Graph.States, minus infinity where a state has
// probability zero.
package oracle
