// Package gflownet is molsculpt's own kind of base model: a generative flow
// network (Bengio et al. 2021) over fragment trees, which learns to finish a
// tree x with probability proportional to R(x)^beta; and the same over
// hypergrids, where the truth is known and methods are proved.
//
// [Trainer] trains one. It does not know rewards: it proposes finished trees
// and is told what they are worth, so that any reward of the host trains it.
// [Model] is a trained network with its weights file; the plugin serves it
// through the SDK. The network is package treenet's, conditioned on beta.
// [GridTrainer] and [GridModel] are the same for grids, with the network of
// package gridnet.
//
// # Training on trees
//
// The loss is trajectory balance (Malkin et al. 2022) or the variance of
// log Z's estimates (Zhang et al. 2023), with the space's uniform backward
// kernel; steps are counted by class, summed over the cells that lead to the
// same child, so that the optimum is p(x) = R(x)^beta/Z(beta) over isomorphism
// classes. Beta is drawn anew for each trajectory. Trajectories come from four
// sources: the policy of a slowly moving copy of the network, with some uniform
// actions; backward walks from good trees seen before; backward walks from any
// trees seen before; and random walks. All of them are legal for the loss, and
// the last two make the model right about what it would rarely visit.
//
// # Training on a grid
//
// The setting is that of Garipov et al. (2023): trajectory balance, 16
// trajectories an update from the network itself with some uniform actions, Adam.
// What differs is that the learning rate falls to a hundredth along half a
// cosine, and that the weights served are a running average: after 20,000
// updates the law of the model is several times nearer to R/Z for it.
package gflownet
