package gflownet

import "math"

// Law is the exact probability of ending at each point, in the order of
// gridIndex, found by dynamic programming; nil for a grid of more than
// [TablePoints] points.
func (m *GridModel) Law() []float64 {
	if m.table == nil {
		return nil
	}
	s := m.shape
	n := len(m.table) / s.Outputs
	visits, ends := make([]float64, n), make([]float64, n)
	visits[0] = 1
	point, logs, probs := make([]int, s.Dim), make([]float64, s.Outputs), make([]float64, s.Outputs)
	for i := range n { // children have higher numbers
		gridPoint(i, s.Side, point)
		gridSteps(m.table[i*s.Outputs:][:s.Outputs], point, s.Side, logs, probs)
		ends[i] = visits[i] * probs[s.Dim]
		ahead := 1
		for a := s.Dim - 1; a >= 0; a-- {
			if point[a] < s.Side-1 {
				visits[i+ahead] += visits[i] * probs[a]
			}
			ahead *= s.Side
		}
	}
	return ends
}

// distance is the L1 distance of a law to the one in proportion to e^logR, whose
// log normaliser it gives too.
func distance(law, logR []float64) (l1, logZ float64) {
	m := math.Inf(-1)
	for _, l := range logR {
		m = math.Max(m, l)
	}
	sum := 0.0
	for _, l := range logR {
		sum += math.Exp(l - m)
	}
	logZ = m + math.Log(sum)
	for i, l := range logR {
		l1 += math.Abs(law[i] - math.Exp(l-logZ))
	}
	return l1, logZ
}
