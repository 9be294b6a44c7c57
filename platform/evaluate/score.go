package evaluate

import (
	"context"
	"fmt"
	"time"

	"github.com/molsculpt/molsculpt/chem/smiles"
	"github.com/molsculpt/molsculpt/rewards"
	"github.com/molsculpt/molsculpt/store"
)

// Scores scores canonical SMILES: row i holds one score per objective for
// candidate i. Its only error is that of ctx; scores cut short by it are not
// given out.
func (e *Evaluator) Scores(ctx context.Context, candidates []string) ([][]store.Score, error) {
	out := make([][]store.Score, len(candidates))
	size := e.options.Batch
	err := e.each(ctx, (len(candidates)+size-1)/size, func(b int) {
		lo, hi := b*size, min((b+1)*size, len(candidates))
		e.scoreBatch(ctx, candidates[lo:hi], out[lo:hi])
	})
	return out, err
}

func (e *Evaluator) scoreBatch(ctx context.Context, candidates []string, out [][]store.Score) {
	var batch []rewards.Molecule
	var place []int
	for i, text := range candidates {
		m, err := smiles.Parse(text)
		if err != nil {
			out[i] = e.same(rewards.Score{Status: rewards.Failed, Reason: "the canonical SMILES does not read back: " + err.Error()})
			continue
		}
		batch, place = append(batch, rewards.Molecule{SMILES: text, Mol: m}), append(place, i)
	}
	if len(batch) == 0 {
		return
	}
	rows, fault := e.ask(ctx, e.options.Profile, batch, len(e.objectives))
	if fault != nil {
		rows = e.askApart(ctx, batch)
	}
	for k, i := range place {
		out[i] = make([]store.Score, len(e.objectives))
		for j, objective := range e.objectives {
			out[i][j] = record(objective, rows[k][j])
		}
	}
}

// askApart finds out which objective of which molecule was at fault: it asks
// one objective at a time, and one that panics about one molecule at a time.
func (e *Evaluator) askApart(ctx context.Context, batch []rewards.Molecule) [][]rewards.Score {
	rows := make([][]rewards.Score, len(batch))
	for i := range rows {
		rows[i] = make([]rewards.Score, len(e.objectives))
	}
	for j, profile := range e.single {
		answers, fault := e.ask(ctx, profile, batch, 1)
		for i := range batch {
			switch {
			case fault == nil:
				rows[i][j] = answers[i][0]
			case fault.Status == rewards.TimedOut || len(batch) == 1:
				rows[i][j] = *fault
			default:
				one, fault := e.ask(ctx, profile, batch[i:i+1], 1)
				if fault != nil {
					rows[i][j] = *fault
				} else {
					rows[i][j] = one[0][0]
				}
			}
		}
	}
	return rows
}

// ask asks a profile and does not wait longer than the timeout for it, whether
// or not the scorer heeds its context; one that does not is left behind. fault
// is the score of everything asked for where there is no answer.
func (e *Evaluator) ask(ctx context.Context, p rewards.Profile, batch []rewards.Molecule, objectives int) (rows [][]rewards.Score, fault *rewards.Score) {
	limit := e.options.Timeout * time.Duration(objectives)
	inner, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	type answer struct {
		rows  [][]rewards.Score
		fault *rewards.Score
	}
	done := make(chan answer, 1)
	go func() {
		var a answer
		defer func() {
			if r := recover(); r != nil {
				a = answer{fault: &rewards.Score{Status: rewards.Failed, Reason: fmt.Sprintf("the scoring function panicked: %v", r)}}
			}
			done <- a
		}()
		a.rows = p.Score(inner, batch)
	}()
	late := &rewards.Score{Status: rewards.TimedOut, Reason: fmt.Sprintf("no answer within %v", e.options.Timeout)}
	// A scorer that heeds its context answers when it ends; give it a moment.
	grace := time.NewTimer(limit + limit/10 + 10*time.Millisecond)
	defer grace.Stop()
	select {
	case a := <-done:
		if a.fault == nil && inner.Err() != nil && objectives > 1 {
			return nil, late // who was slow is found by asking one by one
		}
		return a.rows, a.fault
	case <-grace.C:
		return nil, late
	case <-ctx.Done():
		return nil, late
	}
}

// same is the row of a candidate that has the same score everywhere.
func (e *Evaluator) same(s rewards.Score) []store.Score {
	row := make([]store.Score, len(e.objectives))
	for j, o := range e.objectives {
		row[j] = record(o, s)
	}
	return row
}

var statuses = map[rewards.Status]store.ScoreStatus{
	rewards.OK: store.OK, rewards.Failed: store.Failed, rewards.TimedOut: store.TimedOut, rewards.NotApplicable: store.NotApplicable,
}

// record is a score as the store keeps it, with its desirability.
func record(o rewards.Objective, s rewards.Score) store.Score {
	status, known := statuses[s.Status]
	switch {
	case !known:
		return store.Score{Status: store.Failed, Reason: fmt.Sprintf("the scoring function answered with status %d", s.Status)}
	case status != store.OK:
		return store.Score{Status: status, Reason: s.Reason}
	case s.Value-s.Value != 0: // NaN or infinite
		return store.Score{Status: store.Failed, Reason: "the value is not a finite number"}
	}
	d := o.Curve.At(s.Value)
	if !(d >= 0 && d <= 1) {
		return store.Score{Status: store.Failed, Reason: fmt.Sprintf("the desirability of %v is %v, not from 0 to 1", s.Value, d)}
	}
	return store.Score{Value: s.Value, Desirability: d}
}
