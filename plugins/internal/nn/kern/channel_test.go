package kern

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestChannelsAreTheirDefinitions(t *testing.T) {
	each(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(31, 32))
		for range 60 {
			rows, d := r.IntN(50), 16*(1+r.IntN(5))
			if r.IntN(6) == 0 {
				rows = chunk/d*2 + 3 // several calls
			}
			n := rows * d
			x, y := normal(r, n, 1), normal(r, n, 1)
			a, b, c := normal(r, d, 1), normal(r, d, 1), normal(r, d, 1)

			sum, dot := normal(r, d, 1), normal(r, d, 1)
			wantSum, wantDot := make([]float64, d), make([]float64, d)
			for j := range d {
				wantSum[j], wantDot[j] = float64(sum[j]), float64(dot[j])
			}
			z, m := make([]float32, n), make([]float32, n)
			ChannelSums(rows, d, x, y, sum, dot)
			ChannelAffine(rows, d, x, a, c, z)
			ChannelMix(rows, d, x, y, a, b, c, m)
			for i := range n {
				j := i % d
				affine := float64(a[j])*float64(x[i]) + float64(c[j])
				near(t, fmt.Sprint("affine at ", i), z[i], affine, 1e-6)
				near(t, fmt.Sprint("mix at ", i), m[i], affine+float64(b[j])*float64(y[i]), 2e-6)
				wantSum[j] += float64(y[i])
				wantDot[j] += float64(x[i]) * float64(y[i])
			}
			for j := range d {
				near(t, fmt.Sprint("sum of ", j), sum[j], wantSum[j], 1e-4)
				near(t, fmt.Sprint("dot of ", j), dot[j], wantDot[j], 1e-4)
			}

			// In place.
			inX, inY := append([]float32{}, x...), append([]float32{}, y...)
			ChannelAffine(rows, d, inX, a, c, inX)
			ChannelMix(rows, d, x, inY, a, b, c, inY)
			for i := range n {
				if inX[i] != z[i] || inY[i] != m[i] {
					t.Fatalf("in place: %v and %v at %d, want %v and %v", inX[i], inY[i], i, z[i], m[i])
				}
			}
		}
	})
}

func TestShortChannelsPanic(t *testing.T) {
	short, long := make([]float32, 16), make([]float32, 48)
	for name, f := range map[string]func(){
		"width": func() { ChannelAffine(1, 12, long, long, long, long) },
		"rows":  func() { ChannelAffine(3, 16, long, long, long, short) },
		"sums":  func() { ChannelSums(1, 32, long, long, short, long) },
		"mix":   func() { ChannelMix(3, 16, long, short, long, long, long, long) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}
