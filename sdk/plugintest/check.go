package plugintest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Options say what to test a plugin with.
type Options struct {
	// Model is what policies are loaded from; without a Space they are not
	// tested.
	Model host.Model
	// Guide is what a guide is loaded from: one over states with a Space, one over
	// points with weights alone. With neither, guides are not tested.
	Guide host.Model
	// Diffusion is what a continuous model is loaded from; without weights it is
	// not tested.
	Diffusion host.Model
	// Scorer is what a scorer is loaded from.
	Scorer host.Model
	// Training is a short training run; a trainer is not tested without one. Its
	// Save and Stop are set here.
	Training *host.Training
	// SMILES are what a scorer is asked about; a few common molecules if nil.
	SMILES []string
	// States is how many states a policy or a guide is asked about, and points a
	// continuous model or a guide over points; 0 means 64.
	States int
	// Seed draws them.
	Seed uint64
}

// Result is the outcome of one check.
type Result struct {
	Name string // a sentence that should be true
	Err  error  // why it is not; nil where it is
	Skip string // why it was not looked at
}

// Check runs all checks that suit the plugin's capabilities.
func Check(ctx context.Context, c *host.Client, o Options) []Result {
	if o.States == 0 {
		o.States = 64
	}
	if o.SMILES == nil {
		o.SMILES = []string{"C", "CCO", "c1ccccc1", "CC(=O)Oc1ccccc1C(=O)O", "C[C@H](N)C(=O)[O-]"}
	}
	k := &checker{c: c, o: o}
	k.describe(ctx)
	if k.d.Can(sdk.CanPolicy) {
		k.policy(ctx)
	}
	if k.d.Can(sdk.CanGuide) {
		k.guide(ctx)
	}
	if k.d.Can(sdk.CanDiffusion) {
		k.diffusion(ctx)
	}
	if k.d.Can(sdk.CanScore) {
		k.scorer(ctx)
	}
	if k.d.Can(sdk.CanTrain) {
		k.trainer(ctx)
	}
	k.absent(ctx)
	return k.results
}

// Run tests a plugin in memory, a subtest per check.
func Run(t *testing.T, p sdk.Plugin, o Options) {
	t.Helper()
	c, stop := Serve(p, host.Options{})
	defer stop()
	Report(t, Check(t.Context(), c, o))
}

// Report turns results into subtests.
func Report(t *testing.T, results []Result) {
	t.Helper()
	for _, r := range results {
		t.Run(strings.ReplaceAll(r.Name, " ", "_"), func(t *testing.T) {
			switch {
			case r.Skip != "":
				t.Skip(r.Skip)
			case r.Err != nil:
				t.Error(r.Err)
			}
		})
	}
}

type checker struct {
	c       *host.Client
	o       Options
	d       sdk.Description
	results []Result
}

func (k *checker) add(name string, err error) {
	k.results = append(k.results, Result{Name: name, Err: err})
}

func (k *checker) skip(name, why string) {
	k.results = append(k.results, Result{Name: name, Skip: why})
}

func (k *checker) describe(ctx context.Context) {
	d, err := k.c.Describe(ctx)
	k.d = d
	if err == nil {
		switch {
		case !strings.Contains(d.Name, "/"):
			err = fmt.Errorf("the name %q is not of the form vendor/product", d.Name)
		case d.Version == "" || strings.HasPrefix(d.Version, "v"):
			err = fmt.Errorf("the version is %q; it should be like 1.2.0, without a v", d.Version)
		case len(d.Capabilities) == 0:
			err = errors.New("it has no capability")
		}
	}
	k.add("it says what it is", err)
	h, err := k.c.Health(ctx)
	if err == nil && h.State == sdk.Failed {
		err = fmt.Errorf("it says that it has failed: %s", h.Message)
	}
	k.add("it is healthy", err)
}

// absent checks that what is not announced is not there.
func (k *checker) absent(ctx context.Context) {
	grid, err := space.NewGrid(2, 3)
	if err != nil {
		return
	}
	m := host.Model{Space: grid}
	for _, a := range []struct {
		can sdk.Capability
		try func() error
	}{
		{sdk.CanDiffusion, func() error { _, err := k.c.LoadDiffusion(ctx, host.Model{}); return err }},
		{sdk.CanGuide, func() error { _, err := k.c.LoadGuide(ctx, host.Model{}); return err }},
		{sdk.CanScore, func() error { _, err := k.c.LoadScorer(ctx, host.Model{}); return err }},
		{sdk.CanPolicy, func() error { _, err := k.c.LoadPolicy(ctx, m); return err }},
	} {
		if k.d.Can(a.can) {
			continue
		}
		err := a.try()
		if errors.Is(err, sdk.ErrUnsupported) {
			err = nil
		} else {
			err = fmt.Errorf("the service answers, and not with UNIMPLEMENTED: %s", fmt.Sprint(err))
		}
		k.add("it has no "+string(a.can)+", as it says", err)
	}
}

func (k *checker) policy(ctx context.Context) {
	m := k.o.Model
	if m.Space == nil {
		k.skip("its policy loads", "no space was given")
		return
	}
	p, err := k.c.LoadPolicy(ctx, m)
	k.add("its policy loads", err)
	if err != nil {
		return
	}
	states := k.states(m.Space)
	whole := make([]space.Steps, len(states))
	err = p.Steps(ctx, states, whole)
	k.add("its steps are log-preferences of the right shape", err)
	if err != nil {
		return
	}
	k.add("an answer does not depend on the rest of the batch", k.alone(ctx, p, states, whole))
	k.add("the same question has the same answer", same(ctx, p, states, whole))
	k.add("conditions outside their range are refused", outside(p.Conditions(), func(v map[string]float64) error {
		_, err := p.With(v)
		return err
	}))
	ended, cancel := context.WithCancel(ctx)
	cancel()
	err = p.Steps(ended, states, make([]space.Steps, len(states)))
	if errors.Is(err, context.Canceled) {
		err = nil
	} else {
		err = fmt.Errorf("a call whose context had ended gave %s", fmt.Sprint(err))
	}
	k.add("a cancelled call ends", err)
	other, err := k.c.LoadPolicy(ctx, m)
	if err == nil {
		err = other.Unload(ctx)
	}
	k.add("a second copy of a model can be loaded and unloaded", err)
	k.add("unloading one copy leaves the other", same(ctx, p, states, whole))
	if err := p.Unload(ctx); err != nil {
		k.add("an unloaded model is unknown", err)
		return
	}
	err = p.Steps(ctx, states[:1], make([]space.Steps, 1))
	if errors.Is(err, sdk.ErrUnknownHandle) {
		err = nil
	} else {
		err = fmt.Errorf("a call on an unloaded model gave %s, not NOT_FOUND", fmt.Sprint(err))
	}
	k.add("an unloaded model is unknown", err)
}

// states draws distinct states by random walks, the initial one first.
func (k *checker) states(sp space.Space) []space.State {
	r := rand.New(rand.NewPCG(k.o.Seed, 1))
	seen := map[space.State]bool{"": true}
	states := []space.State{""}
	for range 20 * k.o.States {
		for _, s := range space.Walk(sp, 0.1, r).States {
			if !seen[s] && len(states) < k.o.States {
				seen[s] = true
				states = append(states, s)
			}
		}
	}
	return states
}

// alone asks for some states one by one.
func (k *checker) alone(ctx context.Context, p space.Policy, states []space.State, whole []space.Steps) error {
	for i := 0; i < len(states); i += max(1, len(states)/8) {
		one := make([]space.Steps, 1)
		if err := p.Steps(ctx, states[i:i+1], one); err != nil {
			return err
		}
		if err := equal(whole[i], one[0], 1e-4); err != nil {
			return fmt.Errorf("state %d alone: %w", i, err)
		}
	}
	return nil
}

func same(ctx context.Context, p space.Policy, states []space.State, whole []space.Steps) error {
	again := make([]space.Steps, len(states))
	if err := p.Steps(ctx, states, again); err != nil {
		return err
	}
	for i := range whole {
		if err := equal(whole[i], again[i], 0); err != nil {
			return fmt.Errorf("state %d: %w", i, err)
		}
	}
	return nil
}

func equal(a, b space.Steps, tolerance float64) error {
	far := func(x, y float64) bool { return x != y && !(math.Abs(x-y) <= tolerance) }
	if far(a.Stop, b.Stop) {
		return fmt.Errorf("log-probability of Stop was %g, is %g", a.Stop, b.Stop)
	}
	for c := range a.Cells {
		if far(a.Cells[c], b.Cells[c]) {
			return fmt.Errorf("log-probability of cell %d was %g, is %g", c, a.Cells[c], b.Cells[c])
		}
	}
	return nil
}

// outside tries conditions that a model must not take.
func outside(conditions []sdk.Condition, with func(map[string]float64) error) error {
	for _, c := range conditions {
		if with(map[string]float64{c.Name: math.Nextafter(c.Max, math.Inf(1))}) == nil && !math.IsInf(c.Max, 1) {
			return fmt.Errorf("%s above %g was accepted", c.Name, c.Max)
		}
	}
	if with(map[string]float64{"no such condition": 1}) == nil {
		return errors.New("an unknown condition was accepted")
	}
	return nil
}

func (k *checker) scorer(ctx context.Context) {
	s, err := k.c.LoadScorer(ctx, k.o.Scorer)
	k.add("its scorer loads", err)
	if err != nil {
		return
	}
	whole, err := s.Score(ctx, k.o.SMILES)
	k.add("it answers one score per molecule, with a status", err)
	if err != nil {
		return
	}
	for i, smiles := range k.o.SMILES {
		one, e := s.Score(ctx, []string{smiles})
		if e == nil && fmt.Sprint(one[0]) != fmt.Sprint(whole[i]) {
			e = fmt.Errorf("%s scores %v in company and %v alone", smiles, whole[i], one[0])
		}
		err = errors.Join(err, e)
	}
	k.add("a score does not depend on the rest of the batch", err)
	_, err = s.Score(ctx, []string{"", "not a molecule"})
	k.add("a bad molecule is a status, not an error", err)
	k.add("its scorer unloads", s.Unload(ctx))
}

// trainer trains to the end, and again with a stop at the first checkpoint.
func (k *checker) trainer(ctx context.Context) {
	const ends, stops = "its training ends with weights", "a training that is told to stop can go on"
	if k.o.Training == nil {
		k.skip(ends, "no training was given; plugintest.Run takes one, in a Go test")
		return
	}
	t := *k.o.Training
	saved := 0
	t.Save = func(context.Context, []byte) error {
		saved++
		return nil
	}
	_, err := k.c.Train(ctx, t)
	k.add(ends, err)
	if err != nil {
		return
	}
	if saved == 0 {
		k.skip(stops, "it handed over no checkpoint")
		return
	}
	stop := make(chan struct{})
	var last []byte
	t.Stop = stop
	t.Save = func(_ context.Context, checkpoint []byte) error {
		if last == nil {
			close(stop)
		}
		last = checkpoint
		return nil
	}
	done, err := k.c.Train(ctx, t)
	if err == nil && done.Stopped {
		t.Stop, t.Checkpoint = nil, last
		_, err = k.c.Train(ctx, t)
	}
	k.add(stops, err)
}
