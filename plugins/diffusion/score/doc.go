// Package score is the plugin core/score: continuous diffusions over points of
// R^d, learned from examples, and the classifiers that steer their compositions.
//
// A model answers the score, the gradient of log p_t, of data that a process of
// package sdk/noise has made noisy (Song et al. 2021, arXiv 2011.13456). What a
// network is asked for is neither the score nor the data but a mixture of data and
// noise that has variance 1 at every time (Karras et al. 2022, arXiv 2206.00364;
// see Scaling), so that one network serves from almost clean to pure noise. It
// learns by denoising score matching (Vincent 2011).
//
// A guide is a classifier with time as an input: log Q, the probabilities of what
// is observed of the clean point, from a noisy one (Garipov et al. 2023, arXiv
// 2309.16115). It learns from clean points of the base models, which it makes noisy
// itself: the noised law of a model is what the model has at that time. So all
// times are learned, and no trajectory is simulated.
//
// # A network of one's own
//
// What knows whether a point is a handful of numbers or a picture is the
// [Network]. It is a struct with its settings, read from JSON, and four methods, of
// which Define calls a nn.Builder; package nn tells how. It is put into the
// list of kinds in network.go under a name, and then a training file says
//
//	train: {network: {kind: mlp, width: 128, layers: 3}}
//
// and the weights file keeps these settings. Everything else is the same for all:
// scaling, training, averages, files, serving. The same network with as many
// outputs as there are outcomes is a classifier. Its gradient at the points is
// found by the operations' own backward passes, so every operation that Define
// uses must have one; see Gradient.
package score
