package platform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/fingerprint"
	"github.com/molsculpt/molsculpt/chem/fragment"
	"github.com/molsculpt/molsculpt/chem/smiles"
	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/platform/diagnose"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/rewards"
	"github.com/molsculpt/molsculpt/sdk/space"
	"github.com/molsculpt/molsculpt/store"
)

// Sizes of a check.
const (
	checkPopulations = 16  // of a reference
	checkParticles   = 512 // independent draws in one of them; of the models there are 64 of each
	checkMolecules   = 250 // on each side of a distance, at most
	checkFewest      = 10  // below which no distance is measured
	checkPoints      = 64  // molecules at which densities are compared
	checkPaths       = 16  // backward paths to each
)

// CheckOptions are what a check may use.
type CheckOptions struct {
	// Catalog has the model cards of bundled weights, which say what a model was
	// trained for; nil knows none.
	Catalog *catalog.Catalog
	// Progress is told what is being done; may be nil.
	Progress func(stage string)
}

// Check compares the samples of a finished or interrupted campaign with draws of
// their own, and keeps in the store what it finds: agreement with an independent
// reference, distances of molecules, agreement of the models' density estimates,
// the calibration of the posterior of which model made a path, and what the guide
// foretells, where there is one. It depends on the campaign's seed and content
// only, and changes no sample.
func (s *Session) Check(ctx context.Context, c *store.Campaign, o CheckOptions) (*diagnose.Checks, error) {
	k := &checking{session: s, options: o, seed: s.plan.Campaign.Seed}
	if err := k.read(ctx, c); err != nil {
		return nil, err
	}
	if len(k.smiles) == 0 {
		return nil, fmt.Errorf("platform: check %s: it has no molecule yet", c.Name())
	}
	if err := k.check(ctx); err != nil {
		return nil, fmt.Errorf("platform: check %s: %w", c.Name(), err)
	}
	return &k.found, c.SetCheck(ctx, &k.found)
}

// checking is a check under way.
type checking struct {
	session *Session
	options CheckOptions
	seed    uint64
	found   diagnose.Checks

	// The campaign's samples, one for each occurrence.
	run      diagnose.Weighted
	evidence sample.Estimate
	smiles   []string
	scores   [][]float64 // by objective; NaN where there is none

	rollouts  *diagnose.Rollouts
	rolled    []*chem.Mol // of the rollouts, nil where there is none
	reference *diagnose.Reference
	mols      []*chem.Mol // of the reference's paths, nil where there is none
}

func (k *checking) note(stage string) {
	if k.options.Progress != nil {
		k.options.Progress(stage)
	}
}

// random is a generator of its own for each purpose.
func (k *checking) random(purpose uint64) *rand.Rand {
	return rand.New(rand.NewPCG(k.seed, math.MaxUint64-purpose))
}

// read reads the campaign's samples.
func (k *checking) read(ctx context.Context, c *store.Campaign) error {
	place, runs := map[int]int{}, chainRuns{}
	var logZ []float64
	for p, err := range c.Populations(ctx) {
		if err != nil {
			return err
		}
		if at, ok := proposedIn(p); ok {
			runs[p.Index] = at
		}
		place[int(p.Index)] = len(logZ)
		logZ = append(logZ, float64(p.Diagnostics.LogEvidence))
	}
	k.run.Populations = len(logZ)
	k.evidence = sample.LogMean(logZ)
	k.scores = make([][]float64, len(k.session.plan.Objectives))
	for candidate, err := range c.Candidates(ctx) {
		if err != nil {
			return err
		}
		for _, o := range candidate.Occurrences {
			k.run.Population = append(k.run.Population, place[runs.of(o)])
			k.run.LogWeight = append(k.run.LogWeight, o.LogWeight)
			k.smiles = append(k.smiles, candidate.SMILES)
			for i := range k.scores {
				v := math.NaN()
				if i < len(candidate.Scores) && candidate.Scores[i].Status == store.OK {
					v = candidate.Scores[i].Value
				}
				k.scores[i] = append(k.scores[i], v)
			}
		}
	}
	return nil
}

func (k *checking) check(ctx context.Context) error {
	k.note("draws of the models")
	p, m := k.session.plan, k.session.models
	k.found.Seed = k.random(0).Uint64() >> 12 // exact as a JSON number
	var err error
	if k.rollouts, err = diagnose.NewRollouts(ctx, p.Space, m.policies, k.session.target, checkPopulations, k.found.Seed); err != nil {
		return err
	}
	restrict(k.rollouts, p.Region)
	k.found.Draws, k.found.DrawsESS = len(k.rollouts.Paths), k.rollouts.ESS()
	k.found.Calibration = k.rollouts.Calibration()
	k.reference, k.rolled = &k.rollouts.Reference, k.assemble(k.rollouts.Paths)
	k.mols = k.rolled
	if k.found.DrawsESS < diagnose.MinReference {
		k.note("draws of the composition, each by itself")
		independent, err := diagnose.NewIndependent(ctx, p.Space, m.policies, k.session.target, sample.Options{
			Seed: k.random(4).Uint64(), Particles: checkParticles, Populations: checkPopulations, Region: p.Region,
		})
		switch {
		case errors.Is(err, sample.ErrNoSupport): // its pilots found nothing: then there is none
		case err != nil:
			return err
		default:
			k.reference, k.mols = independent, k.assemble(independent.Paths)
			k.found.Independent = &diagnose.Independent{Draws: checkParticles * checkPopulations, ESS: independent.ESS()}
		}
	}
	k.note("scores of these draws")
	values, err := k.values(ctx)
	if err != nil {
		return err
	}
	k.found.Agrees = k.reference.Against(&k.run, k.evidence, values)
	if m.guide != nil {
		k.note("what the guide foretells")
		states, err := m.guide.States(k.session.target)
		if err != nil {
			return err
		}
		if k.found.Guide, err = diagnose.CheckGuide(ctx, states, k.session.target, k.rollouts, k.found.Seed); err != nil {
			return err
		}
	}
	k.note("distances of molecules")
	if err := k.distances(); err != nil {
		return err
	}
	k.note("densities by backward paths")
	return k.densities(ctx)
}

// assemble makes the molecules of paths; nil where a path has none.
func (k *checking) assemble(paths []sample.Trajectory) []*chem.Mol {
	out := make([]*chem.Mol, len(paths))
	for i := range paths {
		if mol, err := k.session.plan.Space.Trees().Assemble(fragment.Tree(paths[i].Final())); err == nil {
			out[i] = mol
		}
	}
	return out
}

// values are the objectives' scores of the run and the reference.
func (k *checking) values(ctx context.Context) ([]diagnose.Values, error) {
	p := k.session.plan
	var batch []rewards.Molecule
	var at []int
	for i, mol := range k.mols {
		if mol != nil { // no molecule, no score
			batch, at = append(batch, rewards.Molecule{Mol: mol}), append(at, i)
		}
	}
	out := make([]diagnose.Values, len(p.Objectives))
	for j, o := range p.Objectives {
		out[j] = diagnose.Values{Name: o.Name, A: k.scores[j], B: make([]float64, len(k.mols))}
		for i := range out[j].B {
			out[j].B[i] = math.NaN()
		}
		for i, s := range o.Function.Scorer.Score(ctx, batch) {
			if s.Status == rewards.OK {
				out[j].B[at[i]] = s.Value
			}
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// distances measures how far the run's molecules are from those of the reference
// and of each model, and from each other.
func (k *checking) distances() error {
	// Populations by turns, so that the halves are independent.
	var halves [2][]int
	for i, p := range k.run.Population {
		halves[p%2] = append(halves[p%2], i)
	}
	models := make([][]int, len(k.session.models.policies))
	var weighted []int
	for i, mol := range k.rolled {
		if mol != nil {
			models[k.rollouts.Model[i]] = append(models[k.rollouts.Model[i]], i)
		}
	}
	for i, mol := range k.mols {
		if mol != nil {
			weighted = append(weighted, i)
		}
	}
	size := min(checkMolecules, len(halves[0]), len(halves[1]))
	for _, own := range models {
		size = min(size, len(own))
	}
	if size < checkFewest {
		return nil
	}
	run := func(i int) (*chem.Mol, error) { return smiles.Parse(k.smiles[i]) }
	one, err := table(k.pick(halves[0], k.run.LogWeight, size, 1), run)
	if err != nil {
		return err
	}
	other, err := table(k.pick(halves[1], k.run.LogWeight, size, 2), run)
	if err != nil {
		return err
	}
	d := &diagnose.Distance{Size: size}
	if d.Floor, err = distance(one, other); err != nil {
		return err
	}
	if k.tells() {
		ref, err := table(k.pick(weighted, k.reference.LogWeight, size, 3), func(i int) (*chem.Mol, error) { return k.mols[i], nil })
		if err != nil {
			return err
		}
		far, err := distance(one, ref)
		if err != nil {
			return err
		}
		d.Reference = &far
	}
	for i, name := range k.session.target.Models() {
		t, err := table(models[i][:size], func(i int) (*chem.Mol, error) { return k.rolled[i], nil })
		if err != nil {
			return err
		}
		far, err := distance(one, t)
		if err != nil {
			return err
		}
		d.Models = append(d.Models, diagnose.ModelDistance{Name: name, EMD: far})
	}
	k.found.Distance = d
	return nil
}

// pick draws a number of the elements by weight.
func (k *checking) pick(of []int, logWeight []float64, n int, purpose uint64) []int {
	logs := make([]float64, len(of))
	for i, e := range of {
		logs[i] = logWeight[e]
	}
	out := sample.Unweighted(logs, n, k.random(purpose))
	for i, e := range out {
		out[i] = of[e]
	}
	return out
}

// table holds the Morgan fingerprints of some elements.
func table(of []int, mol func(i int) (*chem.Mol, error)) ([]fingerprint.Bits, error) {
	known := map[int]fingerprint.Bits{}
	out := make([]fingerprint.Bits, len(of))
	for i, e := range of {
		if _, ok := known[e]; !ok {
			m, err := mol(e)
			if err != nil {
				return nil, err
			}
			known[e] = fingerprint.MorganBits(m, 3, 2048)
		}
		out[i] = known[e]
	}
	return out, nil
}

func distance(a, b []fingerprint.Bits) (float64, error) {
	cost := make([]float64, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			cost = append(cost, diagnose.TanimotoCost(fingerprint.Tanimoto(x, y)))
		}
	}
	return diagnose.EarthMover(cost, len(a), len(b))
}

// tells says that the reference counts for enough.
func (k *checking) tells() bool { return k.reference.ESS() >= diagnose.MinReference }

// densities compares estimates of every model's log-density at molecules of the
// reference, drawn by weight; of the models where it is too thin, or where paths
// begin at a scaffold, whose start has a likelihood over all orders of its fragments.
func (k *checking) densities(ctx context.Context) error {
	p, m := k.session.plan, k.session.models
	var chosen []*sample.Trajectory
	if k.tells() && p.Campaign.Allow.Scaffold.Value == "" {
		for _, i := range sample.Unweighted(k.reference.LogWeight, checkPoints, k.random(5)) {
			chosen = append(chosen, &k.reference.Paths[i])
		}
	} else { // spread over paths that are in order of the models
		for i := range checkPoints {
			chosen = append(chosen, &k.rollouts.Paths[i*len(k.rollouts.Paths)/checkPoints])
		}
	}
	var points []space.State
	var paths []*sample.Trajectory
	seen := map[space.State]bool{}
	for _, t := range chosen {
		if s := t.Final(); !seen[s] {
			seen[s] = true
			points, paths = append(points, s), append(paths, t)
		}
	}
	back, err := drawBackward(ctx, p.Space, points, checkPaths, k.found.Seed)
	if err != nil {
		return err
	}
	var first, firstBack []float64
	for i, model := range p.Models {
		logP, _, err := back.logP(ctx, m.policies[i], nil)
		if err != nil {
			return fmt.Errorf("ask model %s: %w", model.Name, err)
		}
		path := make([]float64, len(paths))
		for j, t := range paths {
			path[j] = t.LogBase[i] - t.LogBackward
		}
		if i == 0 {
			first, firstBack = path, logP
		}
		check := diagnose.ModelCheck{
			Name: model.Name, Paths: checkPaths,
			Path: diagnose.Agree(logP, path), Ratio: diagnose.Agree(minus(logP, firstBack), minus(path, first)),
		}
		if logR, ok := k.rewards(ctx, model, points); ok {
			a := diagnose.Agree(logR, logP)
			check.Reward = &a
		}
		k.found.Models = append(k.found.Models, check)
	}
	return ctx.Err()
}

func minus(a, b []float64) []float64 {
	out := make([]float64, len(a))
	for i := range a {
		out[i] = a[i] - b[i]
	}
	return out
}

// rewards are beta log R of finished states, which the model was trained to
// follow; false where no card says what that is.
func (k *checking) rewards(ctx context.Context, m PlannedModel, states []space.State) ([]float64, bool) {
	beta, ok := m.Conditions["beta"]
	text := k.card(m.Weights.Ref)
	if !ok || text == nil {
		return nil, false
	}
	var f fitModel
	if json.Unmarshal(text, &f.card) != nil || f.card.WeightsSHA256 != m.Weights.SHA256 {
		return nil, false
	}
	objective, err := f.card.Reward.objective()
	if err != nil {
		return nil, false
	}
	f.clip = f.card.clip()
	f.source = newRewardSource(k.session.plan.Space, objective, f.card.Reward.Floor)
	logR, err := f.targets(ctx, states, beta)
	return logR, err == nil
}

// card is the text of a model's card, nil where there is none.
func (k *checking) card(ref string) []byte {
	if name, ok := strings.CutPrefix(ref, "builtin:"); ok {
		if k.options.Catalog == nil {
			return nil
		}
		for _, w := range k.options.Catalog.Weights {
			if w.Name == name && w.Card != nil {
				if text, err := w.Card(); err == nil {
					return text
				}
			}
		}
		return nil
	}
	if ref == "" {
		return nil
	}
	if !filepath.IsAbs(ref) {
		ref = k.session.plan.Campaign.Path(ref)
	}
	text, err := os.ReadFile(cardFile(ref))
	if err != nil {
		return nil
	}
	return text
}
