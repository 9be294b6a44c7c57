package sample

import (
	"context"
	"errors"
	"fmt"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Guide answers log Q(y|s): how likely the observations y of a composition are
// to be made at the end of a path of the mixture that is now at s (Garipov et
// al. 2023). Which observations is fixed when the guide is made. It must be safe
// for concurrent use.
type Guide interface {
	// LogQ fills dst[i] for states[i], which are distinct; minus infinity where y
	// is impossible. Finished states are end points, where Q is the likelihood of
	// y itself; the others go on, or stop in the next step. An answer does not
	// depend on what else is in the batch.
	LogQ(ctx context.Context, states []space.State, finished bool, dst []float64) error
}

// Posterior is what a guide may know besides: which model a path belongs to.
type Posterior interface {
	Guide

	// LogPosterior fills dst[i][j] with log p(y_1 = j|s_i) for unfinished states
	// and every model of the composition.
	LogPosterior(ctx context.Context, states []space.State, dst [][]float64) error
}

// ActionGuide answers log Q(y|s,a) for all actions of a state in one pass.
type ActionGuide interface {
	// Residual reports whether the answers are to be added to the log of the path
	// posterior of the step, which they correct; else they are log Q itself.
	Residual() bool

	// LogActions fills dst[i] for states[i], which are distinct, reusing the
	// capacity of dst[i].Cells. Illegal cells may hold any number.
	LogActions(ctx context.Context, states []space.State, dst []ActionValues) error
}

// ActionValues is one logarithm for each action of a state.
type ActionValues struct {
	Stop  float64
	Cells []float64 // Rows*Columns long
}

// Children says which children of a state a step asks a [Guide] about.
type Children int

const (
	// AllChildren asks about every child of the state.
	AllChildren Children = iota
	// Candidates draws some actions from the path posterior, asks about these
	// and takes one of them, with the weight of their mean: of SMC, properly
	// weighted for any number of candidates (Naesseth et al. 2015).
	Candidates
	// GumbelMax gives every action an arrival time and asks about children in
	// the order of the earliest that a bound on Q allows, until none can be
	// first any more: of Guided, the same law as AllChildren.
	GumbelMax
	// Thinning draws actions as the bound on Q has them and accepts one with
	// probability Q / bound: of Guided, the same law as AllChildren.
	Thinning
)

// Twist says what steers the steps of SMC, PIMH and Guided. Let M be the mixture
// of the composition's own universe. The target on unfinished paths is then
//
//	M(tau) Q(y|s)            with a guide,
//	M(tau) Q(y|s,a)          with an action guide, a the last action,
//	gamma(tau) exp r(s,a)    with a residual on the path posterior,
//	gamma(tau)               with the zero Twist: the path posterior,
//
// and that on finished paths is gamma, the composition's own, whatever the
// twist. The weights make up for the rest: the evidence is without bias for any
// guide, a good one only makes it precise.
type Twist struct {
	Guide   Guide       // at most one of Guide and Actions
	Actions ActionGuide // its value for a child is the mean over the cells that lead there

	// Children says which children Guide is asked about, and Candidates how many
	// where it is Candidates; 0 means 8.
	Children   Children
	Candidates int

	// Upper bounds log Q(y|s,a) from above, for GumbelMax and Thinning: nil means
	// the composition's own bound. Where a value is found above it the step asks
	// about all children. A value above it at a child that the step did not get to
	// ask about goes unnoticed, and the law is then not that of AllChildren: a
	// learned guide, which may exceed the bound, needs an Upper that it keeps.
	Upper ActionGuide

	// GuideEnds makes the guide's value of end points the target of finished
	// paths: M(x) Q(y|x). The samples are then those of the guide.
	GuideEnds bool

	// GuideMixture makes Guided mix the models by the guide's posterior, which
	// has to be a Posterior, instead of by the path: the policy of Garipov et al.
	// It needs GuideEnds.
	GuideMixture bool

	// Ladder anneals the path posterior, see [FitLadder]: of SMC, where it is then
	// the method Annealed by another name, and of Annealed and Importance.
	Ladder Ladder
}

func (t *Twist) guided() bool { return t.Guide != nil || t.Actions != nil }

// lazy reports whether the guide is asked about some children only, bit by bit.
func (t *Twist) lazy() bool { return t.Children == GumbelMax || t.Children == Thinning }

// check says what is wrong with the twist for a method.
func (t *Twist) check(m Method, target *compose.Composition) error {
	posterior, _ := t.Guide.(Posterior)
	_, bounded := target.Bound()
	_, mixed := universe(target)
	switch {
	case t.Guide != nil && t.Actions != nil:
		return errors.New("a twist takes a guide or an action guide, not both")
	case m == Guided && !t.guided():
		return errors.New("the method guided needs a guide")
	case t.guided() && m != Guided && (!m.sequential() || m.NeedsLadder()):
		return fmt.Errorf("the method %v takes no guide", m)
	case len(t.Ladder) > 0 && !m.sequential():
		return fmt.Errorf("the method %v takes no ladder", m)
	case len(t.Ladder) > 0 && t.guided():
		return errors.New("a ladder anneals the path posterior, not a guide")
	case t.guided() && !mixed:
		return fmt.Errorf("%s is no list of observations, which a guide is about", target.Expression())
	case t.Children < AllChildren || t.Children > Thinning || t.Candidates < 0:
		return errors.New("a twist asks about all children, candidates, by gumbel-max or by thinning")
	case t.Children != AllChildren && t.Guide == nil:
		return errors.New("only a guide of states chooses among children")
	case t.Children == Candidates && !m.sequential():
		return errors.New("candidates need the weights of smc")
	case t.lazy() && m != Guided:
		return errors.New("gumbel-max and thinning give no weights; smc asks about all children, or candidates")
	case t.lazy() && t.Upper == nil && !bounded:
		return fmt.Errorf("no bound is known for %s, which gumbel-max and thinning need", target.Expression())
	case t.Upper != nil && !t.lazy():
		return errors.New("an upper bound serves gumbel-max and thinning only")
	case t.GuideEnds && !t.guided():
		return errors.New("no guide is there to give the value of end points")
	case t.GuideMixture && (m != Guided || posterior == nil || !t.GuideEnds):
		return errors.New("the guide's mixture needs the method guided, a guide that knows the posterior, and its value of end points")
	}
	return t.Ladder.check()
}

// universe is the weights of a composition's own mixture P_M of its models.
func universe(c *compose.Composition) ([]float64, bool) {
	if b, ok := c.Bound(); ok {
		return b.Weights, true
	}
	if o, ok := c.Observations(); ok {
		return o.Weights, true
	}
	return nil, false
}

// mixtureOf is P_M; of a composition without a universe, that of all its models
// alike.
func mixtureOf(c *compose.Composition) *compose.Composition {
	weights, ok := universe(c)
	if !ok {
		weights = make([]float64, len(c.Models()))
		for i := range weights {
			weights[i] = 1
		}
	}
	return compose.Mixture(c.Models(), weights)
}
