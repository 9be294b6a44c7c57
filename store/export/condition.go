package export

import (
	"slices"
	"strings"

	"github.com/molsculpt/molsculpt/store"
)

// truth is a value of Kleene's three-valued logic.
type truth int

const (
	isFalse truth = iota
	unknown
	isTrue
)

func truthOf(b bool) truth {
	if b {
		return isTrue
	}
	return isFalse
}

type condition func(store.Candidate) truth

func anyOf(all []condition) condition {
	if len(all) == 1 {
		return all[0]
	}
	return func(c store.Candidate) truth {
		t := isFalse
		for _, one := range all {
			t = max(t, one(c))
		}
		return t
	}
}

func allOf(all []condition) condition {
	if len(all) == 1 {
		return all[0]
	}
	return func(c store.Candidate) truth {
		t := isTrue
		for _, one := range all {
			t = min(t, one(c))
		}
		return t
	}
}

func negate(one condition) condition {
	return func(c store.Candidate) truth { return isTrue - one(c) }
}

var operators = map[string]func(a, b float64) bool{
	">=": func(a, b float64) bool { return a >= b },
	"<=": func(a, b float64) bool { return a <= b },
	">":  func(a, b float64) bool { return a > b },
	"<":  func(a, b float64) bool { return a < b },
	"=":  func(a, b float64) bool { return a == b },
	"==": func(a, b float64) bool { return a == b },
	"!=": func(a, b float64) bool { return a != b },
}

// whereColumn is a column in a condition: one of its fields is set.
type whereColumn struct {
	number func(store.Candidate) (value float64, known bool)
	status func(store.Candidate) store.ScoreStatus
	flag   condition
}

func whereColumns(objectives []store.Objective) map[string]whereColumn {
	plain := func(f func(store.Candidate) float64) whereColumn {
		return whereColumn{number: func(c store.Candidate) (float64, bool) {
			v := f(c)
			return v, v == v
		}}
	}
	columns := map[string]whereColumn{
		"score": plain(func(c store.Candidate) float64 {
			score, _, _ := Score(objectives, c.Scores)
			return score
		}),
		"complete": {flag: func(c store.Candidate) truth {
			_, _, complete := Score(objectives, c.Scores)
			return truthOf(complete)
		}},
		"log_weight": plain(store.Candidate.LogWeight),
		"count":      plain(func(c store.Candidate) float64 { return float64(c.Count()) }),
		"population": plain(func(c store.Candidate) float64 { return float64(c.First().Population) }),
		"particle":   plain(func(c store.Candidate) float64 { return float64(c.First().Particle) }),
	}
	for i := range objectives {
		score := func(c store.Candidate) store.Score {
			if i >= len(c.Scores) {
				return store.Score{Status: store.NotApplicable}
			}
			return c.Scores[i]
		}
		name := column(objectives, i)
		columns[name] = whereColumn{number: func(c store.Candidate) (float64, bool) {
			s := score(c)
			return s.Value, s.Status == store.OK
		}}
		columns[name+"_desirability"] = whereColumn{number: func(c store.Candidate) (float64, bool) {
			s := score(c)
			return s.Desirability, s.Status == store.OK
		}}
		columns[name+"_status"] = whereColumn{status: func(c store.Candidate) store.ScoreStatus { return score(c).Status }}
	}
	return columns
}

// suggest names the nearest column, or all of them.
func suggest(name string, columns map[string]whereColumn) string {
	var names []string
	for known := range columns {
		names = append(names, known)
	}
	slices.Sort(names)
	best, distance := "", 1+len(name)/3
	for _, known := range names {
		if d := editDistance(strings.ToLower(name), known); d <= distance && (best == "" || d < distance) {
			best, distance = known, d
		}
	}
	if best != "" {
		return best
	}
	return "one of " + strings.Join(names, ", ")
}

// editDistance is Levenshtein's distance in bytes.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
