// Package blas is single-precision BLAS on the SIMD kernels of package kern,
// for gonum and gorgonia, whose own works at a tenth of the speed of the
// machine. [Register] makes both use it.
//
// Matrix products, and what can be put down to them, run on all cores; long
// vectors with unit increments and rows of matrices run on the vector kernels.
// All else, double precision and complex numbers are gonum's, and so is
// everything where the machine has no vector kernels, which [kern.Active]
// calls generic: gonum's own assembly is faster there.
//
// Results do not depend on the number of threads, and differ from gonum's by
// rounding. Bad arguments panic as gonum's do.
package blas

import (
	"runtime"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/gonum"
	"gorgonia.org/tensor"
)

// Implementation is a BLAS. Its zero value is ready and works on all cores.
type Implementation struct {
	gonum.Implementation
	// Threads is how many goroutines a large product uses, by default as many as
	// run at once.
	Threads int
}

var (
	_ blas.Float32 = Implementation{}
	_ tensor.BLAS  = Implementation{}
)

// Register makes gonum's blas32 and gorgonia's tensors compute with b, which is
// an [Implementation] or wraps one. It is for the start of a program: nothing
// may be computing meanwhile.
func Register(b tensor.BLAS) {
	blas32.Use(b)
	tensor.Use(b)
}

func (b Implementation) threads() int {
	if b.Threads > 0 {
		return b.Threads
	}
	return runtime.GOMAXPROCS(0)
}

// vectors tells whether the machine has vector kernels.
func vectors() bool { return kern.Active() != "generic" }
