package export

import (
	"context"
	"iter"
	"slices"

	"github.com/molsculpt/molsculpt/store"
)

// Options say which candidates are wanted. The zero value wants all.
type Options struct {
	// Where is a condition such as "qed>=0.6 and sa<=3", see [ParseWhere].
	Where string

	// Pareto keeps, of those that fulfil Where, the complete candidates that no
	// other one beats: none is at least as desirable in every objective with a
	// weight and more so in one.
	Pareto bool

	// Top keeps the first so many of those in order of rank; 0 keeps all.
	Top int
}

// Selection is a ranked choice of a campaign's candidates.
type Selection struct {
	campaign *store.Campaign
	plan     store.Plan
	ranked   int
	smiles   []string
	ranks    []int
}

// Row is a candidate in its place.
type Row struct {
	Rank      int // among all candidates of the campaign, from 1
	Candidate store.Candidate
	Score     float64 // see [Score]; NaN where nothing is known
	Known     float64 // share of the objectives' weight that is known, 0 to 1
	Complete  bool
}

// Select ranks the campaign's candidates and chooses among them. It reads the
// campaign once and keeps some hundred bytes per candidate. A bad condition is
// a [*WhereError].
func Select(ctx context.Context, c *store.Campaign, o Options) (*Selection, error) {
	plan := c.Plan()
	where, err := ParseWhere(o.Where, plan.Objectives)
	if err != nil {
		return nil, err
	}
	var entries []entry
	front := newFront(plan.Objectives)
	for candidate, err := range c.Candidates(ctx) {
		if err != nil {
			return nil, err
		}
		e := newEntry(plan.Objectives, candidate)
		e.keep = where.Holds(candidate)
		if o.Pareto && e.keep {
			if e.keep = e.complete; e.keep {
				front.add(len(entries), candidate.Scores)
			}
		}
		entries = append(entries, e)
	}
	if o.Pareto {
		for _, i := range front.dominated() {
			entries[i].keep = false
		}
	}
	slices.SortFunc(entries, compare)
	s := &Selection{campaign: c, plan: plan, ranked: len(entries)}
	for i, e := range entries {
		if !e.keep {
			continue
		}
		if o.Top > 0 && len(s.smiles) == o.Top {
			break
		}
		s.smiles = append(s.smiles, e.smiles)
		s.ranks = append(s.ranks, i+1)
	}
	return s, nil
}

// Len is how many candidates were chosen.
func (s *Selection) Len() int { return len(s.smiles) }

// Ranked is how many candidates they were chosen from.
func (s *Selection) Ranked() int { return s.ranked }

// Plan is the plan of the campaign.
func (s *Selection) Plan() store.Plan { return s.plan }

// Rows streams the chosen candidates in order of rank.
func (s *Selection) Rows(ctx context.Context) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		i := 0
		for candidate, err := range s.campaign.Lookup(ctx, s.smiles) {
			if err != nil {
				yield(Row{}, err)
				return
			}
			row := newRow(s.plan.Objectives, candidate, s.ranks[i])
			i++
			if !yield(row, nil) {
				return
			}
		}
	}
}

func newRow(objectives []store.Objective, c store.Candidate, rank int) Row {
	row := Row{Rank: rank, Candidate: c}
	row.Score, row.Known, row.Complete = Score(objectives, c.Scores)
	return row
}
