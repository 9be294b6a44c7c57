package fingerprint_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/fingerprint"
)

func TestTanimotoIsASimilarity(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(1, 200).Draw(r, "bits")
		draw := func(name string) fingerprint.Bits {
			b := fingerprint.NewBits(n)
			for _, i := range rapid.SliceOf(rapid.IntRange(0, n-1)).Draw(r, name) {
				b.Set(i)
			}
			return b
		}
		a, b := draw("a"), draw("b")
		s := fingerprint.Tanimoto(a, b)
		if s != fingerprint.Tanimoto(b, a) {
			r.Error("not symmetric")
		}
		if s < 0 || s > 1 {
			r.Errorf("%v is outside [0, 1]", s)
		}
		if (s == 1) != slices.Equal(a.On(), b.On()) {
			r.Errorf("%v for %v and %v", s, a.On(), b.On())
		}
		common := 0
		for _, i := range a.On() {
			if b.Has(i) {
				common++
			}
		}
		if either := a.Count() + b.Count() - common; either > 0 && s != float64(common)/float64(either) {
			r.Errorf("%v, want %d/%d", s, common, either)
		}
	})
}

// TestMeasuresAgree holds the measures against each other and bit vectors
// against counts that are 0 and 1.
func TestMeasuresAgree(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		n := 1 + r.IntN(300)
		a, b := randomBits(r, n), randomBits(r, n)
		o := fingerprint.OverlapBits(a, b)
		if c := fingerprint.OverlapCounts(asCounts(a), asCounts(b)); o != c {
			t.Fatalf("%v by bits, %v by counts", o, c)
		}
		if o.A+o.B == 0 {
			continue
		}
		if o.Dice() != o.Tversky(0.5, 0.5) {
			t.Errorf("%v: Dice %v, Tversky(1/2, 1/2) %v", o, o.Dice(), o.Tversky(0.5, 0.5))
		}
		if x := o.Tanimoto(); math.Abs(o.Dice()-2*x/(1+x)) > 1e-15 {
			t.Errorf("%v: Dice %v, Tanimoto %v", o, o.Dice(), x)
		}
		if o.A > 0 && math.Abs(o.Tversky(1, 0)-float64(o.Both)/float64(o.A)) > 1e-15 {
			t.Errorf("%v: share %v", o, o.Tversky(1, 0))
		}
	}
}

func randomBits(r *rand.Rand, n int) fingerprint.Bits {
	b := fingerprint.NewBits(n)
	for range r.IntN(n + 1) {
		b.Set(r.IntN(n))
	}
	return b
}

func asCounts(b fingerprint.Bits) []fingerprint.Count {
	var out []fingerprint.Count
	for _, i := range b.On() {
		out = append(out, fingerprint.Count{Hash: uint32(i), Count: 1})
	}
	return out
}

// The expected values are those of RDKit 2022.09 for aspirin and paracetamol.
func TestSimilaritiesAreRDKits(t *testing.T) {
	t.Parallel()
	a, b := chemtest.Parse(t, "CC(=O)Oc1ccccc1C(=O)O"), chemtest.Parse(t, "CC(=O)Nc1ccc(O)cc1")
	bits := fingerprint.OverlapBits(fingerprint.MorganBits(a, 2, 2048), fingerprint.MorganBits(b, 2, 2048))
	counts := fingerprint.OverlapCounts(fingerprint.Morgan(a, 2), fingerprint.Morgan(b, 2))
	empty := fingerprint.OverlapBits(fingerprint.NewBits(64), fingerprint.NewBits(64))
	for name, x := range map[string][2]float64{
		"bits, Tanimoto":   {bits.Tanimoto(), 0.2222222222222222},
		"bits, Dice":       {bits.Dice(), 0.36363636363636365},
		"bits, Tversky":    {bits.Tversky(0.3, 0.9), 0.33898305084745767},
		"counts, Tanimoto": {counts.Tanimoto(), 0.27450980392156865},
		"counts, Dice":     {counts.Dice(), 0.4307692307692308},
		"counts, Tversky":  {counts.Tversky(0.3, 0.9), 0.4034582132564841},
		"empty, Tanimoto":  {empty.Tanimoto(), 1},
		"empty, Dice":      {empty.Dice(), 0},
		"empty, Tversky":   {empty.Tversky(0.3, 0.9), 1},
	} {
		if math.Abs(x[0]-x[1]) > 1e-15 {
			t.Errorf("%s: %v, want %v", name, x[0], x[1])
		}
	}
}
