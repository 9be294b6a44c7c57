package experiment

import (
	"context"
	"fmt"

	"github.com/molsculpt/molsculpt/chem/smiles"
	"github.com/molsculpt/molsculpt/platform"
	"github.com/molsculpt/molsculpt/platform/config"
)

// Sizes of a count of trees.
const (
	treeMolecules = 200
	treeWays      = 10_000 // of cutting a molecule, that are followed
)

// treeCount is in how many ways molecules are trees of fragments.
type treeCount struct {
	Molecules int     // counted completely
	One       float64 // share of them with one tree
	Mean      float64
	Most      int
}

// countTrees counts the trees of the first molecules of a list, each once.
func (s *fragmentSite) countTrees(ctx context.Context, f fragmentCampaign, file *config.Campaign, list []string) (treeCount, error) {
	plan, err := platform.NewPlan(file, s.env.Catalog)
	if err != nil {
		return treeCount{}, err
	}
	seen := map[string]bool{}
	var some []string
	for _, text := range list {
		if !seen[text] && len(some) < treeMolecules {
			seen[text] = true
			some = append(some, text)
		}
	}
	var out treeCount
	err = s.env.Stage(ctx, "trees of molecules, "+f.Title, some, &out, func() error {
		counts := make([]int, len(some))
		err := atOnce(len(some), func(i int) error {
			m, err := smiles.Parse(some[i])
			if err != nil {
				return fmt.Errorf("read a sample's molecule: %w", err)
			}
			if trees, complete := plan.Space.Trees().Decompose(m, treeWays); complete {
				counts[i] = len(trees)
			}
			return nil
		})
		for _, n := range counts {
			if n > 0 {
				out.Molecules++
				out.Mean += float64(n)
				out.Most = max(out.Most, n)
				if n == 1 {
					out.One++
				}
			}
		}
		if out.Molecules > 0 {
			out.Mean /= float64(out.Molecules)
			out.One /= float64(out.Molecules)
		}
		return err
	})
	return out, err
}

// text says what was counted.
func (t treeCount) text() string {
	return fmt.Sprintf("Of %d molecules of the mixture, %.0f %% have one tree; the mean is %.3g and the most %d.", t.Molecules, 100*t.One, t.Mean, t.Most)
}
