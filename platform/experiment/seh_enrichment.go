package experiment

import (
	"cmp"
	"math"
	"slices"
)

// enrichment is how many of the compounds with the highest scores are potent, for
// shares of them; compounds of one score at the edge count by the share of them
// that fits, which is the mean over all orders.
func enrichment(scores, potencies []float64) []top {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(scores[j], scores[i]) })
	var out []top
	for _, share := range topShares {
		n := int(math.Round(share * float64(len(order))))
		if n == 0 {
			continue
		}
		t := top{Share: share, N: n}
		edge := scores[order[n-1]]
		var hits, above, tied, tiedHits float64
		for _, i := range order {
			hit := 0.
			if potencies[i] >= potent {
				hit = 1
			}
			switch {
			case scores[i] > edge:
				above++
				hits += hit
			case scores[i] == edge:
				tied++
				tiedHits += hit
			}
		}
		hits += tiedHits * (float64(n) - above) / tied
		t.Potent = int(math.Round(hits))
		t.Rate = hits / float64(n)
		t.RateSE = math.Sqrt(t.Rate * (1 - t.Rate) / float64(n))
		out = append(out, t)
	}
	return out
}

// medians are the medians and quartiles of y in groups of equal numbers of
// points by x: one group for each quantile of x.
func medians(x, y []float64, groups int) (at, low, middle, high []float64) {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(x[i], x[j]) })
	for g := range groups {
		own := order[g*len(order)/groups : (g+1)*len(order)/groups]
		if len(own) == 0 {
			continue
		}
		var xs, ys []float64
		for _, i := range own {
			xs, ys = append(xs, x[i]), append(ys, y[i])
		}
		slices.Sort(xs)
		slices.Sort(ys)
		at = append(at, quantile(xs, .5))
		low, middle, high = append(low, quantile(ys, .25)), append(middle, quantile(ys, .5)), append(high, quantile(ys, .75))
	}
	return at, low, middle, high
}

// quantile is a quantile of sorted numbers, linear between them.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := min(int(at), len(sorted)-1)
	if i == len(sorted)-1 {
		return sorted[i]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}
