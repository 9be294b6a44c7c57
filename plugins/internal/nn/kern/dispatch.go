package kern

import (
	"fmt"
	"os"
	"slices"
)

// Lane is the granularity of every width: 16 floats.
const Lane = 16

// MaxTokens is the longest tree that attention takes.
const MaxTokens = 16

type gemmFunc func(k int, a *float32, rsA, csA int, b *float32, c *float32, ldc int, wide, accum int, bias *float32)

// set is one complete implementation. All lengths are multiples of Lane and
// greater than zero.
type set struct {
	name   string
	mr, nr int
	gemm   []gemmFunc // gemm[m] computes m rows by nr columns, m in 1..mr

	exp, gelu     func(n int, x, y *float32)
	geluGrad, add func(n int, a, b, y *float32)
	scale, axpy   func(n int, f float32, x, y *float32)
	maxAdd, dot   func(n int, x, b *float32) float32
	expAddSum     func(n int, m float32, x, b, y *float32) float32
	adam          func(n int, p, gr, m, v *float32, b1, b2, lr, eps, clip, decay float32)
	norm          func(rows, d int, x, gamma, beta, y, xhat, rstd *float32, invd, eps float32)
	normGrad      func(rows, d int, dy, xhat, rstd, gamma, dx, dgamma, dbeta *float32, invd float32)
	attend        func(n int, q, k, v *float32, ld int, rel *int32, table *float32, scale float32, probs, out *float32, ldo int)
	attendGradQ   func(n int, k, v *float32, ld int, scale float32, probs, dout *float32, ldo int, ds, dq *float32)
	attendGradKV  func(n int, q *float32, ld int, scale float32, probs, ds, dout *float32, ldo int, dk, dv *float32)
}

var (
	available = append([]*set{&generic}, machineSets()...) // worst first
	active    = choose()
)

func choose() *set {
	if name := os.Getenv("MOLSCULPT_KERNELS"); name != "" {
		for _, s := range available {
			if s.name == name {
				return s
			}
		}
		fmt.Fprintf(os.Stderr, "kern: MOLSCULPT_KERNELS=%q is not available on this machine (have %v); using the best\n", name, Available())
	}
	return available[len(available)-1]
}

// Available names the implementations that this machine can run, the best
// last.
func Available() []string {
	var names []string
	for _, s := range available {
		names = append(names, s.name)
	}
	return names
}

// Active names the implementation in use; together with Version it is the
// numeric id of a run.
func Active() string { return active.name }

// Version counts changes of the kernels that change results.
const Version = 2

// Use switches to the named implementation. Nothing may be computing, and
// packed matrices must be packed anew. It is for tests.
func Use(name string) error {
	i := slices.IndexFunc(available, func(s *set) bool { return s.name == name })
	if i < 0 {
		return fmt.Errorf("kern: use %q: not available on this machine", name)
	}
	active = available[i]
	return nil
}
