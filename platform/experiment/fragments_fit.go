package experiment

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/molsculpt/molsculpt/platform"
	"github.com/molsculpt/molsculpt/platform/config"
)

// fragmentFit is how well a base model learned its reward.
type fragmentFit struct {
	Name string
	platform.Fit
}

// fit measures the base models of a campaign file, at the betas of all campaign
// files.
func (s *fragmentSite) fit(ctx context.Context, first *config.Campaign) ([]fragmentFit, error) {
	o := platform.FitOptions{Seed: 1, Molecules: 1000, Paths: 64, Log: s.env.Log, Progress: func(p platform.FitProgress) {
		s.env.progress(p.Model+", "+p.Stage, p.Done, p.Total)
	}}
	if s.env.Small {
		o.Molecules, o.Paths = 32, 4
	}
	var key []any
	for _, c := range s.campaigns {
		file, err := config.LoadCampaign(s.env.Path(c.File))
		if err != nil {
			return nil, err
		}
		for _, k := range file.Models[0].Conditions {
			if k.Name == "beta" {
				o.Betas = append(o.Betas, k.Value)
			}
		}
	}
	var names []string
	for _, m := range first.Models {
		ref := m.Weights.Value
		w, err := s.env.Catalog.Load(ref, s.env.Folder)
		if err != nil {
			return nil, err
		}
		if !strings.HasPrefix(ref, "builtin:") {
			ref = s.env.Path(ref)
		}
		o.Models, names, key = append(o.Models, ref), append(names, m.Name), append(key, w.SHA256)
	}
	if !s.env.Small {
		o.Vocabulary = filepath.Join(s.env.Data, fragmentData[0])
		o.RewardWeights = []string{filepath.Join(s.env.Data, fragmentData[1])}
	}
	var out []fragmentFit
	err := s.env.Stage(ctx, "fit of the base models", append(key, o.Betas, o.Molecules, o.Paths, o.Seed), &out, func() error {
		reports, err := platform.MeasureFit(ctx, s.env.Catalog, o)
		for i, r := range reports {
			out = append(out, fragmentFit{names[i], r.Fit})
		}
		return err
	})
	return out, err
}

// at is the fit at a beta; the zero value where it was not measured.
func (f *fragmentFit) at(beta float64) platform.FitAt {
	for _, a := range f.At {
		if a.Beta == beta {
			return a
		}
	}
	return platform.FitAt{}
}
