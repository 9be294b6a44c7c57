package sample

import (
	"math"
	"math/rand/v2"

	"github.com/molsculpt/molsculpt/sdk/space"
	"gonum.org/v1/gonum/floats"
)

// walk is a population on its way.
type walk struct {
	*Sampler
	index     int
	rng       *rand.Rand
	particles []particle
	spare     []particle // the other half of a resampling

	minESS      float64
	resamplings int
	evaluations int
}

// particle is a path and its bookkeeping.
type particle struct {
	path      *place
	ancestor  int
	done      bool
	draw      float64   // random number of the coming step
	logBase   []float64 // L_i of the path
	logB      float64   // log P_B of the path
	logGamma  float64   // log target of the path
	logWeight float64
}

// place is a state on a path and the way there, shared by all particles that
// came through it together.
type place struct {
	state space.State
	from  *place
	steps int // states on the path, this one included
}

// newWalk starts a population: all particles at the initial state, each with the
// weight gamma(start) / particles.
func newWalk(s *Sampler, index int) *walk {
	n, m := s.opts.Particles, len(s.bases)
	w := &walk{
		Sampler:   s,
		index:     index,
		rng:       rand.New(rand.NewPCG(scramble(s.opts.Seed), scramble(uint64(index)))),
		particles: make([]particle, n),
		minESS:    float64(n),
	}
	start := &place{steps: 1}
	logs := make([]float64, n*m)
	gamma := 0. // of a mixture
	if s.opts.Method == SMC {
		gamma = s.target.LogDensity(logs[:m], 0)
	}
	for j := range w.particles {
		w.particles[j] = particle{
			path: start, ancestor: j,
			logBase:  logs[j*m : (j+1)*m : (j+1)*m],
			logGamma: gamma, logWeight: gamma - math.Log(float64(n)),
		}
	}
	return w
}

// scramble spreads neighbouring seeds over all 64 bits (splitmix64, Steele, Lea
// and Flood 2014).
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// move takes a particle one step on from the loaded state.
func (l *lane) move(w *walk, p *particle) {
	t := &l.table
	if !t.weigh(w.proposal, p.logBase, p.logB) {
		p.done, p.logWeight = true, logImpossible
		return
	}
	action := t.pick(p.draw)
	cells := stopCells
	if action != stop {
		next := l.known.take(p.path.state, action)
		cells = next.cells
		p.logB += next.logBackward
		p.path = &place{next.child, p.path, p.path.steps + 1}
	} else {
		p.done = true
	}
	for i := range p.logBase {
		p.logBase[i] += t.logStep(i, cells)
	}
	if l.opts.Method != SMC {
		// The proposal is a mixture of the models: the weight of the step is 1.
		return
	}
	gamma := w.target.LogDensity(p.logBase, p.logB)
	p.logWeight += gamma - p.logGamma - t.logR(cells)
	p.logGamma = gamma
}

// finishRound resamples where the weights ask for it, and reports whether every
// particle is done.
func (w *walk) finishRound() (done bool) {
	done = true
	for j := range w.particles {
		done = done && w.particles[j].done
	}
	if w.opts.Method != SMC {
		if done && w.opts.Method == Rejection {
			w.reject()
		}
		return done
	}
	ess := w.ess()
	w.minESS = min(w.minESS, ess)
	if !done && ess > 0 && ess < w.opts.ResampleBelow*float64(len(w.particles)) {
		w.resample()
	}
	return done
}

func (w *walk) logWeights() []float64 {
	out := make([]float64, len(w.particles))
	for j := range w.particles {
		out[j] = w.particles[j].logWeight
	}
	return out
}

func (w *walk) ess() float64 { return math.Exp(LogESS(w.logWeights())) }

// resample draws the particles anew, each in proportion to its weight, by one
// random number (systematic resampling, Kitagawa 1996), and makes all weights
// equal with the same sum.
func (w *walk) resample() {
	n := len(w.particles)
	logs := w.logWeights()
	equal := floats.LogSumExp(logs) - math.Log(float64(n))
	if w.spare == nil {
		w.spare = make([]particle, n)
		m := len(w.bases)
		buf := make([]float64, n*m)
		for j := range w.spare {
			w.spare[j].logBase = buf[j*m : (j+1)*m : (j+1)*m]
		}
	}
	for j, from := range systematic(logs, n, w.rng.Float64()) {
		own := w.spare[j].logBase
		copy(own, w.particles[from].logBase)
		w.spare[j] = w.particles[from]
		w.spare[j].logBase = own
		w.spare[j].logWeight = equal
	}
	w.particles, w.spare = w.spare, w.particles
	w.resamplings++
}

// reject keeps each finished path with probability gamma / (M mixture), and gives
// what is kept the weight M / particles.
func (w *walk) reject() {
	for j := range w.particles {
		p := &w.particles[j]
		u := w.rng.Float64()
		accept := w.target.LogDensity(p.logBase, p.logB) - w.bound.LogM - w.proposal.LogDensity(p.logBase, p.logB)
		if !(math.Log(u) < accept) {
			p.logWeight = logImpossible
			continue
		}
		p.logWeight += w.bound.LogM
	}
	w.minESS = w.ess()
}

// population is the finished walk.
func (w *walk) population() *Population {
	out := &Population{
		Index: w.index, Drawn: len(w.particles), LogEvidence: floats.LogSumExp(w.logWeights()),
		MinESS: w.minESS, Resamplings: w.resamplings, Evaluations: w.evaluations,
	}
	for j := range w.particles {
		p := &w.particles[j]
		if math.IsInf(p.logWeight, -1) {
			continue
		}
		t := Trajectory{
			Population: w.index, Particle: j, Ancestor: p.ancestor,
			States: make([]space.State, p.path.steps), LogBase: p.logBase, LogBackward: p.logB, LogWeight: p.logWeight,
		}
		for at := p.path; at != nil; at = at.from {
			t.States[at.steps-1] = at.state
		}
		out.Trajectories = append(out.Trajectories, t)
	}
	return out
}
