// Package guide is the host's side of guides, the classifiers that steer a
// composition (Garipov et al. 2023, arXiv 2309.16115). [Paths] makes what they
// learn from, labelled paths of the base models. [Read] finds the observations of
// a composition among the outcomes of a loaded guide, which then is a twist for
// package sample.
package guide
