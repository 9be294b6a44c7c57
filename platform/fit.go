package platform

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/sync/errgroup"

	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// What a good model reaches, at the betas that are asked for.
const (
	FitMinCorrelation = 0.9 // of log p with beta log R
	FitMinSlope       = 0.9 // of log p regressed on beta log R
	FitMaxSlope       = 1.1
	FitMaxTB          = 1.0 // standard deviation of the trajectory-balance residual, nats
)

// FitOptions say how the fit of models is measured.
type FitOptions struct {
	Models     []string  // "builtin:NAME", or weights files with their cards beside them
	Betas      []float64 // 0 of them: 32
	Molecules  int       // held-back trees per beta, and own trajectories; 0: 1000
	Paths      int       // backward paths per tree; 0: 64
	Seed       uint64
	Vocabulary string // file, instead of the one that cards name; not for "builtin"
	Plugin     string // executable, for cards that name a plugin which is not bundled

	// RewardWeights are weights files of rewards that a plugin computes: each card
	// takes the one with its sum.
	RewardWeights []string

	Log      hclog.Logger
	Progress func(FitProgress) // may be nil; called at the same time from several goroutines
}

// FitProgress says how far the measuring is.
type FitProgress struct {
	Model string // its name
	Stage string // what is being done
	Done  int    // of Total, in this stage
	Total int
}

// MeasureFit measures how well trained models fit what their cards say they
// were trained for, through their plugins: whatever made the weights.
//
// At each beta, log p(x) of held-back trees is estimated by paths of the
// uniform backward kernel and compared with beta log R(x), clipped as in
// training. Half of the trees are the model's own samples, a quarter are shared
// equally by the other models of the same space (those asked for, or if there
// are none the bundled ones) at that beta or the nearest of their range, and a
// quarter are the ends of random walks; where there is no other model, half are
// walks. No tree occurs twice, so a small space gives fewer. Held back means
// that the trees are drawn afresh, with random numbers that no training uses,
// from weights that are final: nothing was fitted to this sample.
func MeasureFit(ctx context.Context, cat *catalog.Catalog, o FitOptions) ([]FitReport, error) {
	if len(o.Betas) == 0 {
		o.Betas = []float64{32}
	}
	if o.Molecules == 0 {
		o.Molecules = 1000
	}
	if o.Paths == 0 {
		o.Paths = 64
	}
	if o.Molecules < 4 || o.Paths < 1 {
		return nil, fmt.Errorf("%d molecules and %d paths are too few to measure a fit", o.Molecules, o.Paths)
	}
	f := &fitting{o: &o}
	defer f.close()
	if err := f.open(ctx, cat); err != nil {
		return nil, err
	}
	var out []FitReport
	for _, m := range f.models[:len(o.Models)] {
		r, err := f.measure(ctx, m)
		if err != nil {
			if ctx.Err() != nil {
				err = errors.Join(ctx.Err(), err)
			}
			return nil, err
		}
		out = append(out, *r)
	}
	return out, nil
}

// fitting is one measuring of models.
type fitting struct {
	o      *FitOptions
	models []*fitModel // those asked for, then bundled ones that only give trees
}

func (f *fitting) open(ctx context.Context, cat *catalog.Catalog) error {
	for _, ref := range f.o.Models {
		m, err := openFitModel(ref, cat, f.o)
		if err != nil {
			return err
		}
		f.models = append(f.models, m)
	}
	if len(f.models) == 1 {
		for _, w := range cat.Weights {
			m, err := openFitModel("builtin:"+w.Name, cat, f.o)
			if errors.Is(err, errNoReward) {
				continue
			}
			if err != nil {
				return err
			}
			if len(f.otherThan(f.models[0], m)) > 0 {
				f.models = append(f.models, m)
			}
		}
	}
	g, gctx := errgroup.WithContext(ctx)
	for _, m := range f.models {
		g.Go(func() error { return m.start(gctx, cat, f.o) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for _, m := range f.models[:len(f.o.Models)] {
		for _, beta := range f.o.Betas {
			if !(beta > 0 && beta <= math.MaxFloat64) || m.nearest(beta) != beta {
				return fmt.Errorf("beta %g is outside of what model %s was trained for: above 0, up to %g", beta, m.ref, m.nearest(math.MaxFloat64))
			}
		}
	}
	return nil
}

func (f *fitting) close() {
	var g errgroup.Group
	for _, m := range f.models {
		g.Go(func() error { m.close(); return nil })
	}
	_ = g.Wait()
}

// otherThan are those of some models that are other weights of the same space.
func (f *fitting) otherThan(m *fitModel, among ...*fitModel) []*fitModel {
	var out []*fitModel
	for _, x := range among {
		if x.weights.SHA256 != m.weights.SHA256 && space.Difference(x.space.Descriptor(), m.space.Descriptor()) == "" {
			out = append(out, x)
		}
	}
	return out
}
