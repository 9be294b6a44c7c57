package oracle

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/noise"
)

// LineGuide is the perfect guide of mixtures of normals in one dimension: log Q of
// two observations of equal prior weights, and its gradient, at every point and
// time, by quadrature.
type LineGuide struct {
	process noise.Process
	info    sdk.GuideInfo
	laws    []*PointLaw // of each outcome
	mixture *Gaussians
}

// NewLineGuide is the guide of models by their names.
func NewLineGuide(p noise.Process, names []string, models []*Gaussians, nodes int) (*LineGuide, error) {
	g := &LineGuide{process: p, info: sdk.GuideInfo{Models: names, Dimension: 1}, mixture: &Gaussians{}}
	m := float64(len(models))
	for i, law := range models {
		for k, w := range law.Weights {
			g.mixture.Weights = append(g.mixture.Weights, w/m)
			g.mixture.Means, g.mixture.SDs = append(g.mixture.Means, law.Means[k]), append(g.mixture.SDs, law.SDs[k])
		}
		for j := i; j < len(models); j++ {
			e, err := compose.Parse(fmt.Sprintf("obs(%s, %s; over %s)", names[i], names[j], strings.Join(names, ", ")))
			if err != nil {
				return nil, err
			}
			c, err := compose.Compile(e, names, nil)
			if err != nil {
				return nil, err
			}
			l, err := NewPointLaw(c, models, nodes)
			if err != nil {
				return nil, err
			}
			g.laws = append(g.laws, l)
			g.info.Outcomes = append(g.info.Outcomes, names[i]+","+names[j])
			g.info.Lists = append(g.info.Lists, []int{i, j})
		}
	}
	return g, nil
}

// Info is what the guide tells apart.
func (g *LineGuide) Info() sdk.GuideInfo {
	i := g.info
	i.Lists = slices.Clone(i.Lists)
	return i
}

// LogQ answers for points.
func (g *LineGuide) LogQ(ctx context.Context, req sdk.GuideRequest) (sdk.GuideReply, error) {
	var out sdk.GuideReply
	var noisy *Gaussians
	x, s := make([]float64, 1), make([]float64, 1)
	for i, t := range req.Times {
		if i == 0 || t != req.Times[i-1] {
			if err := ctx.Err(); err != nil {
				return out, err
			}
			noisy = g.mixture.Noised(g.process, t)
		}
		x[0] = float64(req.Points[i])
		all := noisy.LogDensity(x)
		noisy.Score(x, s)
		for _, l := range g.laws {
			log, score := l.Noised(g.process, t, x[0])
			out.LogQ = append(out.LogQ, float32(min(log-all, 0)))
			if req.Gradient {
				if d := score - s[0]; !math.IsNaN(d) {
					out.Gradient = append(out.Gradient, float32(d))
				} else {
					out.Gradient = append(out.Gradient, 0)
				}
			}
		}
	}
	return out, nil
}
