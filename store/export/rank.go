package export

import (
	"cmp"
	"math"

	"github.com/molsculpt/molsculpt/store"
)

// Score is the weighted geometric mean of the desirabilities that are known:
// exp(sum w log d / sum w), the sums over the objectives with status ok and a
// weight above 0. known is the share of the weight that these objectives have,
// and complete says that it is all of it. Where nothing is known, or no
// objective has a weight, the score is NaN.
func Score(objectives []store.Objective, scores []store.Score) (score, known float64, complete bool) {
	sum, have, all := 0.0, 0.0, 0.0
	complete = true
	for i, o := range objectives {
		w := float64(o.Weight)
		if w == 0 {
			continue
		}
		all += w
		if i >= len(scores) || scores[i].Status != store.OK {
			complete = false
			continue
		}
		have += w
		sum += w * math.Log(scores[i].Desirability)
	}
	if have == 0 {
		return math.NaN(), 0, complete
	}
	return math.Exp(sum / have), have / all, complete
}

// entry is what ranking keeps of a candidate; its scores are read again when it
// is written, so that a campaign of millions can be ranked in memory.
type entry struct {
	smiles    string
	score     float64 // NaN ranks last
	logWeight float64
	complete  bool
	keep      bool
}

func newEntry(objectives []store.Objective, c store.Candidate) entry {
	e := entry{smiles: c.SMILES, logWeight: c.LogWeight(), keep: true}
	e.score, _, e.complete = Score(objectives, c.Scores)
	return e
}

// compare is negative where a ranks before b.
func compare(a, b entry) int {
	if a.complete != b.complete {
		if a.complete {
			return -1
		}
		return 1
	}
	// cmp.Compare puts NaN below every number.
	if c := cmp.Compare(b.score, a.score); c != 0 {
		return c
	}
	if c := cmp.Compare(b.logWeight, a.logWeight); c != 0 {
		return c
	}
	return cmp.Compare(a.smiles, b.smiles)
}
