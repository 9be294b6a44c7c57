// Package guide is the bundled guide: a classifier that says, at a state of the
// walk of several base models, what is going to be observed of the finished
// object (Garipov et al. 2023, arXiv 2309.16115). It is the plugin "core/guide".
//
// # What it learns
//
// Of a finished object x, n observations y_1..y_n are made, each the number of a
// base model, independently with the probabilities q_i(x) of the models given x.
// The network has a trunk and two heads: the terminal head says q_i(x) of a
// finished object; the other one says Q(y_1..y_n | s) of a state s on the way, or
// with head "action" Q(y_1..y_n | s, a) after each action a. Observations are
// exchangeable, so the head has one logit for each multiset of models, and the
// tie between its orders holds exactly. With alpha there are two observations of
// two models, the second with the prior weights alpha and 1-alpha; then the head
// has four outcomes and reads the logit of alpha.
//
// It learns from paths of the base models, so many of each. The first
// observation of a path is the model that made it. The loss is
//
//	L_T + gamma L_N,   gamma = min(1, step/ramp)
//
// with the cross-entropy L_T of the first observation at the finished object,
// and at every state on the way, the last one before Stop included, the
// cross-entropy of all observations, the others in expectation over what is
// thought of the finished object: by the terminal head of a running average of
// the network (labels "ema"), or exactly, by the likelihoods of the path under
// the models (labels "exact"). With exact labels the first observation is taken
// in expectation over the models given the path, too, which moves no expectation
// and takes noise away.
//
// Exact labels are those of the models if they share a backward kernel and are
// balanced; otherwise they are those of the composition of paths, which the
// platform samples.
//
// # The action head
//
// It answers for all actions of a state in one pass, and as a residual: log Q is
// the logarithm of the path posterior plus what the head says. The head begins at
// zero, so that it starts as the sampler that needs no training. Its loss is the
// divergence of measures that need not add up to one, so that what is learned
// does, and the residual of one outcome is all that a sampler needs.
//
// # Costs
//
// The states of all paths of an update are evaluated once each, however often
// they were visited. Alpha, which every path has its own of, enters behind the
// trunk.
package guide
