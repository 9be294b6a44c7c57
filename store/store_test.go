package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/molsculpt/molsculpt/store"
)

// quick makes batches small and short, so that tests do not wait.
var quick = store.Options{BatchSize: 4, BatchDelay: time.Millisecond, LockTimeout: 100 * time.Millisecond}

func open(t *testing.T, path string) *store.Store {
	t.Helper()
	s, err := store.Open(path, quick)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func plan(name string) store.Plan {
	return store.Plan{
		Name: name, Digest: "d-" + name, Resolved: "seed: 7\ncompose: qed & sa\n", File: "seed: 7\n", Seed: 7,
		Numeric: "amd64/1", Canonicalizer: "1", Expression: "qed & sa",
		Models: []store.Model{{Name: "qed", Plugin: "core/gflownet", Conditions: []store.Setting{{Name: "beta", Value: "32"}}}},
		Objectives: []store.Objective{
			{Name: "qed", Reward: "qed", Goal: "maximize", Weight: 1},
			{Name: "sa", Reward: "sa", Goal: "minimize", Weight: 2},
		},
	}
}

func start(t *testing.T, s *store.Store, p store.Plan) *store.Campaign {
	t.Helper()
	c, err := s.Start(context.Background(), p, store.StartOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func dump(t *testing.T, s *store.Store) string {
	t.Helper()
	var b bytes.Buffer
	if err := s.Dump(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// population makes a population that depends on the seed and its index alone,
// with duplicates inside it and between populations, failed scores and
// trajectories without a molecule. Where seen is given, candidates found in it
// come without scores, as from an evaluator that remembers.
func population(seed uint64, index uint32, seen map[string]bool) store.Population {
	rng := rand.New(rand.NewPCG(seed, uint64(index)))
	p := store.Population{Index: index, Diagnostics: store.Diagnostics{
		LogEvidence: store.Number(rng.NormFloat64()), ESS: store.Number(math.NaN()), MinESS: 3, Resamplings: rng.IntN(3),
		Acceptance: store.Number(math.Inf(-1)), Extra: []store.NamedNumber{{Name: "x", Value: store.Number(rng.Float64())}},
		Clock: store.PopulationTime{Seconds: float64(time.Now().Nanosecond())},
	}}
	for i := range 5 + rng.IntN(20) {
		q := store.Particle{Index: uint32(i * (1 + rng.IntN(2)))}
		if i > 0 {
			q.Index = p.Particles[i-1].Index + 1 + uint32(rng.IntN(3))
		}
		q.LogWeight = rng.NormFloat64() * 10
		if rng.IntN(10) == 0 {
			q.LogWeight = math.Inf(-1)
		}
		state := []byte{}
		for range 1 + rng.IntN(4) {
			state = append(bytes.Clone(state), byte(rng.IntN(4)), byte(rng.IntN(256)))
			q.Trajectory.States = append(q.Trajectory.States, state)
		}
		q.Trajectory.LogP = []float64{-rng.ExpFloat64(), -rng.ExpFloat64()}
		q.Trajectory.LogPB = -rng.ExpFloat64()
		if rng.IntN(12) == 0 {
			q.Invalid = "no molecule"
		} else {
			// Some names are prefixes of others.
			q.SMILES = strings.Repeat("C", 1+rng.IntN(12)) + strings.Repeat("O", rng.IntN(4))
			if !seen[q.SMILES] {
				q.Scores = scores(q.SMILES)
			}
			if seen != nil {
				seen[q.SMILES] = true
			}
		}
		p.Particles = append(p.Particles, q)
	}
	return p
}

func scores(smiles string) []store.Score {
	n := float64(len(smiles))
	s := []store.Score{{Value: n / 17, Desirability: n / 17}, {Value: 1 / n, Desirability: 1 / n}}
	if len(smiles)%5 == 0 {
		s[1] = store.Score{Status: store.Failed, Reason: "it broke"}
	}
	return s
}

func TestContentDoesNotDependOnOrderOrBatching(t *testing.T) {
	t.Parallel()
	const n = 30
	ctx := context.Background()
	build := func(o store.Options, order []int, remember bool) string {
		s, err := store.Open(filepath.Join(t.TempDir(), "a.db"), o)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		c := start(t, s, plan("a"))
		seen := map[string]bool{}
		if !remember {
			seen = nil
		}
		var waiting []store.Pending
		for _, i := range order {
			p, err := c.Submit(ctx, population(1, uint32(i), seen))
			if err != nil {
				t.Fatal(err)
			}
			waiting = append(waiting, p)
		}
		for _, p := range waiting {
			if err := p.Wait(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.SetStatus(ctx, store.Done, ""); err != nil {
			t.Fatal(err)
		}
		return dump(t, s)
	}
	inOrder := make([]int, n)
	for i := range inOrder {
		inOrder[i] = i
	}
	want := build(store.Options{BatchSize: 1}, inOrder, true)
	if !strings.Contains(want, `"populations":30`) || !strings.Contains(want, "it broke") || !strings.Contains(want, "no molecule") {
		t.Fatalf("the dump lacks what was written:\n%.2000s", want)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for k, o := range []store.Options{{BatchSize: 3}, {BatchSize: 100, BatchDelay: time.Second / 20}, {BatchSize: 7, BatchDelay: time.Microsecond}} {
		order := rng.Perm(n)
		order = append(order, order[:5]...) // committing again changes nothing
		if diff := cmp.Diff(want, build(o, order, k == 1)); diff != "" {
			t.Errorf("options %+v: %s", o, diff)
		}
	}
}

func TestCandidatesSumTheirOccurrences(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := open(t, filepath.Join(t.TempDir(), "a.db"))
	c := start(t, s, plan("a"))
	particle := func(i uint32, smiles string, w float64) store.Particle {
		return store.Particle{
			Index: i, SMILES: smiles, LogWeight: w, Scores: scores(smiles),
			Trajectory: store.Trajectory{States: [][]byte{{}, {1, 2}, {1, 2, 3, byte(i)}}, LogP: []float64{-1}, LogPB: -2},
		}
	}
	for _, p := range []store.Population{
		{Index: 300, Particles: []store.Particle{particle(1, "CC", math.Log(0.25)), particle(9, "C", 0)}},
		{Index: 2, Particles: []store.Particle{particle(3, "CC", math.Log(0.25)), particle(4, "CC", math.Log(0.5)), particle(5, "CCC", math.Inf(-1))}},
	} {
		if err := c.Commit(ctx, p); err != nil {
			t.Fatal(err)
		}
	}
	got, err := c.Candidate("CC")
	if err != nil {
		t.Fatal(err)
	}
	want := store.Candidate{SMILES: "CC", Scores: scores("CC"), Occurrences: []store.Occurrence{
		{Population: 2, Particle: 3, LogWeight: math.Log(0.25)}, {Population: 2, Particle: 4, LogWeight: math.Log(0.5)}, {Population: 300, Particle: 1, LogWeight: math.Log(0.25)},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if w := got.LogWeight(); math.Abs(w) > 1e-12 {
		t.Errorf("the weights sum to exp(%v), want 1", w)
	}
	first := got.First()
	tr, err := c.Trajectory(first.Population, first.Particle)
	if err != nil || !bytes.Equal(tr.Final(), []byte{1, 2, 3, 3}) {
		t.Errorf("final state %v, %v", tr.Final(), err)
	}
	none, err := c.Candidate("CCC")
	if err != nil || !math.IsInf(none.LogWeight(), -1) {
		t.Errorf("a candidate of weight zero reads back as %v, %v", none, err)
	}
	if _, err := c.Candidate("N"); !errors.Is(err, store.ErrNoCandidate) {
		t.Errorf("an unknown candidate: %v", err)
	}
	state, err := c.State()
	if err != nil || state.Populations != 2 || state.Candidates != 3 || state.Trajectories != 5 {
		t.Errorf("state %+v, %v", state, err)
	}
}

func TestCommitRefusesWhatIsNotTrue(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := open(t, filepath.Join(t.TempDir(), "a.db"))
	c := start(t, s, plan("a"))
	ok := scores("C")
	for name, p := range map[string]store.Particle{
		"NaN weight":          {SMILES: "C", Scores: ok, LogWeight: math.NaN()},
		"infinite weight":     {SMILES: "C", Scores: ok, LogWeight: math.Inf(1)},
		"no molecule":         {},
		"two ends":            {SMILES: "C", Scores: ok, Invalid: "x"},
		"zero byte":           {SMILES: "C\x00", Scores: ok},
		"too long":            {SMILES: strings.Repeat("C", 40000), Scores: ok},
		"too few scores":      {SMILES: "C", Scores: ok[:1]},
		"never scored":        {SMILES: "C"},
		"NaN value":           {SMILES: "C", Scores: []store.Score{{Value: math.NaN()}, {}}},
		"desirability 2":      {SMILES: "C", Scores: []store.Score{{Desirability: 2}, {}}},
		"desirability NaN":    {SMILES: "C", Scores: []store.Score{{Desirability: math.NaN()}, {}}},
		"unknown status":      {SMILES: "C", Scores: []store.Score{{Status: 9}, {}}},
		"scores but no SMILE": {Invalid: "x", Scores: ok},
	} {
		var invalid *store.InvalidError
		if err := c.Commit(ctx, store.Population{Particles: []store.Particle{p}}); !errors.As(err, &invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := c.Commit(ctx, store.Population{Particles: []store.Particle{{Index: 1, Invalid: "x"}, {Index: 1, Invalid: "x"}}}); err == nil {
		t.Error("the same particle twice was accepted")
	}
	if state, _ := c.State(); state.Populations != 0 || state.Candidates != 0 {
		t.Errorf("something of it was written: %+v", state)
	}
}

func TestARefusedPopulationDoesNotTakeItsBatchWithIt(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, err := store.Open(filepath.Join(t.TempDir(), "a.db"), store.Options{BatchSize: 3, BatchDelay: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c := start(t, s, plan("a"))
	var waiting []store.Pending
	for i, q := range []store.Particle{{SMILES: "C", Scores: scores("C")}, {SMILES: "N"}, {SMILES: "C"}} {
		p, err := c.Submit(ctx, store.Population{Index: uint32(i), Particles: []store.Particle{q}})
		if err != nil {
			t.Fatal(err)
		}
		waiting = append(waiting, p)
	}
	for i, want := range []bool{true, false, true} {
		if err := waiting[i].Wait(ctx); (err == nil) != want {
			t.Errorf("population %d: %v", i, err)
		}
	}
	if state, _ := c.State(); state.Populations != 2 {
		t.Errorf("%d populations, want 2", state.Populations)
	}
}

func TestStartTellsPlansApart(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := open(t, filepath.Join(t.TempDir(), "a.db"))
	start(t, s, plan("a"))
	before := dump(t, s)

	other := plan("a")
	other.Digest, other.Resolved = "else", strings.Replace(other.Resolved, "seed: 7", "seed: 8", 1)
	_, err := s.Start(ctx, other, store.StartOptions{})
	var changed *store.PlanChangedError
	if !errors.As(err, &changed) {
		t.Fatalf("another plan under the same name: %v", err)
	}
	if diff := cmp.Diff("- seed: 7\n+ seed: 8\n  compose: qed & sa\n", changed.Diff()); diff != "" {
		t.Error(diff)
	}

	moved := plan("a")
	moved.Numeric = "arm64/1"
	var numeric *store.NumericChangedError
	if _, err := s.Start(ctx, moved, store.StartOptions{}); !errors.As(err, &numeric) {
		t.Fatalf("other numerics: %v", err)
	}
	if diff := cmp.Diff(before, dump(t, s)); diff != "" {
		t.Errorf("a refused start wrote: %s", diff)
	}
	if !strings.Contains(numeric.Error(), "--force-numeric") {
		t.Errorf("the message names no way out: %v", numeric)
	}
	renamed := plan("a")
	renamed.Canonicalizer = "2"
	var canonical *store.CanonicalChangedError
	for _, force := range []bool{false, true} {
		if _, err := s.Start(ctx, renamed, store.StartOptions{ForceNumeric: force}); !errors.As(err, &canonical) {
			t.Fatalf("other canonical SMILES: %v", err)
		}
	}
	c, err := s.Start(ctx, moved, store.StartOptions{ForceNumeric: true})
	if err != nil {
		t.Fatal(err)
	}
	if state, _ := c.State(); len(state.Numerics) != 1 || c.Plan().Numeric != "amd64/1" {
		t.Errorf("the forced numerics were not noted: %+v", state)
	}

	var unknown *store.UnknownCampaignError
	if _, err := s.Campaign("b"); !errors.As(err, &unknown) || !cmp.Equal(unknown.Known, []string{"a"}) {
		t.Errorf("an unknown campaign: %v", err)
	}
	for _, name := range []string{"", "a\nb", strings.Repeat("x", 201), "\xff"} {
		if _, err := s.Start(ctx, plan(name), store.StartOptions{}); err == nil {
			t.Errorf("the name %q was accepted", name)
		}
	}
}

func TestADoneCampaignStaysAsItIs(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := open(t, filepath.Join(t.TempDir(), "a.db"))
	c := start(t, s, plan("a"))
	if err := c.SetStatus(ctx, store.Done, ""); err != nil {
		t.Fatal(err)
	}
	before, _ := c.State()
	after, err := start(t, s, plan("a")).State()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Error(diff)
	}
}

func TestReadersMayWriteInTheirLoop(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := open(t, filepath.Join(t.TempDir(), "a.db"))
	c := start(t, s, plan("a"))
	if err := c.Commit(ctx, population(3, 0, nil)); err != nil {
		t.Fatal(err)
	}
	next := uint32(1)
	for _, err := range c.Candidates(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		big := population(3, next, nil)
		big.Particles[0].Trajectory.States = [][]byte{make([]byte, 1<<20)} // makes the file grow
		if err := c.Commit(ctx, big); err != nil {
			t.Fatal(err)
		}
		next++
	}
	if next < 5 {
		t.Errorf("only %d candidates were seen", next-1)
	}
}

func TestReadersSeeWholePopulationsWhileTheWriterWorks(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	s := open(t, filepath.Join(t.TempDir(), "a.db"))
	c := start(t, s, plan("a"))
	failed := make(chan error, 2)
	for range 2 {
		go func() {
			failed <- func() error {
				for ctx.Err() == nil {
					state, err := c.State()
					if err != nil {
						return err
					}
					occurrences, populations := 0, 0
					for p, err := range c.Populations(context.Background()) {
						if err != nil {
							return err
						}
						populations++
						occurrences += p.Particles - p.Invalid
					}
					read := 0
					for k, err := range c.Candidates(context.Background()) {
						if err != nil {
							return err
						}
						read += k.Count()
						if k.Count() == 0 || len(k.Scores) != 2 {
							return fmt.Errorf("half a candidate: %+v", k)
						}
					}
					if populations < state.Populations || read < occurrences {
						return fmt.Errorf("%d of %d populations, %d of %d occurrences", populations, state.Populations, read, occurrences)
					}
				}
				return nil
			}()
		}()
	}
	for i := range 100 {
		if err := c.Commit(ctx, population(5, uint32(i), nil)); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	for range 2 {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
}

func TestAClosedStoreAnswers(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := open(t, filepath.Join(t.TempDir(), "a.db"))
	c := start(t, s, plan("a"))
	pending, err := c.Submit(ctx, population(1, 0, nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	if err := pending.Wait(ctx); err != nil {
		t.Errorf("Close lost a write that was handed in: %v", err)
	}
	if _, err := c.State(); !errors.Is(err, store.ErrClosed) {
		t.Errorf("reading: %v", err)
	}
	if err := c.Commit(ctx, population(1, 1, nil)); !errors.Is(err, store.ErrClosed) {
		t.Errorf("writing: %v", err)
	}
}
