package evaluate_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/smiles"
	"github.com/molsculpt/molsculpt/platform/evaluate"
	"github.com/molsculpt/molsculpt/rewards"
	"github.com/molsculpt/molsculpt/store"
)

// scorer is a scoring function of one molecule, which may panic or hang.
type scorer func(ctx context.Context, smiles string) rewards.Score

func (f scorer) Score(ctx context.Context, batch []rewards.Molecule) []rewards.Score {
	out := make([]rewards.Score, len(batch))
	for i, m := range batch {
		out[i] = f(ctx, m.SMILES)
	}
	return out
}

func objective(name string, s rewards.Scorer) rewards.Objective {
	return rewards.Objective{Function: rewards.Function{Name: name, Low: 0, High: 100, Goal: rewards.Maximize, Curve: rewards.Rising(0, 100), Scorer: s}}
}

func builtin(t *testing.T, name string) rewards.Objective {
	t.Helper()
	f, ok := rewards.Find(name)
	if !ok {
		t.Fatalf("no reward %s", name)
	}
	return rewards.Objective{Function: f}
}

func evaluator(t *testing.T, o evaluate.Options, objectives ...rewards.Objective) *evaluate.Evaluator {
	t.Helper()
	p, err := rewards.NewProfile(objectives...)
	if err != nil {
		t.Fatal(err)
	}
	o.Profile = p
	if o.Assemble == nil {
		o.Assemble = func(state []byte) (*chem.Mol, error) {
			if string(state) == "panic" {
				panic("out of sites")
			}
			return smiles.Parse(string(state))
		}
	}
	e, err := evaluate.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// finished takes SMILES for final states.
func finished(states ...string) []evaluate.Finished {
	var out []evaluate.Finished
	for i, s := range states {
		out = append(out, evaluate.Finished{Particle: uint32(2 * i), LogWeight: -float64(i), Trajectory: store.Trajectory{States: [][]byte{nil, []byte(s)}}})
	}
	return out
}

func TestPopulationsBecomeRecords(t *testing.T) {
	t.Parallel()
	e := evaluator(t, evaluate.Options{}, builtin(t, "mw"), builtin(t, "qed"))
	in := finished("OCC", "not a molecule", "c1ccccc1", "CCO", "panic", "C1=CC=CC=C1")
	in = append(in, evaluate.Finished{Particle: 100, Err: errors.New("no such tree")})
	p, counts, err := e.Population(context.Background(), 4, store.Diagnostics{Resamplings: 3}, in)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(evaluate.Counts{Finished: 7, Invalid: 3, Distinct: 2, New: 2}, counts); diff != "" {
		t.Error(diff)
	}
	if p.Index != 4 || p.Diagnostics.Resamplings != 3 || len(p.Particles) != 7 {
		t.Errorf("%+v", p)
	}
	ethanol, again := p.Particles[0], p.Particles[3]
	if ethanol.SMILES == "" || ethanol.SMILES != again.SMILES || again.Scores != nil {
		t.Errorf("duplicates: %+v, %+v", ethanol, again)
	}
	if s := ethanol.Scores[0]; s.Status != store.OK || math.Abs(s.Value-46.069) > 0.001 || s.Desirability != 1 {
		t.Errorf("weight of ethanol: %+v", s)
	}
	if !strings.Contains(p.Particles[4].Invalid, "out of sites") || p.Particles[6].Invalid != "no such tree" || p.Particles[1].Invalid == "" {
		t.Errorf("reasons: %q, %q, %q", p.Particles[4].Invalid, p.Particles[6].Invalid, p.Particles[1].Invalid)
	}
}

func TestRecordsDoNotDependOnWorkersOrAtomOrder(t *testing.T) {
	t.Parallel()
	all := []rewards.Objective{builtin(t, "qed"), builtin(t, "sa"), builtin(t, "logp"), builtin(t, "tpsa"), builtin(t, "esol")}
	one := []string{"CC(=O)Oc1ccccc1C(=O)O", "CN1C=NC2=C1C(=O)N(C)C(=O)N2C", "C[C@H](N)C(=O)O", "Clc1ccc(cc1)C(c1ccccc1)N1CCN(CC1)CCO"}
	two := []string{"OC(=O)c1ccccc1OC(C)=O", "O=C1N(C)C(=O)N(C)c2c1n(C)cn2", "OC(=O)[C@@H](N)C", "OCCN1CCN(CC1)C(c1ccccc1)c1ccc(Cl)cc1"}
	var want store.Population
	for i, workers := range []int{1, 2, 7} {
		for j, states := range [][]string{one, two} {
			var many []string
			for range 30 {
				many = append(many, states...)
			}
			e := evaluator(t, evaluate.Options{Workers: workers, Batch: 1 + i}, all...)
			p, _, err := e.Population(context.Background(), 0, store.Diagnostics{}, finished(many...))
			if err != nil {
				t.Fatal(err)
			}
			for k := range p.Particles {
				p.Particles[k].Trajectory = store.Trajectory{}
			}
			if i+j == 0 {
				want = p
			} else if diff := cmp.Diff(want, p); diff != "" {
				t.Errorf("%d workers, spelling %d: %s", workers, j, diff)
			}
		}
	}
}

func TestEveryFaultIsTheStatusOfItsScore(t *testing.T) {
	t.Parallel()
	released := make(chan struct{})
	defer close(released)
	faulty := scorer(func(ctx context.Context, s string) rewards.Score {
		switch s {
		case "C":
			panic("methane")
		case "CCCC":
			return rewards.Score{Value: math.NaN()}
		case "CCCCC":
			return rewards.Score{Status: rewards.NotApplicable, Reason: "too long"}
		}
		return rewards.Score{Value: 50}
	})
	hanging := scorer(func(context.Context, string) rewards.Score {
		<-released
		return rewards.Score{}
	})
	heeding := scorer(func(ctx context.Context, s string) rewards.Score {
		<-ctx.Done()
		return rewards.Score{Status: rewards.TimedOut, Reason: "stopped"}
	})
	e := evaluator(t, evaluate.Options{Timeout: 30 * time.Millisecond},
		objective("faulty", faulty), objective("hanging", hanging), objective("heeding", heeding), builtin(t, "mw"))
	p, counts, err := e.Population(context.Background(), 0, store.Diagnostics{}, finished("C", "CC", "CCCC", "CCCCC"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, q := range p.Particles {
		line := q.SMILES
		for _, s := range q.Scores {
			line += " " + s.Status.String()
			if s.Status == store.OK {
				line += fmt.Sprintf(" %.2f", s.Desirability)
			}
		}
		got = append(got, line)
	}
	want := []string{"C failed timed out timed out ok 1.00", "CC ok 0.50 timed out timed out ok 1.00", "CCCC failed timed out timed out ok 1.00", "CCCCC not applicable timed out timed out ok 1.00"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if reason := p.Particles[0].Scores[0].Reason; !strings.Contains(reason, "methane") {
		t.Errorf("reason %q", reason)
	}
	if counts.Missing != 4 {
		t.Errorf("%+v", counts)
	}
}

func TestAScorerThatMiscountsFails(t *testing.T) {
	t.Parallel()
	e := evaluator(t, evaluate.Options{}, objective("short", short{}), builtin(t, "mw"))
	p, _, err := e.Population(context.Background(), 0, store.Diagnostics{}, finished("C", "CC"))
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range p.Particles {
		if q.Scores[0].Status != store.Failed || q.Scores[1].Status != store.OK {
			t.Errorf("%+v", q.Scores)
		}
	}
}

type short struct{}

func (short) Score(context.Context, []rewards.Molecule) []rewards.Score { return nil }

func TestAnInterruptionIsNotAScore(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	e := evaluator(t, evaluate.Options{Timeout: time.Minute}, objective("slow", scorer(func(ctx context.Context, _ string) rewards.Score {
		cancel()
		<-ctx.Done()
		return rewards.Score{Status: rewards.TimedOut}
	})))
	if _, _, err := e.Population(ctx, 0, store.Diagnostics{}, finished("C", "CC")); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestWhatIsStoredIsNotScoredAgain(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, err := store.Open(filepath.Join(t.TempDir(), "x.db"), store.Options{BatchSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c, err := s.Start(ctx, store.Plan{Name: "a", Digest: "d", Objectives: []store.Objective{{Name: "count", Weight: 1}}}, store.StartOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int64
	count := objective("count", scorer(func(_ context.Context, s string) rewards.Score {
		asked.Add(1)
		return rewards.Score{Value: float64(len(s))}
	}))
	e := evaluator(t, evaluate.Options{Known: c.Known}, count)
	for i, test := range []struct {
		states []string
		asked  int64
		counts evaluate.Counts
	}{
		{[]string{"C", "CC", "C"}, 2, evaluate.Counts{Finished: 3, Distinct: 2, New: 2}},
		{[]string{"CC", "CCC", "C"}, 3, evaluate.Counts{Finished: 3, Distinct: 3, New: 1}},
	} {
		p, counts, err := e.Population(ctx, uint32(i), store.Diagnostics{}, finished(test.states...))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.counts, counts); diff != "" || asked.Load() != test.asked {
			t.Errorf("population %d asked %d times: %s", i, asked.Load(), diff)
		}
		if err := c.Commit(ctx, p); err != nil {
			t.Fatal(err)
		}
	}
	// Evaluated, not stored yet: not scored twice either, but the scores go along.
	for i := range uint32(2) {
		p, _, err := e.Population(ctx, 10+i, store.Diagnostics{}, finished("CCCC"))
		if err != nil || p.Particles[0].Scores == nil || asked.Load() != 4 {
			t.Errorf("%+v, asked %d times, %v", p.Particles[0], asked.Load(), err)
		}
	}
	got, err := c.Candidate("CCC")
	if err != nil || got.Scores[0].Value != 3 || got.Scores[0].Desirability != 0.03 {
		t.Errorf("%+v, %v", got, err)
	}
}
