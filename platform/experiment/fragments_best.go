package experiment

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/molsculpt/molsculpt/chem/depict"
	"github.com/molsculpt/molsculpt/chem/smiles"
	"github.com/molsculpt/molsculpt/platform/experiment/report"
)

// bestShown is how many molecules of a composition are drawn.
const bestShown = 5

// diversitySize is how many molecules a diversity is measured on.
const diversitySize = 1000

// fragmentBest is a molecule to be drawn.
type fragmentBest struct {
	SMILES  string
	Rewards []float64
}

// look finds a set's best molecules and its diversity.
func (s *fragmentSite) look(ctx context.Context, f fragmentCampaign, set *fragmentSet) error {
	set.Best = set.Main.best(set.Observed, bestShown)
	list := set.Main.equal(min(diversitySize, len(set.Main.SMILES)), 3)
	return s.env.Stage(ctx, fmt.Sprintf("diversity, %s, %s", f.Title, set.Text), list, &set.Diversity, func() error {
		var err error
		set.Diversity, err = diversity(list)
		return err
	})
}

// best are the molecules of which the rewards that are wanted have the largest
// geometric mean, over that of the others where these are not wanted: the
// contrast of what a composition asks for. Molecules without a reward are left
// out.
func (s *fragmentSample) best(wanted []int, n int) []fragmentBest {
	type ranked struct {
		i     int
		score float64
	}
	var list []ranked
	seen := map[string]bool{}
	for i, text := range s.SMILES {
		if seen[text] {
			continue
		}
		seen[text] = true
		var high, low, others float64
		for k, r := range s.Rewards {
			l := math.Log(math.Max(r[i], 1e-3))
			if wanted == nil || slices.Contains(wanted, k) {
				high += l / float64(max(1, len(wanted)))
			} else {
				low += l
				others++
			}
		}
		if others > 0 {
			high -= low / others
		}
		if !math.IsNaN(high) {
			list = append(list, ranked{i, high})
		}
	}
	slices.SortFunc(list, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(s.SMILES[a.i], s.SMILES[b.i]))
	})
	var out []fragmentBest
	for _, r := range list[:min(n, len(list))] {
		b := fragmentBest{SMILES: s.SMILES[r.i]}
		for k := range s.Rewards {
			b.Rewards = append(b.Rewards, s.Rewards[k][r.i])
		}
		out = append(out, b)
	}
	return out
}

// moleculeFigure draws the best molecules of sets, a row for each.
func moleculeFigure(name string, sets []fragmentSet, of []yardstick) (*report.Figure, error) {
	var pictures []*depict.Picture
	for _, set := range sets {
		for k := range bestShown {
			if k >= len(set.Best) {
				pictures = append(pictures, &depict.Picture{Width: 10, Height: 10})
				continue
			}
			b := set.Best[k]
			m, err := smiles.Parse(b.SMILES)
			if err != nil {
				return nil, err
			}
			o := depict.Options{MaxWidth: 210, MaxHeight: 150, Captions: []string{rewardLine(b.Rewards, of)}}
			if k == 0 {
				o.Title = set.Label
			}
			pictures = append(pictures, depict.Draw(m, o))
		}
	}
	var b bytes.Buffer
	if err := depict.Grid(pictures, bestShown).WriteSVG(&b); err != nil {
		return nil, err
	}
	return &report.Figure{Name: name, SVG: b.Bytes()}, nil
}

// rewardLine names the rewards of a molecule.
func rewardLine(rewards []float64, of []yardstick) string {
	var line string
	for k, r := range rewards {
		if k > 0 {
			line += "  "
		}
		line += fmt.Sprintf("%s %.2f", of[k].Label, r)
	}
	return line
}
