package diagnose

import "math"

// Reliability compares foretold probabilities with what came true.
type Reliability struct {
	N       int     `json:"n"`        // events foretold
	ECE     float64 `json:"ece"`      // expected calibration error: mean |probability - frequency| over bins, by their size
	ECESE   float64 `json:"ece_se"`   // what ECE comes to by chance where the probabilities are right
	Brier   float64 `json:"brier"`    // mean squared error of the probabilities
	LogLoss float64 `json:"log_loss"` // mean of -log of the probability of what happened, nats
	Bins    []Bin   `json:"bins"`     // those with any event, by probability
}

// Bin holds the events with probabilities in a tenth of 0 to 1.
type Bin struct {
	N           int     `json:"n"`
	Probability float64 `json:"probability"` // foretold, mean
	Frequency   float64 `json:"frequency"`   // that came true
}

// bins is the number of equal parts of 0 to 1.
const bins = 10

// Calibrate measures the reliability of probabilities p of events, each of which
// came true or not (Murphy 1973; Guo et al. 2017 for ECE). For a classifier of
// many labels, give every label's probability as an event of its own.
func Calibrate(p []float64, happened []bool) Reliability {
	var n [bins]int
	var sum, hits, variance [bins]float64
	r := Reliability{N: len(p)}
	for i, q := range p {
		k := min(int(q*bins), bins-1)
		n[k]++
		sum[k] += q
		variance[k] += q * (1 - q)
		hit := 0.
		if happened[i] {
			hit = 1
			hits[k]++
		}
		r.Brier += (q - hit) * (q - hit) / float64(len(p))
		// A probability of 0 for what happened would hide all else.
		r.LogLoss -= math.Log(math.Max(1e-300, 1-math.Abs(q-hit))) / float64(len(p))
	}
	for k := range n {
		if n[k] == 0 {
			continue
		}
		m := float64(n[k])
		r.Bins = append(r.Bins, Bin{n[k], sum[k] / m, hits[k] / m})
		r.ECE += math.Abs(sum[k]-hits[k]) / float64(len(p))
		// The mean of |normal| is sqrt(2/pi) of its standard deviation.
		r.ECESE += math.Sqrt(2/math.Pi*variance[k]) / float64(len(p))
	}
	return r
}
