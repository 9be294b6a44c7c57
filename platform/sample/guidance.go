package sample

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/molsculpt/molsculpt/sdk/space"
)

// guidance is a lane's guide and what it has answered.
type guidance struct {
	twist    *Twist
	going    potentials // of unfinished states
	finished potentials // of end points
	actions  []ActionValues
	mixing   [][]float64 // log-posteriors of the models, per state of the call
	children map[space.State]bool
}

// many reports whether a state makes the guide answer for all its children.
func (g *guidance) many() bool { return g.twist.Guide != nil && g.twist.Children == AllChildren }

// origin is the guide's value of the state where walks start; 0 where it has none,
// which every particle then has.
func (g *guidance) origin(ctx context.Context, start space.State) (float64, error) {
	if g.twist.Guide == nil {
		return 0, nil
	}
	g.going = potentials{guide: g.twist.Guide}
	g.finished = potentials{guide: g.twist.Guide, finished: true}
	g.going.want(start)
	if err := g.going.ask(ctx); err != nil {
		return 0, err
	}
	if q := g.going.at(start); !math.IsInf(q, -1) {
		return q, nil
	}
	return 0, nil
}

// askGuide asks the guide whatever the steps from the states need.
func (l *lane) askGuide(ctx context.Context, states []space.State) error {
	g := &l.guide
	if g.twist.GuideMixture {
		if err := l.askMixing(ctx, states); err != nil {
			return err
		}
	}
	switch {
	case g.twist.Actions != nil:
		return l.askActions(ctx, g.twist.Actions, states)
	case g.twist.Guide == nil:
		return nil
	}
	g.forget()
	for i, s := range states {
		l.table.open(l.answers, i, s)
		l.eachChild(s, func(_ int, child space.State) { g.going.want(child) })
		if l.steer.endsQ {
			g.finished.want(s)
		}
	}
	if err := g.going.ask(ctx); err != nil {
		return err
	}
	if err := g.finished.ask(ctx); err != nil {
		return err
	}
	return nil
}

// eachChild visits the cells of the opened state that any model takes.
func (l *lane) eachChild(s space.State, visit func(cell int, child space.State)) {
	for c := range l.table.steps[0].Cells {
		if l.table.possible(c) {
			visit(c, l.known.take(s, c).child)
		}
	}
}

// value gives the loaded table the guide's values of its actions, and counts
// those that were asked for.
func (l *lane) value(s space.State, slot int) (questions int) {
	g, t := &l.guide, &l.table
	if !g.twist.guided() {
		return 0
	}
	t.guided = true
	t.logQ = slices.Grow(t.logQ[:0], len(t.r))[:len(t.r)]
	if g.twist.Actions != nil {
		t.logQ[0] = g.actions[slot].Stop
		copy(t.logQ[1:], g.actions[slot].Cells)
		return 1
	}
	for a := range t.logQ {
		t.logQ[a] = logImpossible
	}
	if g.children == nil {
		g.children = map[space.State]bool{}
	}
	clear(g.children)
	l.eachChild(s, func(cell int, child space.State) {
		t.logQ[cell+1] = g.going.at(child)
		g.children[child] = true
	})
	questions = len(g.children)
	if l.steer.endsQ {
		t.logQ[0] = g.finished.at(s)
		questions++
	}
	return questions
}

// askActions asks an action guide about states and checks what it says.
func (l *lane) askActions(ctx context.Context, guide ActionGuide, states []space.State) error {
	g := &l.guide
	for len(g.actions) < len(states) {
		g.actions = append(g.actions, ActionValues{})
	}
	if err := guide.LogActions(ctx, states, g.actions[:len(states)]); err != nil {
		return fmt.Errorf("sample: ask guide: %w", err)
	}
	for i, s := range states {
		v := g.actions[i]
		if len(v.Cells) != len(l.answers[0][i].Cells) {
			return fmt.Errorf("sample: ask guide: %d values for the %d cells of state %x", len(v.Cells), len(l.answers[0][i].Cells), s)
		}
		if bad(v.Stop) || slices.ContainsFunc(v.Cells, bad) {
			return fmt.Errorf("sample: ask guide: a value of an action of state %x is no logarithm", s)
		}
	}
	return nil
}

// askMixing asks the guide for the posteriors of the models, and keeps log-
// likelihoods of which these are the posteriors.
func (l *lane) askMixing(ctx context.Context, states []space.State) error {
	g := &l.guide
	for len(g.mixing) < len(states) {
		g.mixing = append(g.mixing, make([]float64, len(l.bases)))
	}
	posterior, ok := g.twist.Guide.(Posterior)
	if !ok {
		panic("sample: a guide that is no posterior is asked for one")
	}
	if err := posterior.LogPosterior(ctx, states, g.mixing[:len(states)]); err != nil {
		return fmt.Errorf("sample: ask guide: %w", err)
	}
	prior, _ := universe(l.target)
	for i, s := range states {
		if slices.ContainsFunc(g.mixing[i], bad) {
			return fmt.Errorf("sample: ask guide: a posterior of state %x is no logarithm", s)
		}
		for j, w := range prior {
			if w > 0 {
				g.mixing[i][j] -= math.Log(w)
			} else {
				g.mixing[i][j] = logImpossible
			}
		}
	}
	return nil
}

// bad reports whether v is no logarithm of a finite number.
func bad(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 1) }

// potentials remembers what a guide said of states. What it forgets it asks
// again, so it never changes a result.
type potentials struct {
	guide    Guide
	finished bool
	known    map[space.State]float64
	wanted   []space.State
	values   []float64
}

// forget makes room before a batch of questions.
func (g *guidance) forget() {
	for _, p := range []*potentials{&g.going, &g.finished} {
		if len(p.known) >= maxKnown {
			clear(p.known)
		}
	}
}

// want notes a state that the guide has to be asked about.
func (p *potentials) want(s space.State) {
	if p.known == nil {
		p.known = map[space.State]float64{}
	}
	if _, ok := p.known[s]; !ok {
		p.known[s] = math.NaN() // until it is answered
		p.wanted = append(p.wanted, s)
	}
}

// ask asks about the states that are wanted.
func (p *potentials) ask(ctx context.Context) error {
	for len(p.wanted) > 0 {
		states := p.wanted[:min(batch, len(p.wanted))]
		p.values = slices.Grow(p.values[:0], len(states))[:len(states)]
		if err := p.guide.LogQ(ctx, states, p.finished, p.values); err != nil {
			return fmt.Errorf("sample: ask guide: %w", err)
		}
		for i, s := range states {
			if bad(p.values[i]) {
				return fmt.Errorf("sample: ask guide: the value %g of state %x is no logarithm", p.values[i], s)
			}
			p.known[s] = p.values[i]
		}
		p.wanted = p.wanted[len(states):]
	}
	return nil
}

// at is the answer for a state that was wanted.
func (p *potentials) at(s space.State) float64 { return p.known[s] }
