package diagnose

import "math"

// TanimotoCost is the cost of moving one molecule to another with that Tanimoto
// similarity of fingerprints, 1/(T + 1e-8) - 1, at most 100: bits that differ per
// bit in common (Garipov et al. 2023).
func TanimotoCost(similarity float64) float64 {
	return math.Min(math.Max(1/(similarity+1e-8)-1, 0), 100)
}

// EarthMover is the earth mover's distance between two samples of equal weights,
// from the costs cost[i*m+j] of moving element i of the one to element j of the
// other. Two samples of one law are not 0 apart: compare with that floor.
func EarthMover(cost []float64, n, m int) (float64, error) {
	t, err := Move(cost, ones(n), ones(m))
	if err != nil {
		return 0, err
	}
	return t.Cost, nil
}

func ones(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = 1
	}
	return out
}
