package sample

import (
	"errors"
	"math"
)

// Ladder anneals the path posterior. The target of unfinished paths of t steps is
//
//	c_0 M + c_1 sqrt(M gamma) + c_2 gamma,    c = Ladder[t],
//
// a mixture of the rungs kappa = 0, 1/2, 1 of M^(1-kappa) gamma^kappa: the
// posterior of a path says too much too early, above all where a label is
// observed more than once and a path looks like that of another model at first.
// The last entry holds for all longer paths; (0, 0, 1) is the path posterior
// itself. Whatever the numbers, weights are exact and the evidence has no bias.
type Ladder []Rungs

// Rungs are the weights of the rungs, none of them negative, with a positive sum.
type Rungs [3]float64

func (l Ladder) at(steps int) *Rungs { return &l[min(steps, len(l)-1)] }

func (l Ladder) check() error {
	for _, c := range l {
		sum := 0.
		for _, w := range c {
			if !(w >= 0) {
				return errors.New("the rungs of a ladder must not be negative")
			}
			sum += w
		}
		if !(sum > 0) || math.IsInf(sum, 1) {
			return errors.New("the rungs of a ladder must have a positive sum")
		}
	}
	return nil
}

// at is the target from the densities of the mixture and the composition. Where
// the composition is impossible it stays so however the path goes on.
func (c *Rungs) at(m, g float64) float64 {
	if g == 0 {
		return 0
	}
	return c[0]*m + c[1]*math.Sqrt(m*g) + c[2]*g
}

// log is at on logarithms.
func (c *Rungs) log(m, g float64) float64 {
	if math.IsInf(g, -1) {
		return g
	}
	top := max(m, g)
	m, g = m-top, g-top
	return top + math.Log(c[0]*math.Exp(m)+c[1]*math.Exp((m+g)/2)+c[2]*math.Exp(g))
}
