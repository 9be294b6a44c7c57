package oracle

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// SamplingFloor is how far independent draws of a law lie from it: the mean and
// the standard deviation of the L1 distance between the law and the frequencies
// of n draws, over that many repetitions. No sampler can be expected to do
// better; one whose samples lie at the floor cannot be told from the truth.
func SamplingFloor(p []float64, n, repetitions int, rng *rand.Rand) (mean, sd float64) {
	distances := make([]float64, repetitions)
	for r := range distances {
		left, mass := float64(n), 1.
		for _, l := range p {
			q := math.Exp(l)
			// The count of one cell, given those before it, is binomial.
			count := left
			if share := q / mass; left > 0 && share < 1 {
				count = 0
				if share > 0 {
					count = distuv.Binomial{N: left, P: share, Src: rng}.Rand()
				}
			}
			distances[r] += math.Abs(count/float64(n) - q)
			left -= count
			mass -= q
		}
	}
	return stat.MeanStdDev(distances, nil)
}
