// Package guide is the host's side of guides, the classifiers that steer a
// composition (Garipov et al. 2023, arXiv 2309.16115): [Paths] makes what they
// learn from, labelled paths of the base models.
package guide
