package seh

import (
	"math"
	"strconv"
	"testing"

	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/sdk"
)

// load is the proxy with its own weights.
func load(t testing.TB, v variant) *model {
	t.Helper()
	m, err := scorer{}.Load(t.Context(), sdk.LoadRequest{
		Weights: chemtest.Read(t, "seh_proxy", "seh_proxy.safetensors"), Options: []byte(`{"variant": "` + string(v) + `"}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	return m.(*model)
}

// oracle are the molecules that the reference has scored, and a column of what
// it says.
func oracle(t testing.TB, column string) (mols []string, values []float64) {
	t.Helper()
	for r := range chemtest.Rows(t, "seh") {
		x, err := strconv.ParseFloat(r[column], 64)
		if err != nil {
			t.Fatal(err)
		}
		mols, values = append(mols, r["smiles"]), append(values, x)
	}
	return mols, values
}

func TestScoresAreThoseOfTheReference(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		variant variant
		column  string
		output  int
	}{
		{port, "seh_raw_port_f64", 0},
		{port, "seh_reward_port", 1},
		{orig, "seh_raw_orig_f64", 0},
	} {
		t.Run(c.column, func(t *testing.T) {
			t.Parallel()
			mols, want := oracle(t, c.column)
			got, err := load(t, c.variant).Score(t.Context(), mols)
			if err != nil {
				t.Fatal(err)
			}
			worst := 0.0
			for i, s := range got {
				if s.Status != sdk.OK {
					t.Errorf("%s: %v: %s", mols[i], s.Status, s.Reason)
					continue
				}
				d := math.Abs(s.Values[c.output] - want[i])
				worst = max(worst, d)
				if !(d < 2e-5) {
					t.Errorf("%s: %v, want %v", mols[i], s.Values[c.output], want[i])
				}
			}
			t.Logf("%d molecules; the largest difference is %.1e", len(mols), worst)
		})
	}
}

// BenchmarkScore scores the molecules of the reference, 20 atoms on
// average, from SMILES to scores, on all processors.
func BenchmarkScore(b *testing.B) {
	mols, _ := oracle(b, "seh_raw_port_f64")
	m := load(b, port)
	for b.Loop() {
		if _, err := m.Score(b.Context(), mols); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(mols))*float64(b.N)/b.Elapsed().Seconds(), "molecules/s")
}
