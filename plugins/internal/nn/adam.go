package nn

import (
	"math"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
)

// AdamW is Adam with decoupled weight decay (Loshchilov and Hutter 2019) and
// clipping by the global norm of the gradient. Its whole state is exported so
// that a run can be continued exactly.
type AdamW struct {
	Rate         float64 // learning rate of the next step
	Beta1, Beta2 float64 // 0 counts as 0.9 and 0.999
	Eps          float64 // 0 counts as 1e-8
	Decay        float64 // weight decay per step at learning rate 1
	Clip         float64 // largest global norm; 0 for no clipping
	Threads      int     // goroutines; the result does not depend on it

	Steps int
	M, V  [][]float32 // moments, in the order of the parameters
}

// Step updates the parameters with their gradients and returns the norm of the
// gradient before clipping. A norm that is not finite changes nothing.
func (a *AdamW) Step(params []*Param) (norm float64) {
	if a.M == nil {
		for _, p := range params {
			a.M = append(a.M, make([]float32, len(p.Data)))
			a.V = append(a.V, make([]float32, len(p.Data)))
		}
	}
	squares := make([]float64, len(params))
	kern.Par(a.Threads, len(params), func(i int) { squares[i] = kern.SumSquares(params[i].Grad) })
	for _, s := range squares {
		norm += s
	}
	norm = math.Sqrt(norm)
	if math.IsNaN(norm) || math.IsInf(norm, 0) {
		return norm
	}
	clip := 1.0
	if a.Clip > 0 && norm > a.Clip {
		clip = a.Clip / norm
	}
	b1, b2, eps := or(a.Beta1, 0.9), or(a.Beta2, 0.999), or(a.Eps, 1e-8)
	a.Steps++
	c1 := 1 - math.Pow(b1, float64(a.Steps))
	c2 := math.Sqrt(1 - math.Pow(b2, float64(a.Steps)))
	kern.Par(a.Threads, len(params), func(i int) {
		p := params[i]
		rate := a.Rate * float64(p.Rate)
		s := kern.AdamStep{Beta1: float32(b1), Beta2: float32(b2), LR: float32(rate * c2 / c1), Eps: float32(eps * c2), Clip: float32(clip), Decay: 1}
		if p.Decay {
			s.Decay = float32(1 - rate*a.Decay)
		}
		kern.Adam(p.Data, p.Grad, a.M[i], a.V[i], s)
	})
	return norm
}

func or(v, def float64) float64 {
	if v == 0 {
		return def
	}
	return v
}
