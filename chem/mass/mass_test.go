package mass_test

import (
	"math"
	"testing"

	"github.com/molsculpt/molsculpt/chem/mass"
)

func TestKnownMasses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"hydrogen weight", mass.Average(1), 1.008},
		{"carbon weight", mass.Average(6), 12.011},
		{"carbon 12", mass.Common(6), 12},
		{"oxygen 16", mass.Common(8), 15.99491462},
		{"deuterium", mass.Isotope(1, 2), 2.014101778},
		{"an isotope that is not known", mass.Isotope(6, 99), 99},
		{"wildcard", mass.Average(0), 0},
		{"no such element", mass.Average(200), 0},
	} {
		if math.Abs(c.got-c.want) > 1e-6 {
			t.Errorf("%s: got %v, want %v", c.name, c.got, c.want)
		}
	}
}

func TestEveryElementWeighsAboutItsCommonestIsotope(t *testing.T) {
	t.Parallel()
	for z := uint8(1); z <= 118; z++ {
		if w, m := mass.Average(z), mass.Common(z); w <= 0 || math.Abs(w-m) > 0.05*w+2 {
			t.Errorf("element %d: weight %v, commonest isotope %v", z, w, m)
		}
	}
}
