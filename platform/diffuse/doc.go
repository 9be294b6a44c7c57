// Package diffuse samples continuous diffusions and their compositions.
//
// A base model is a [Field], the score of its data made noisy by a forward
// process of package sdk/noise. [Draw] samples one field: by the reverse chain, by
// predictor and corrector, along the probability flow, or with DPM-Solver++.
// [FlowDensity] and [ItoDensity] find its log-density by two routes that agree.
//
// # Compositions
//
// A [Sampler] composes as package sample does. All models share the process and
// its reverse chain
//
//	x_s = N(mean_i(x_t), v I),  mean_i = keep x_t + gain s_i(x_t, t),
//
// so every step has a density under each of them, and the likelihoods L_i of the
// path so far say what the composition makes of it: a path has the target
//
//	gamma(tau) = B(tau) G(P_1(tau)/B(tau), ..., P_m(tau)/B(tau))
//
// where B is the density of the noising path given its end. In small steps
// P_i(tau)/B(tau) is the density p_i of the end (Garipov et al. 2023; Skreta et
// al. 2024, arXiv 2412.17762, for the continuous limit). No classifier is needed.
//
// A step proposes a normal around keep x + gain s, of the same variance, with
//
//	s = sum_i c_i s_i,  c_i = d log G / d log p_i,
//
// the gradient of log gamma of the path one step on: for a mixture the mixture
// score, for an observation the score of its path posterior, all from the scores
// that there are. A guide makes it the mixture score plus grad log Q instead
// (classifier guidance, at scale 1). Weights are exact for any proposal; systematic
// resampling where the effective sample size is small makes it sequential Monte
// Carlo. Without the weights, and at other scales, samples are not those of the
// composition; [Uncorrected] and [Guided] are there to compare with. What pulls
// harder than the composition is an expression with exponents, obs(a^3, b^3),
// which is sampled like any other.
//
// Like all chains of finite steps these end near the law of the model, not at it:
// the chain's own end law is what the composition is of. More steps bring it nearer.
// Chains and densities end at the smallest time that all models and the guide have
// learned, see [End].
//
// # What depends on what
//
// A population, and a point of Draw, depends on the seed and its own number, not
// on how many others there are, on threads or on how calls are split, as long as the
// answer of a field for a point does not depend on the batch around it.
package diffuse
