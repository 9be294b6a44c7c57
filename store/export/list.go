package export

import (
	"context"
	"strconv"
	"time"

	"github.com/molsculpt/molsculpt/store"
)

// Summary is a campaign in the list of campaigns.
type Summary struct {
	Name         string       `json:"name"`
	Status       store.Status `json:"status"`
	Message      string       `json:"message,omitempty"`
	Expression   string       `json:"expression"`
	Seed         uint64       `json:"seed"`
	Populations  int          `json:"populations"`
	Trajectories int          `json:"trajectories"`
	Candidates   int          `json:"candidates"`
	Created      time.Time    `json:"created"`
	Updated      time.Time    `json:"updated"`
	Seconds      float64      `json:"seconds"`
}

// Summaries lists the campaigns of the store by name. A campaign that is still
// marked as running counts as interrupted: a store that can be opened has no
// other user, so whoever ran it was killed.
func Summaries(ctx context.Context, s *store.Store) ([]Summary, error) {
	out := []Summary{}
	for c, err := range s.Campaigns(ctx) {
		if err != nil {
			return nil, err
		}
		state, err := c.State()
		if err != nil {
			return nil, err
		}
		if state.Status == store.Running {
			state.Status = store.Interrupted
		}
		plan := c.Plan()
		out = append(out, Summary{
			Name: plan.Name, Status: state.Status, Message: state.Message, Expression: plan.Expression, Seed: plan.Seed,
			Populations: state.Populations, Trajectories: state.Trajectories, Candidates: state.Candidates,
			Created: state.Clock.Created, Updated: state.Clock.Updated, Seconds: state.Clock.Seconds,
		})
	}
	return out, nil
}

// SummaryTable sets summaries as a table, names first.
func SummaryTable(list []Summary) Table {
	t := Table{
		Header: []string{"NAME", "STATUS", "CANDIDATES", "MOLECULES", "SEED", "UPDATED", "EXPRESSION"},
		Right:  []bool{false, false, true, true, true},
	}
	for _, s := range list {
		t.Rows = append(t.Rows, []string{
			s.Name, string(s.Status), strconv.Itoa(s.Candidates), strconv.Itoa(s.Trajectories), strconv.FormatUint(s.Seed, 10),
			s.Updated.Local().Format("2006-01-02 15:04"), s.Expression,
		})
	}
	return t
}

// Table sets the selection as a table of rank, score, each objective's value
// and the SMILES; a missing value shows its status.
func (s *Selection) Table(ctx context.Context) (Table, error) {
	t := Table{Header: []string{"RANK", "SCORE"}, Right: []bool{true, true}}
	for _, o := range s.plan.Objectives {
		t.Header = append(t.Header, o.Name)
		t.Right = append(t.Right, true)
	}
	t.Header = append(t.Header, "COUNT", "SMILES")
	t.Right = append(t.Right, true, false)
	for row, err := range s.Rows(ctx) {
		if err != nil {
			return t, err
		}
		line := []string{strconv.Itoa(row.Rank), scoreText(row)}
		for i := range s.plan.Objectives {
			switch {
			case i >= len(row.Candidate.Scores):
				line = append(line, store.NotApplicable.String())
			case row.Candidate.Scores[i].Status != store.OK:
				line = append(line, row.Candidate.Scores[i].Status.String())
			default:
				line = append(line, strconv.FormatFloat(row.Candidate.Scores[i].Value, 'f', 3, 64))
			}
		}
		t.Rows = append(t.Rows, append(line, strconv.Itoa(row.Candidate.Count()), row.Candidate.SMILES))
	}
	return t, nil
}

// scoreText marks the score of an incomplete candidate with a star.
func scoreText(row Row) string {
	text := "-"
	if row.Score == row.Score {
		text = strconv.FormatFloat(row.Score, 'f', 3, 64)
	}
	if !row.Complete {
		text += "*"
	}
	return text
}
