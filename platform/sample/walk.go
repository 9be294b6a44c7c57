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
	questions   int
	violations  int
	residuals   []moments
	logStart    float64 // of all particles together
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
	logStep   float64 // log-weight of the step of this round, minus infinity where there was none
}

// place is a state on a path and the way there, shared by all particles that
// came through it together.
type place struct {
	state  space.State
	from   *place
	steps  int     // states on the path, this one included
	logPsi float64 // of the path, where the sampler traces it
}

// placesAtOnce is how many places are allocated together: they live about as
// long as each other.
const placesAtOnce = 256

// place keeps a place.
func (l *lane) place(at place) *place {
	if len(l.places) == cap(l.places) {
		l.places = make([]place, 0, placesAtOnce)
	}
	l.places = append(l.places, at)
	return &l.places[len(l.places)-1]
}

// newWalk starts a population: all particles at the start, each with the weight
// gamma(start) / particles.
func newWalk(s *Sampler, index int, from *begin) *walk {
	n, m := s.opts.Particles, len(s.bases)
	w := &walk{
		Sampler:   s,
		index:     index,
		rng:       rand.New(rand.NewPCG(scramble(s.opts.Seed), scramble(uint64(index)))),
		particles: make([]particle, n),
		minESS:    float64(n),
	}
	start := &place{state: from.state, steps: 1}
	logs := make([]float64, n*m)
	gamma := 0. // of a mixture
	if s.opts.Method.sequential() {
		gamma = s.steer.log(from.logU, 0, 0, false) + from.logQ
	}
	w.logStart = gamma
	for j := range w.particles {
		copy(logs[j*m:], from.logU)
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

// mixed is the log-likelihoods that mix the models at a state of the call: those
// of the particle's path, but where the guide gives its posterior.
func (l *lane) mixed(slot int, p *particle) []float64 {
	if l.opts.Twist.GuideMixture {
		return l.guide.mixing[slot]
	}
	return p.logBase
}

// move takes a particle one step on from the loaded state.
func (l *lane) move(slot int, w *walk, p *particle) {
	t := &l.table
	if !t.weighed || !l.opts.Twist.GuideMixture {
		// The guide's mixture is that of the state, whatever the path.
		t.weighed = true
		t.going = t.weigh(&l.steer, l.mixed(slot, p), p.logB, p.path.steps-1)
	}
	if !t.going {
		p.die()
		return
	}
	action := t.pick(p.draw)
	cells := l.advance(p, action)
	if !l.opts.Method.sequential() {
		return // the steps are exact, or are meant to go without weights
	}
	w.weigh(p, l.gamma(p, action, cells), -t.logR(cells))
}

// gamma is the log target of a path whose last action the cells are.
func (l *lane) gamma(p *particle, action int, cells []int) float64 {
	out := l.steer.log(p.logBase, p.logB, p.path.steps-1, p.done) - l.through.log(p.path.state)
	if l.table.guided && (action != stop || l.steer.endsQ) {
		out += l.table.logValue(cells)
	}
	return out
}

// advance takes an action of the opened state and returns the cells that lead
// where it leads.
func (l *lane) advance(p *particle, action int) (cells []int) {
	cells = stopCells
	if action == stop {
		p.done = true
	} else {
		next := l.known.take(p.path.state, action)
		cells = next.cells
		p.logB += next.logBackward
		p.path = l.place(place{state: next.child, from: p.path, steps: p.path.steps + 1})
	}
	for i := range p.logBase {
		p.logBase[i] += l.table.logStep(i, cells)
	}
	if l.trace != nil {
		// A finished path keeps the value of where it stopped.
		if !p.done {
			p.path.logPsi = l.trace(p.logBase, p.logB)
		}
	}
	return cells
}

// weigh gives a particle the weight of its step: the new target gamma over the
// old one, divided by the step's probability.
func (w *walk) weigh(p *particle, gamma, logInverse float64) {
	p.logStep = gamma - p.logGamma + logInverse
	if math.IsInf(p.logStep, -1) {
		p.die()
		return
	}
	p.logGamma = gamma
	p.logWeight += p.logStep
}

func (p *particle) die() { p.done, p.logWeight = true, logImpossible }

// moments are the mean and the squared deviations of some numbers (Welford 1962).
type moments struct {
	n       int
	mean, m float64
}

func (m *moments) add(x float64) {
	m.n++
	d := x - m.mean
	m.mean += d / float64(m.n)
	m.m += d * (x - m.mean)
}

// finishRound resamples where the weights ask for it, and reports whether every
// particle is done.
func (w *walk) finishRound() (done bool) {
	done = true
	for j := range w.particles {
		done = done && w.particles[j].done
	}
	if !w.opts.Method.sequential() {
		if done && w.opts.Method == Rejection {
			w.reject()
		}
		return done
	}
	var residual moments
	for j := range w.particles {
		if l := w.particles[j].logStep; !math.IsInf(l, -1) {
			residual.add(l)
		}
	}
	w.residuals = append(w.residuals, residual)
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

// reject keeps each finished path with probability gamma / (M mixture) where it
// ends in the region, and gives what is kept the weight M / particles.
func (w *walk) reject() {
	for j := range w.particles {
		p := &w.particles[j]
		u := w.rng.Float64()
		accept := w.target.LogDensity(p.logBase, p.logB) - w.bound.LogM - w.steer.ends.LogDensity(p.logBase, p.logB)
		if !(math.Log(u) < accept) || w.opts.Region != nil && !w.opts.Region.Allows(p.path.state) {
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
		MinESS: w.minESS, Resamplings: w.resamplings,
		Evaluations: w.evaluations, Questions: w.questions, Violations: w.violations,
	}
	if !w.opts.Method.Exact() {
		out.LogEvidence = math.NaN()
	}
	out.LogStart = w.logStart
	for _, r := range w.residuals {
		out.Residuals = append(out.Residuals, Residual{r.n, r.mean, math.Sqrt(r.m / float64(max(1, r.n-1)))})
	}
	kept, visited := 0, 0
	for j := range w.particles {
		if p := &w.particles[j]; !math.IsInf(p.logWeight, -1) {
			kept, visited = kept+1, visited+p.path.steps
		}
	}
	out.Trajectories = make([]Trajectory, 0, kept)
	states := make([]space.State, visited) // of all trajectories, one after another
	for j := range w.particles {
		p := &w.particles[j]
		if math.IsInf(p.logWeight, -1) {
			continue
		}
		t := Trajectory{
			Population: w.index, Particle: j, Ancestor: p.ancestor,
			States: states[:p.path.steps:p.path.steps], LogBase: p.logBase, LogBackward: p.logB, LogWeight: p.logWeight,
		}
		states = states[p.path.steps:]
		for at := p.path; at != nil; at = at.from {
			t.States[at.steps-1] = at.state
		}
		out.Trajectories = append(out.Trajectories, t)
	}
	return out
}
