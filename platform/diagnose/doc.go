// Package diagnose tells whether the samples of a composition can be trusted.
//
// Figures that cost nothing come from the weights of every run: effective
// sample size, evidence with its error, the residual of every step and the
// divergences of the proposal from the target ([Weights]). Figures that cost
// further draws come from a check: an independent [Reference] for the same
// composition, made of draws of the models with importance weights, or of draws
// of the composition each by itself where those are too thin, is compared
// with the run's samples by their scores ([Compare]) and by the earth mover's
// distance between them ([EarthMover]); estimates of the models' densities
// are compared with each other ([Agree]), and posteriors with what they foretell
// ([Calibrate]); guides are held against the paths that they steer
// ([CheckGuide]). [Judge] puts all of it into one sentence.
//
// The package reads no store, scores no molecule and knows no chemistry.
package diagnose
