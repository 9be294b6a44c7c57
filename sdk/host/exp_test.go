package host

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestExponentialsAreThoseOfTheLibrary(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	var x []float32
	for range 100_000 {
		x = append(x, float32(-710*r.Float64()*r.Float64()), float32(-8*r.Float64()))
	}
	x = append(x, 0, -1e-30, -699.99997, -700, -700.0001, -745, -746, -1e30, float32(math.Inf(-1)))
	for _, most := range []float64{0, 3.5, -2000} {
		y := make([]float64, len(x))
		shifted := make([]float32, len(x))
		for i := range x {
			shifted[i] = float32(float64(x[i]) + most)
		}
		sum := exponentials(y, shifted, most)
		want := 0.
		for i, v := range shifted {
			e := math.Exp(float64(v) - most)
			want += y[i]
			if math.Abs(y[i]-e) > 5e-16*e {
				t.Fatalf("e^%v is %v, want %v", float64(v)-most, y[i], e)
			}
		}
		if sum != want {
			t.Errorf("the sum is %v, the terms add up to %v", sum, want)
		}
	}
}

func BenchmarkExponentials(b *testing.B) {
	x, y := make([]float32, 2000), make([]float64, 2000)
	for i := range x {
		x[i] = -float32(i) / 100
	}
	b.Run("ours", func(b *testing.B) {
		for b.Loop() {
			exponentials(y, x, 0)
		}
	})
	b.Run("math", func(b *testing.B) {
		for b.Loop() {
			for i, v := range x {
				y[i] = math.Exp(float64(v))
			}
		}
	})
}
