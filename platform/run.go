package platform

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk/space"
	"github.com/molsculpt/molsculpt/store"
)

// RunOptions are the choices of [Session.Run] that do not change its result.
type RunOptions struct {
	// ForceNumeric goes on with a campaign that was begun under another numeric
	// id; the result then is no longer that of an uninterrupted run.
	ForceNumeric bool
	// Progress is told after each population; may be nil.
	Progress func(Progress)
}

// Progress is how far a run is.
type Progress struct {
	Molecules   int     // finished trajectories
	Distinct    int     // distinct molecules
	Populations int     // committed
	Planned     int     // populations in all, 0 where not known
	MinESS      float64 // of the last population, share of its particles, 0 to 1
	Restarts    int     // of plugin processes, in this session
}

// maxPerDistinct is how many trajectories a budget of distinct molecules may
// cost, per molecule, before the run gives up.
const maxPerDistinct = 1000

// maxPerMolecule is how many draws a budget of molecules may cost, per molecule,
// before the run gives up, and minDraws how many it makes in any case.
const (
	maxPerMolecule = 10_000
	minDraws       = 100_000
)

// Lookup finds a plan's campaign in a store; done says that nothing is left to
// do. It is nil where the store does not hold it. A *store.PlanChangedError says
// that another plan has the name.
func Lookup(p *Plan, st *store.Store) (c *store.Campaign, done bool, err error) {
	c, err = st.Campaign(p.Campaign.Name)
	var unknown *store.UnknownCampaignError
	if errors.As(err, &unknown) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	if stored := c.Plan(); stored.Digest != p.Digest {
		given := store.Plan{Name: p.Campaign.Name, Digest: p.Digest, Resolved: p.Text}
		return nil, false, &store.PlanChangedError{Name: p.Campaign.Name, Stored: stored, Given: given}
	}
	state, err := c.State()
	return c, state.Status == store.Done, err
}

// Session is a plan whose models are loaded.
type Session struct {
	plan   *Plan
	models *models
	known  compose.Normalisers
	target *compose.Composition
	how    sample.Choice
	visits []store.Setting // of the scaffold, where there is one
}

// Start starts the processes of a plan's models and loads them. It writes
// nothing. Close the session when it is no longer needed.
func Start(ctx context.Context, p *Plan, log hclog.Logger) (*Session, error) {
	m, err := startModels(ctx, p, log)
	if err != nil {
		return nil, err
	}
	if err := startScorers(ctx, p.Objectives, log); err != nil {
		m.close()
		return nil, err
	}
	s := &Session{plan: p, models: m}
	if s.known, err = findNormalisers(ctx, p, m); err == nil {
		s.target, err = compose.Compile(p.Expression, nil, s.known)
	}
	if err == nil {
		err = m.steer(p, s.target)
	}
	if err == nil {
		s.how, err = decide(ctx, p, m, s.target)
	}
	if err == nil {
		s.visits, err = visits(ctx, p, m)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Close ends the processes.
func (s *Session) Close() {
	s.models.close()
	closeScorers(s.plan.Objectives)
}

// Run runs the campaign, or goes on with it, until its budget is spent. What was
// committed when ctx ends, or when anything kills the process, stays, and
// running the same plan again leads to the same content as one run without
// interruption.
func (s *Session) Run(ctx context.Context, st *store.Store, o RunOptions) (*store.Campaign, error) {
	r := &run{plan: s.plan, models: s.models, how: s.how, visits: s.visits, options: o}
	var err error
	r.campaign, err = st.Start(ctx, r.record(s.known), store.StartOptions{ForceNumeric: o.ForceNumeric})
	if err != nil {
		return nil, err
	}
	err = r.populations(ctx, s.target)
	return r.campaign, r.end(ctx, err)
}

// run is a run under way.
type run struct {
	plan     *Plan
	models   *models
	how      sample.Choice
	visits   []store.Setting
	options  RunOptions
	campaign *store.Campaign
}

// planned is the number of populations that the budget makes where every draw
// is a molecule, 0 where it depends on what is found.
func (r *run) planned() int {
	b, each := r.plan.Campaign.Budget, r.draws()
	if b.Molecules == 0 || r.how.Method == sample.Rejection {
		return 0
	}
	return (b.Molecules + each - 1) / each
}

// draws is the number of molecules that a population makes at most.
func (r *run) draws() int {
	if r.how.Method == sample.PIMH {
		return 1
	}
	return r.plan.Campaign.Sample.Particles
}

// ahead is how many further populations the budget most likely takes, 0 where
// nothing is known of that. What comes of a population does not depend on it:
// it only keeps the sampler from walking populations that nobody will ask for.
func (r *run) ahead(s store.State) int {
	missing := r.plan.Campaign.Budget.Molecules - s.Trajectories
	if missing <= 0 {
		return 0
	}
	each := float64(r.draws())
	if s.Populations > 0 {
		each = max(1, float64(s.Trajectories)) / float64(s.Populations)
	}
	return int(min(math.Ceil(float64(missing)/each), minDraws))
}

// populations samples, evaluates and commits until the budget is spent. It asks
// after each population, in the order of their indices, so that the number of
// populations does not depend on where the run was interrupted.
func (r *run) populations(ctx context.Context, comp *compose.Composition) error {
	state, err := r.campaign.State()
	if err != nil || state.Status == store.Done {
		return err
	}
	next := 0
	for has := true; has; { // populations are committed in order
		if has, err = r.campaign.Has(uint32(next)); err != nil {
			return err
		}
		if has {
			next++
		}
	}
	r.report(state, 1)
	eval, err := newEvaluator(r.plan, r.campaign)
	if err != nil {
		return err
	}
	if eval.chain, err = openChain(ctx, r.how.Method, r.campaign); err != nil {
		return err
	}
	begun, restarts := time.Now(), r.models.restarts()
	for !r.enough(state) {
		if err := r.hopeless(state); err != nil {
			return err
		}
		s, err := newSampler(r.plan, r.models, comp, r.how, next, r.ahead(state))
		if err != nil {
			return err
		}
		eval.acceptance = s.Acceptance
		for pop, err := range s.Populations(ctx) {
			if err != nil {
				return err
			}
			record, err := eval.population(ctx, pop)
			if err != nil {
				return err
			}
			now := r.models.restarts()
			record.Diagnostics.Clock = store.PopulationTime{Seconds: time.Since(begun).Seconds(), Restarts: now - restarts}
			begun, restarts = time.Now(), now
			if err := r.campaign.Commit(ctx, record); err != nil {
				return err
			}
			next = pop.Index + 1
			if state, err = r.campaign.State(); err != nil {
				return err
			}
			r.report(state, pop.MinESS/float64(max(1, pop.Drawn)))
			if r.enough(state) {
				return nil
			}
			if err := r.hopeless(state); err != nil {
				return err
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// enough tells whether the budget is spent.
func (r *run) enough(s store.State) bool {
	b := r.plan.Campaign.Budget
	return b.Distinct > 0 && s.Candidates >= b.Distinct || b.Molecules > 0 && s.Trajectories >= b.Molecules
}

// hopeless is an error where going on will not reach the budget.
func (r *run) hopeless(s store.State) error {
	b := r.plan.Campaign.Budget
	draws := s.Populations * r.draws()
	rejection := r.how.Method == sample.Rejection
	if s.Populations >= 16 && s.Trajectories == 0 && (!rejection || draws >= minDraws) {
		if rejection {
			return fmt.Errorf("platform: run %s: rejection kept none of %d draws\ntry: method: smc", r.plan.Campaign.Name, draws)
		}
		return sample.ErrNoSupport
	}
	if b.Molecules > 0 && draws >= minDraws && float64(draws) > maxPerMolecule*float64(b.Molecules) {
		return fmt.Errorf("platform: run %s: %d draws gave %d finished molecules; %d will not be reached\ntry: method: smc, or a smaller budget",
			r.plan.Campaign.Name, draws, s.Trajectories, b.Molecules)
	}
	if b.Distinct > 0 && b.Molecules == 0 && s.Trajectories > maxPerDistinct*b.Distinct {
		return fmt.Errorf("platform: run %s: %d distinct molecules were found in %d; %d will not be reached",
			r.plan.Campaign.Name, s.Candidates, s.Trajectories, b.Distinct)
	}
	return nil
}

func (r *run) report(s store.State, minESS float64) {
	if r.options.Progress == nil {
		return
	}
	r.options.Progress(Progress{
		Molecules: s.Trajectories, Distinct: s.Candidates, Populations: s.Populations,
		Planned: r.planned(), MinESS: minESS, Restarts: r.models.restarts(),
	})
}

// end writes down how the run ended.
func (r *run) end(ctx context.Context, err error) error {
	status, message := store.Done, ""
	switch {
	case err == nil:
	case ctx.Err() != nil:
		status = store.Interrupted
	default:
		status, message = store.Broken, err.Error()
	}
	state, stateErr := r.campaign.State()
	if stateErr != nil || state.Status == status && state.Message == message {
		return errors.Join(err, stateErr)
	}
	return errors.Join(err, r.campaign.SetStatus(context.WithoutCancel(ctx), status, message))
}

// numeric is that of the models, with what the scores of plugins depend on.
func (r *run) numeric() string {
	parts := []string{r.models.numeric()}
	for _, o := range r.plan.Objectives {
		if s, ok := o.Function.Scorer.(*scorer); ok {
			parts = append(parts, numericOf(s.process.Describe(), s.device))
		}
	}
	return strings.Join(slices.Compact(parts), " ")
}

// record is the plan as the store keeps it.
func (r *run) record(known compose.Normalisers) store.Plan {
	c := r.plan.Campaign
	p := store.Plan{
		Name: c.Name, Digest: r.plan.Digest, Resolved: r.plan.Text, File: c.Text,
		Seed: c.Seed, Numeric: r.numeric(), Canonicalizer: Canonicalizer,
		Space:      spaceRecord(r.plan.Space),
		Models:     r.models.records(r.plan),
		Expression: r.plan.Expression.String(),
		Sampler: []store.Setting{
			{Name: "method", Value: r.how.Method.String()},
			{Name: "particles", Value: fmt.Sprint(c.Sample.Particles)},
		},
		Budget: store.Budget{Molecules: c.Budget.Molecules, Distinct: c.Budget.Distinct, Populations: r.planned()},
	}
	if r.plan.method == sample.Auto {
		p.Sampler = append(p.Sampler, store.Setting{Name: "chosen", Value: r.how.Reason})
	}
	p.Sampler = append(p.Sampler, r.models.guideRecord()...)
	p.Sampler = append(p.Sampler, r.visits...)
	for _, n := range compose.Nested(r.plan.Expression) {
		p.Sampler = append(p.Sampler, store.Setting{Name: "log evidence of " + n.String(), Value: formatNumber(known[n.String()])})
	}
	for _, o := range r.plan.Objectives {
		p.Objectives = append(p.Objectives, store.Objective{
			Name: o.Name, Reward: o.Function.Name, Unit: o.Function.Unit, Goal: o.Goal.String(),
			Curve: o.Curve.String(), Weight: store.Number(o.Weight),
		})
	}
	return p
}

func spaceRecord(sp *space.Fragments) store.Space {
	d := sp.Descriptor()
	return store.Space{Kind: d.Kind, Digest: d.Digest, Kernel: d.Kernel, MaxSize: d.MaxSize}
}
