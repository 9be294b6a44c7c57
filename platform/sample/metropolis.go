package sample

import (
	"math"
	"math/rand/v2"
)

// Metropolis turns populations into an unweighted chain of trajectories: the
// particle independent Metropolis-Hastings sampler (Andrieu, Doucet and
// Holenstein 2010, JRSS B 72). Each population proposes one of its particles,
// drawn by weight, and is accepted with probability min(1, Z'/Z). The chain has
// the composition as its law for any number of particles; its repeats are what
// rejection costs.
//
// What becomes of a population depends on the seed, on the population and on
// where the chain was before, so a chain that [Metropolis.Continue] takes up goes
// on as if it had never stopped.
type Metropolis struct {
	seed     uint64
	current  *Trajectory
	logZ     float64
	accepted int
	proposed int
}

// NewMetropolis starts a chain with a seed of its own.
func NewMetropolis(seed uint64) *Metropolis {
	return &Metropolis{seed: scramble(seed), logZ: logImpossible}
}

// Continue takes a chain up at a trajectory, which a population of that
// log-evidence proposed.
func (m *Metropolis) Continue(at *Trajectory, logEvidence float64) {
	m.current, m.logZ = at, logEvidence
}

// Next proposes a population and returns where the chain is then; nil before
// the first population of any weight.
func (m *Metropolis) Next(p *Population) *Trajectory {
	rng := rand.New(rand.NewPCG(m.seed, scramble(uint64(p.Index))))
	pick, u := rng.Float64(), rng.Float64()
	m.proposed++
	if math.IsInf(p.LogEvidence, -1) || !(math.Log(u) < p.LogEvidence-m.logZ) {
		return m.current
	}
	logs := make([]float64, len(p.Trajectories))
	for j := range logs {
		logs[j] = p.Trajectories[j].LogWeight
	}
	m.current = &p.Trajectories[systematic(logs, 1, pick)[0]]
	m.logZ = p.LogEvidence
	m.accepted++
	return m.current
}

// Acceptance is the share of proposals that were accepted.
func (m *Metropolis) Acceptance() float64 { return float64(m.accepted) / float64(m.proposed) }
