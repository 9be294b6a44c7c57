package plugintest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/plugintest"
)

// late is a continuous model of a standard normal that knows no time before its
// end.
type late struct{ end, announced float64 }

func (l late) Load(context.Context, sdk.LoadRequest) (sdk.DiffusionModel, error) { return l, nil }
func (late) Close() error                                                        { return nil }
func (l late) Info() sdk.DiffusionInfo {
	return sdk.DiffusionInfo{Dimension: 2, Process: "vp-linear/1", End: l.announced}
}

func (l late) Score(_ context.Context, req *sdk.DiffusionRequest) ([]float32, error) {
	out := make([]float32, len(req.Points))
	for i, x := range req.Points {
		if req.Times[i/2] < l.end {
			return nil, errors.New("too early")
		}
		out[i] = -x
	}
	return out, nil
}

func TestAModelIsAskedNothingBeforeItsEnd(t *testing.T) {
	t.Parallel()
	for _, m := range []late{{.25, .25}, {.25, 0}} {
		c, stop := plugintest.Serve(sdk.Plugin{Name: "test/late", Version: "1.0.0", Diffusion: m}, host.Options{})
		failed := 0
		for _, r := range plugintest.Check(t.Context(), c, plugintest.Options{Diffusion: host.Model{Weights: []byte("w")}, Seed: 5}) {
			if r.Err != nil {
				failed++
				t.Logf("%s: %v", r.Name, r.Err)
			}
		}
		if (failed == 0) != (m.end <= m.announced) {
			t.Errorf("%+v fails %d checks", m, failed)
		}
		stop()
	}
}
