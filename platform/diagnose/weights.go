package diagnose

import (
	"math"

	"github.com/molsculpt/molsculpt/platform/sample"
)

// Step is the log-weight of one step of the walks, in nats: 0 everywhere where
// the proposal knows the target, as with the exact potential.
type Step struct {
	Count int     `json:"count"` // particles that took it, but for those that it led to weight zero
	Mean  float64 `json:"mean"`
	SD    float64 `json:"sd"` // 0 for one particle
}

// Add pools another sample of the same step into s (Chan, Golub and LeVeque
// 1979).
func (s *Step) Add(o Step) {
	if o.Count == 0 {
		return
	}
	n, m := float64(s.Count), float64(o.Count)
	d := o.Mean - s.Mean
	squares := s.SD*s.SD*math.Max(0, n-1) + o.SD*o.SD*(m-1) + d*d*n*m/(n+m)
	s.Mean += d * m / (n + m)
	s.Count += o.Count
	s.SD = 0
	if s.Count > 1 {
		s.SD = math.Sqrt(squares / float64(s.Count-1))
	}
}

// Walk is what the weights of one population tell.
type Walk struct {
	Drawn       int     // particles
	MinESS      float64 // smallest effective sample size on the way, in particles
	Resamplings int
	Ancestors   int // beginnings that its trajectories descend from
	Steps       []Step
	LogEvidence float64 // of this population; NaN where the method gives none

	// KL is the divergence of the proposal from the target, in nats: log of the
	// mean weight minus the mean of the log-weights, from the last resampling to
	// the next, added up. It is 0 where all weights are equal. Particles of
	// weight zero, for which it is infinite, are left out.
	KL float64
}

// WalkOf reads a population.
func WalkOf(p *sample.Population) Walk {
	w := Walk{Drawn: p.Drawn, MinESS: p.MinESS, Resamplings: p.Resamplings, LogEvidence: p.LogEvidence}
	seen := map[int]bool{}
	for i := range p.Trajectories {
		seen[p.Trajectories[i].Ancestor] = true
	}
	w.Ancestors = len(seen)
	var moved float64
	for _, r := range p.Residuals {
		w.Steps = append(w.Steps, Step(r))
		moved += float64(r.Count) * r.Mean
	}
	if len(w.Steps) > 0 && len(p.Trajectories) > 0 {
		w.KL = math.Max(0, p.LogEvidence-p.LogStart-moved/float64(p.Drawn))
	}
	return w
}

// Weights is what the weights of a run tell, all populations together.
type Weights struct {
	Populations int     `json:"populations"`
	Drawn       int     `json:"drawn"`       // particles
	MinESS      float64 `json:"min_ess"`     // smallest share of a population that was effective, 0 to 1
	Largest     float64 `json:"largest"`     // share of all weight in the heaviest population, 0 where there is none
	Resamplings float64 `json:"resamplings"` // of a population, on average
	Ancestors   float64 `json:"ancestors"`   // beginnings that survive in a population, on average
	KL          float64 `json:"kl"`          // of the proposal from the target, nats, on average
	ChiSquare   float64 `json:"chi_square"`  // the same by N/ESS - 1 of the smallest ESS, on average
	Residual    Step    `json:"residual"`    // of all steps
	Steps       []Step  `json:"steps"`       // by step

	logTop, sum float64 // evidence of the heaviest population; that of all, over it
}

// Add takes another population.
func (w *Weights) Add(p Walk) {
	if w.Populations == 0 {
		w.MinESS, w.logTop = 1, math.Inf(-1)
	}
	if z := p.LogEvidence; z > w.logTop {
		w.sum, w.logTop = 1+w.sum*math.Exp(w.logTop-z), z
	} else if !math.IsInf(z, -1) && !math.IsNaN(z) {
		w.sum += math.Exp(z - w.logTop)
	}
	if w.sum > 0 {
		w.Largest = 1 / w.sum
	}
	w.Populations++
	w.Drawn += p.Drawn
	toMean := func(mean *float64, v float64) { *mean += (v - *mean) / float64(w.Populations) }
	toMean(&w.Resamplings, float64(p.Resamplings))
	toMean(&w.Ancestors, float64(p.Ancestors))
	toMean(&w.KL, p.KL)
	if share := p.MinESS / math.Max(1, float64(p.Drawn)); share > 0 {
		w.MinESS = math.Min(w.MinESS, share)
		toMean(&w.ChiSquare, 1/share-1)
	} else {
		w.MinESS = 0 // every particle died: no divergence is that of a sample
	}
	for len(w.Steps) < len(p.Steps) {
		w.Steps = append(w.Steps, Step{})
	}
	for i, s := range p.Steps {
		w.Steps[i].Add(s)
		w.Residual.Add(s)
	}
}
