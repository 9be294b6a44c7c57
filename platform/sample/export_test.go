package sample

import (
	"context"
	"math"
	"math/rand/v2"

	"github.com/molsculpt/molsculpt/sdk/space"
)

// Fork is a path of a sampler with everything that its next step depends on.
type Fork struct {
	State    space.State
	Key      string // the path, and for a finished one where it stopped
	Finished bool
	LogProb  float64 // of all steps so far
	Weight   float64 // log-weight of all steps so far, that of the start included

	walk     *walk
	particle particle
}

// Start is the beginning of every path.
func Start(s *Sampler) *Fork {
	l := startLane(s)
	w := newWalk(s, 0, &l.from)
	p := w.particles[0]
	return &Fork{walk: w, particle: p, Weight: p.logGamma, State: p.path.state}
}

// Steps lists what the next step of a path may lead to: the children, each
// once, and Stop. It is the step of the sampler itself, but for the draw.
func (f *Fork) Steps() []*Fork {
	l := f.lane()
	t := &l.table
	t.load(l.answers, 0, f.State)
	l.value(f.State, 0)
	p := f.copy()
	if !t.weigh(&l.steer, l.mixed(0, &p), p.logB, p.path.steps-1) {
		return nil
	}
	var out []*Fork
	taken := map[int]bool{}
	for a := range t.r {
		action := a - 1
		if t.r[a] == 0 || taken[action] {
			continue
		}
		next := f.copy()
		cells := l.advance(&next, action)
		for _, c := range cells {
			taken[c] = true
		}
		logR := t.logR(cells)
		if l.opts.Method.sequential() {
			f.walk.weigh(&next, l.gamma(&next, action, cells), -logR)
		}
		out = append(out, f.next(next, logR, next.logStep))
	}
	return out
}

// CandidateSteps is Steps for the sum over all draws of two candidates: the
// weight of a child is the logarithm of the expected weight with which it is
// taken, over the probability of the child, which is set to 1.
func (f *Fork) CandidateSteps() []*Fork {
	l := f.lane()
	if l.opts.Twist.Candidates != 2 {
		panic("two candidates are summed over")
	}
	t := &l.table
	t.load(l.answers, 0, f.State)
	p := f.copy()
	prior := steering{cells: l.steer.ends, ends: l.steer.ends}
	if !t.weigh(&prior, p.logBase, p.logB, p.path.steps-1) {
		return nil
	}
	r := append([]float64(nil), t.r...)
	sum := t.sum
	classR := func(action int) float64 { // of the class of an action
		cells := stopCells
		if action != stop {
			cells = l.known.take(p.path.state, action).cells
		}
		return t.logR(cells)
	}
	logR := make([]float64, len(r))
	for a := range r {
		if r[a] > 0 {
			logR[a] = classR(a - 1)
		}
	}
	expected := map[space.State]float64{} // by child; Stop leads to the state itself
	sample := map[space.State]int{}
	for a := range r {
		for b := range r {
			if r[a] == 0 || r[b] == 0 {
				continue
			}
			s := &search{mover: mover{f.walk, 0}, rng: rand.New(rand.NewPCG(1, 1))}
			f.walk.particles[0] = f.copy()
			for _, c := range []int{a, b} {
				s.tries = append(s.tries, try{action: c - 1, logR: logR[c]})
				if l.needs(c - 1) {
					l.want(s, c-1)
				}
			}
			if l.guide.going.ask(context.Background()) != nil || l.guide.finished.ask(context.Background()) != nil {
				panic("the guide fails")
			}
			_, v := l.weighCandidates(s)
			mean := (math.Exp(v[0]) + math.Exp(v[1])) / 2
			for j, c := range []int{a, b} {
				if mean == 0 {
					continue
				}
				take := math.Exp(v[j]) / (math.Exp(v[0]) + math.Exp(v[1]))
				child := p.path.state
				if c-1 != stop {
					child = l.known.take(child, c-1).child
				}
				expected[child] += r[a] / sum * r[b] / sum * take * mean / math.Exp(p.logGamma)
				sample[child] = c - 1
			}
		}
	}
	var out []*Fork
	for child, weight := range expected {
		next := f.copy()
		t.open(l.answers, 0, f.State)
		l.advance(&next, sample[child])
		gamma := l.steer.log(next.logBase, next.logB, next.path.steps-1, next.done) - l.through.log(child)
		if l.needs(sample[child]) {
			gamma += l.guide.at(child, next.done)
		}
		next.logGamma = gamma
		out = append(out, f.next(next, 0, math.Log(weight)))
	}
	return out
}

func (g *guidance) at(s space.State, finished bool) float64 {
	if finished {
		return g.finished.at(s)
	}
	return g.going.at(s)
}

// lane is a new lane whose models and guide were asked about the path's state.
func (f *Fork) lane() *lane {
	l := startLane(f.walk.Sampler)
	states := []space.State{f.State}
	if err := l.ask(context.Background(), states); err != nil {
		panic(err)
	}
	if err := l.askGuide(context.Background(), states); err != nil {
		panic(err)
	}
	return l
}

// startLane is a lane that is about to start its walks.
func startLane(s *Sampler) *lane {
	from, err := s.begin(context.Background())
	if err != nil {
		panic(err)
	}
	l := newLane(s, from)
	if l.from.logQ, err = l.guide.origin(context.Background(), from.state); err != nil {
		panic(err)
	}
	return l
}

func (f *Fork) copy() particle {
	p := f.particle
	p.logBase = append([]float64(nil), p.logBase...)
	p.logStep = 0
	return p
}

func (f *Fork) next(p particle, logR, weight float64) *Fork {
	out := &Fork{
		State: p.path.state, Finished: p.done, LogProb: f.LogProb + logR, Weight: f.Weight + weight,
		walk: f.walk, particle: p, Key: f.Key + "/" + string(p.path.state),
	}
	if p.done {
		out.Key = f.Key + "."
	}
	return out
}

// Forget takes the memory of a sampler away before its first use.
func Forget(s *Sampler) { s.memory.cells = maxCells + 1 }

// Remembered are the states that a sampler remembers.
func Remembered(s *Sampler) []space.State {
	var out []space.State
	for state := range s.memory.known {
		out = append(out, state)
	}
	return out
}
