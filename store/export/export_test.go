package export_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/molsculpt/molsculpt/store"
	"github.com/molsculpt/molsculpt/store/export"
)

var objectives = []store.Objective{
	{Name: "qed", Reward: "qed", Goal: "maximize", Weight: 1},
	{Name: "sa", Reward: "sa", Goal: "minimize", Weight: 3},
	{Name: "mw", Reward: "mw", Unit: "g/mol", Goal: "range", Weight: 0},
}

func ok(value, desirability float64) store.Score {
	return store.Score{Value: value, Desirability: desirability}
}

func failed(reason string) store.Score { return store.Score{Status: store.Failed, Reason: reason} }

// campaign makes a store with one candidate per particle, in populations of three.
func campaign(t *testing.T, particles ...store.Particle) *store.Campaign {
	t.Helper()
	ctx := context.Background()
	s, err := store.Open(filepath.Join(t.TempDir(), "x.db"), store.Options{BatchSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	c, err := s.Start(ctx, store.Plan{
		Name: "my run", Digest: "d", Seed: 7, Expression: "qed & sa", Objectives: objectives,
		Models: []store.Model{{Name: "qed", Plugin: "core/gflownet", Weights: "builtin:qed"}},
	}, store.StartOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(particles); i += 3 {
		p := store.Population{Index: uint32(i / 3)}
		for j, q := range particles[i:min(i+3, len(particles))] {
			q.Index = uint32(j)
			q.Trajectory = store.Trajectory{States: [][]byte{{1}, {1, 2}}, LogP: []float64{-1.5}, LogPB: -0.25}
			p.Particles = append(p.Particles, q)
		}
		if err := c.Commit(ctx, p); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func molecule(smiles string, logWeight float64, scores ...store.Score) store.Particle {
	return store.Particle{SMILES: smiles, LogWeight: logWeight, Scores: scores}
}

func five(t *testing.T) *store.Campaign {
	return campaign(t,
		molecule("CC", 0, ok(0.8, 0.8), ok(2, 0.8), ok(30, 1)),
		molecule("CCC", 0, ok(0.5, 0.5), failed("it broke, \"badly\""), ok(44, 1)),
		molecule("CO", -1, ok(0.8, 0.8), ok(2, 0.8), store.Score{Status: store.TimedOut}),
		molecule("N", 1, ok(0.1, 0.1), ok(1, 1), ok(17, 0)),
		molecule("O", 2, failed("x"), failed("y"), ok(18, 0)),
		molecule("CC", -2, ok(0.8, 0.8), ok(2, 0.8), ok(30, 1)),
	)
}

func text(t *testing.T, c *store.Campaign, o export.Options, format string) string {
	t.Helper()
	ctx := context.Background()
	s, err := export.Select(ctx, c, o)
	if err != nil {
		t.Fatal(err)
	}
	f, err := export.FindFormat(format)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := s.Write(ctx, &b, f); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "\n"); n != s.Len()+map[string]int{"csv": 1}[format] {
		t.Errorf("%d lines for %d candidates", n, s.Len())
	}
	return b.String()
}

func TestScoreIsTheWeightedGeometricMean(t *testing.T) {
	t.Parallel()
	score, known, complete := export.Score(objectives, []store.Score{ok(0, 0.1), ok(0, 1), failed("")})
	if math.Abs(score-math.Pow(0.1, 0.25)) > 1e-15 || known != 1 || !complete {
		t.Error(score, known, complete)
	}
	score, known, complete = export.Score(objectives, []store.Score{ok(0, 0.1), failed(""), ok(0, 1)})
	if math.Abs(score-0.1) > 1e-15 || known != 0.25 || complete {
		t.Error(score, known, complete)
	}
	if score, _, _ = export.Score(objectives, []store.Score{ok(0, 0), ok(0, 1), ok(0, 1)}); score != 0 {
		t.Error(score)
	}
}

func TestCSVShowsEveryScoreAndItsStatus(t *testing.T) {
	t.Parallel()
	got := text(t, five(t), export.Options{}, "csv")
	want := `rank,smiles,campaign,score,complete,qed,qed_desirability,qed_status,sa,sa_desirability,sa_status,mw,mw_desirability,mw_status,log_weight,count,population,particle
1,CC,my run,0.8,yes,0.8,0.8,ok,2,0.8,ok,30,1,ok,0.126928011,2,0,0
2,CO,my run,0.8,yes,0.8,0.8,ok,2,0.8,ok,,,timed out,-1,1,0,2
3,N,my run,0.562341,yes,0.1,0.1,ok,1,1,ok,17,0,ok,1,1,1,0
4,CCC,my run,0.5,no,0.5,0.5,ok,,,"failed: it broke, ""badly""",44,1,ok,0,1,0,1
5,O,my run,,no,,,failed: x,,,failed: y,18,0,ok,2,1,1,1
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	rows, err := csv.NewReader(strings.NewReader(got)).ReadAll()
	if err != nil || len(rows) != 6 {
		t.Errorf("it does not read back: %d rows, %v", len(rows), err)
	}
}

func TestTheOtherFormats(t *testing.T) {
	t.Parallel()
	c := five(t)
	if diff := cmp.Diff("CC my_run-1\nCO my_run-2\n", text(t, c, export.Options{Top: 2}, "smi")); diff != "" {
		t.Error(diff)
	}
	want := `{"rank":4,"smiles":"CCC","campaign":"my run","score":0.5,"complete":false,"objectives":[` +
		`{"name":"qed","value":0.5,"desirability":0.5,"status":"ok"},{"name":"sa","value":null,"desirability":null,"status":"failed","reason":"it broke, \"badly\""},` +
		`{"name":"mw","value":44,"desirability":1,"status":"ok"}],"log_weight":0,"count":1,"population":0,"particle":1}` + "\n"
	if diff := cmp.Diff(want, text(t, c, export.Options{Where: "sa_status = failed and mw = 44"}, "jsonl")); diff != "" {
		t.Error(diff)
	}
	if _, err := export.FindFormat("doc"); err == nil || !strings.Contains(err.Error(), "smi, csv, sdf, jsonl") {
		t.Error(err)
	}
}

func TestWhereKeepsWhatIsTrue(t *testing.T) {
	t.Parallel()
	c := five(t)
	for where, want := range map[string]string{
		"":                                    "CC CO N CCC O",
		"qed>=0.6 and sa<=3":                  "CC CO",
		"qed < 0.6":                           "N CCC",
		"not qed < 0.6":                       "CC CO", // the unknown is not the contrary
		"not (sa > 1.5 or qed > 0.7)":         "N",
		"qed >= 0.6 or sa_status = failed":    "CC CO CCC O",
		"QED_status = ok":                     "error",
		"qed_status != ok":                    "O",
		"mw_status = timed out":               "CO",
		"mw_status = Timed  Out and complete": "CO",
		"mw_status != \"timed out\"":          "CC N CCC O",
		"sa_status = not applicable":          "",
		"complete":                            "CC CO N",
		"NOT complete AND mw == 44":           "CCC",
		"count = 2":                           "CC",
		"log_weight > -1.5e0 and score >=0.7": "CC CO",
		"population=1":                        "N O",
		"\"qed\" = 0.5":                       "CCC",
		"sa_desirability >= .9":               "N",
	} {
		s, err := export.Select(context.Background(), c, export.Options{Where: where})
		if want == "error" {
			if err == nil {
				t.Errorf("%s: accepted", where)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", where, err)
			continue
		}
		var got []string
		for row, err := range s.Rows(context.Background()) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, row.Candidate.SMILES)
		}
		if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s: %s", where, diff)
		}
	}
}

func TestWhereErrorsPointAtTheirPlace(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		where, want string
	}{
		{"qd>=0.6 and sa<=3", "export: where: there is no column \"qd\"\n  qd>=0.6 and sa<=3\n  ^\n  try: qed"},
		{"qed>=0.6 and sa", "export: where: an operator should follow \"sa\"\n  qed>=0.6 and sa\n                 ^\n  try: one of >= <= > < = !="},
		{"qed>=0,6", "export: where: a comma was not expected here\n  qed>=0,6\n        ^\n  try: a decimal point, and \"and\" between conditions"},
		{"qed>=", "export: where: a number is missing here\n  qed>=\n       ^"},
		{"qed>=high", "export: where: \"high\" is not a number\n  qed>=high\n       ^"},
		{"qed>=0.6 sa<=3", "export: where: \"sa\" was not expected here\n  qed>=0.6 sa<=3\n           ^\n  try: join conditions with and, or"},
		{"(qed>=0.6", "export: where: this parenthesis is not closed\n  (qed>=0.6\n  ^"},
		{"qed>=0.6 and", "export: where: a condition is missing here\n  qed>=0.6 and\n              ^\n  try: qed >= 0.6"},
		{"β>1", "export: where: there is no column \"β\"\n  β>1\n  ^\n"},
		{"qed => 1", "export: where: an operator should follow \"qed\"\n  qed => 1\n      ^\n"},
		{"sa_status = timed and", "export: where: \"timed and\" is not a status\n  sa_status = timed and\n              ^\n  try: ok, failed, timed out or not applicable"},
		{"sa_status = 3", "export: where: \"3\" is not a status\n  sa_status = 3\n              ^\n"},
		{"sa_status > ok", "export: where: a status is equal or not\n  sa_status > ok\n            ^\n"},
		{"qed & sa", "export: where: an operator should follow \"qed\"\n  qed & sa\n      ^\n"},
		{"\"qed > 1", "export: where: the quote does not end\n  \"qed > 1\n  ^"},
	} {
		_, err := export.ParseWhere(test.where, objectives)
		var where *export.WhereError
		if !errors.As(err, &where) || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%s:\n got %v\nwant %s", test.where, err, test.want)
		}
	}
}

func FuzzWhereNeverPanics(f *testing.F) {
	f.Add("not (qed>=0.6 and sa<=3) or sa_status != ok")
	f.Add("\"β")
	c := store.Candidate{SMILES: "C", Scores: []store.Score{ok(1, 1), failed("")}, Occurrences: []store.Occurrence{{}}}
	f.Fuzz(func(t *testing.T, text string) {
		w, err := export.ParseWhere(text, objectives)
		if err != nil {
			_ = err.Error()
			return
		}
		w.Holds(c)
	})
}

func TestParetoKeepsExactlyWhatNothingDominates(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
		levels := 2 + rng.IntN(8)
		var particles []store.Particle
		for i := range 1 + rng.IntN(40) {
			p := molecule(strings.Repeat("C", i+1), 0, ok(0, float64(rng.IntN(levels))/10), ok(0, float64(rng.IntN(levels))/10), ok(0, rng.Float64()))
			if rng.IntN(8) == 0 {
				p.Scores[rng.IntN(2)] = failed("")
			}
			particles = append(particles, p)
		}
		s, err := export.Select(context.Background(), campaign(t, particles...), export.Options{Pareto: true})
		if err != nil {
			rt.Fatal(err)
		}
		got := []string{}
		for row, err := range s.Rows(context.Background()) {
			if err != nil {
				rt.Fatal(err)
			}
			got = append(got, row.Candidate.SMILES)
		}
		want := []string{}
		full := func(p store.Particle) bool { return p.Scores[0].Status == store.OK && p.Scores[1].Status == store.OK }
		for _, p := range particles {
			beaten := !full(p)
			for _, q := range particles {
				a, b := q.Scores, p.Scores
				beaten = beaten || full(q) && a[0].Desirability >= b[0].Desirability && a[1].Desirability >= b[1].Desirability &&
					a[0].Desirability+a[1].Desirability > b[0].Desirability+b[1].Desirability
			}
			if !beaten {
				want = append(want, p.SMILES)
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatal(diff)
		}
	})
}

func TestShowKnowsEverything(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := five(t)
	d, err := export.Show(ctx, c, "CCC")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := d.Write(&b); err != nil {
		t.Fatal(err)
	}
	d.Population.Diagnostics.MinESS, d.Population.Diagnostics.Acceptance = 3, 0.25
	if err := d.Write(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"smallest on the way 3.0", "acceptance   0.25 of the draws", "rank         4 of 5", "score        0.500* from 25 % of the objectives' weight", "failed: it broke", "44 g/mol", "-1.5000  qed (core/gflownet", "state        0102"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("it lacks %q:\n%s", want, b.String())
		}
	}
	if _, err := export.Show(ctx, c, "F"); !errors.Is(err, store.ErrNoCandidate) {
		t.Error(err)
	}
}

func TestTablesAreAligned(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, err := export.Select(ctx, five(t), export.Options{})
	if err != nil {
		t.Fatal(err)
	}
	table, err := s.Table(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := table.Write(&b); err != nil {
		t.Fatal(err)
	}
	want := `RANK   SCORE     qed      sa         mw  COUNT  SMILES
   1   0.800   0.800   2.000     30.000      2  CC
   2   0.800   0.800   2.000  timed out      1  CO
   3   0.562   0.100   1.000     17.000      1  N
   4  0.500*   0.500  failed     44.000      1  CCC
   5      -*  failed  failed     18.000      1  O
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
	b.Reset()
	list := export.SummaryTable([]export.Summary{{Name: "β", Status: store.Done, Candidates: 12, Updated: time.Date(2026, 1, 2, 3, 4, 0, 0, time.Local), Expression: "a"}})
	if err := list.Write(&b); err != nil {
		t.Fatal(err)
	}
	if want := "NAME  STATUS  CANDIDATES  MOLECULES  SEED  UPDATED           EXPRESSION\nβ     done            12          0     0  2026-01-02 03:04  a\n"; b.String() != want {
		t.Errorf("%s", b.String())
	}
}

func TestACampaignWhoseRunWasKilledIsListedAsInterrupted(t *testing.T) {
	t.Parallel()
	s, err := store.Open(filepath.Join(t.TempDir(), "a.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c, err := s.Start(t.Context(), store.Plan{Name: "a", Digest: "d"}, store.StartOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []store.Status{store.Interrupted, store.Done} {
		list, err := export.Summaries(t.Context(), s)
		if err != nil || len(list) != 1 || list[0].Status != want {
			t.Errorf("%v, %v; want it %s", list, err, want)
		}
		if err := c.SetStatus(t.Context(), store.Done, ""); err != nil {
			t.Fatal(err)
		}
	}
}
