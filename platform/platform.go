// Package platform plays a design campaign: it plans a campaign file, starts
// the base models as plugin processes, samples their composition, evaluates
// the molecules and commits them to the store, population after population.
//
// A run is a pure function of the resolved campaign, its seed and the numeric
// id of the models' kernels, whatever the number of threads: populations are
// numbered, each has its own random generator, and they are committed in the
// order of their numbers. That is what makes an interrupted campaign go on
// exactly where it stopped.
package platform
