// Package sample draws weighted trajectories of a composition of models.
//
// A [Sampler] walks a space with the policies of its base models and keeps, for
// every path, the log-likelihood under each of them. From these alone follow the
// posterior of the mixture, the composition's target on paths and a twist for
// all children of a state at once, so a step costs one evaluation of each model
// and no classifier.
//
// A path tau of a composition G has the target
//
//	gamma(tau) = B(tau) G(P_1(tau)/B(tau), ..., P_m(tau)/B(tau))
//
// of package compose. A step from the path tau proposes a cell of the action
// table, or Stop, with probability proportional to gamma_t(tau.cell), each cell
// taken by itself. Several cells may lead to one child c; the step's probability
// under a model, P_i(c|s), and under the proposal, r(c), are sums over them, and
// its weight is
//
//	W = gamma_t+1(tau.c) / (r(c) gamma_t(tau)).
//
// The target of unfinished paths gamma_t is free to choose; that of finished ones
// is gamma. By itself it is gamma for all paths, the path posterior as twist. A
// [Twist] has it follow a guide instead, a classifier of the observations that
// was trained for states or for actions, or a [Ladder] between the mixture and
// the composition, fitted from pilot populations, where the path posterior is
// sure of a model too early. What guides is never what is trusted: the weights
// are exact for any twist, and a good one makes them equal.
//
// For a mixture W is 1 and the walk is exact ancestral sampling. Anything else is
// sequential Monte Carlo: systematic resampling where the effective sample size
// of a population falls below half of its particles (Doucet and Johansen 2009).
// [Rejection] needs no weights where the composition is bounded by a mixture and
// close to it; [Choose] finds out. [Importance] draws on a ladder and does not
// resample, so that its draws are independent. [PIMH] and a [Metropolis] chain turn populations
// into an unweighted list of exact draws. The methods [Uncorrected] and [Guided]
// leave the weights out: they are what others do, to compare with.
//
// # Regions
//
// A [Region] restricts a composition to molecules that contain a scaffold, lack
// some fragments, or have a size. It never enters the models' normalisers: P_i is
// as before. The steps lead to allowed molecules only, r has no other actions, and
// the weight W above makes up for what is left out. Walks that start at a scaffold
// start with its visits, see [Region.LogVisits]. Evidence then is that of the
// composition times the share of it that lies in the region.
//
// # Populations and weights
//
// Particles come in many small, independent populations. A population depends on
// the seed and its own index, and on nothing else: not on how many others are
// walked at the same time, nor on threads, nor on where a stream was resumed.
//
// The log-weights w_j of a population's trajectories are such that sum_j exp(w_j)
// estimates the evidence of the composition without bias. Weighted means over
// any number of populations use these weights as they are ([Mean]); the evidence
// is the mean of the populations' sums ([Evidence]).
package sample
