package host_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
)

// late is a continuous model that says from which time on it knows all.
type late struct {
	gauss
	end float64
}

func (l late) Load(context.Context, sdk.LoadRequest) (sdk.DiffusionModel, error) { return l, nil }

func (l late) Info() sdk.DiffusionInfo {
	i := l.gauss.Info()
	i.End = l.end
	return i
}

func TestTheEndOfAContinuousModelIsAnnounced(t *testing.T) {
	t.Parallel()
	for _, end := range []float64{0, 1e-3, .05, .99} {
		c := serve(t, sdk.Plugin{Name: "test/late", Diffusion: late{end: end}}, host.Options{})
		d, err := c.LoadDiffusion(t.Context(), host.Model{})
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Info().End; got != end {
			t.Errorf("it announces %g, the host has %g", end, got)
		}
	}
	for _, end := range []float64{-.1, 1, math.NaN(), math.Inf(1)} {
		c := serve(t, sdk.Plugin{Name: "test/late", Diffusion: late{end: end}}, host.Options{})
		if _, err := c.LoadDiffusion(t.Context(), host.Model{}); err == nil || !strings.Contains(err.Error(), "plugin test/late: Diffusion.Load: end: ") {
			t.Errorf("it announces %g: error %v", end, err)
		}
	}
}
