package main

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/safetensors"
)

// product is a measurement of C = A*B in single precision, A of M x K and B of
// K x N. Both sides are given the factors as they are, so that packing counts.
type product struct {
	M         int     `json:"m"`
	K         int     `json:"k"`
	N         int     `json:"n"`
	Threads   int     `json:"threads"`
	Kernels   string  `json:"ours_kernels"`
	Setting   setting `json:"torch_setting"`
	Count     int     `json:"times_per_repetition"`
	Ours      times   `json:"ours"`
	Torch     times   `json:"torch"`
	OursRate  float64 `json:"ours_gflops"` // at the median, 1e9 operations per second
	TorchRate float64 `json:"torch_gflops"`
	Ratio     float64 `json:"ratio"`
	Peak      float64 `json:"peak_gflops"` // measured with our kernels, of all threads
	Differ    float64 `json:"relative_difference"`
}

// shapes are the M, K and N of the measured products: two of the network's and
// two cubes.
var shapes = [][3]int{{5120, 128, 128}, {5120, 128, 512}, {512, 512, 512}, {1024, 1024, 1024}}

// products measures products with each of the kernels on one thread and on all.
func (b *bench) products(ctx context.Context, kernels []string, shapes [][3]int, r *rand.Rand) (out []product, err error) {
	for _, k := range kernels {
		for _, threads := range slices.Compact([]int{1, b.threads}) {
			list, err := b.productsOn(ctx, k, threads, shapes, r)
			if err != nil {
				return nil, err
			}
			out = append(out, list...)
		}
	}
	return out, nil
}

func (b *bench) productsOn(ctx context.Context, kernels string, threads int, shapes [][3]int, r *rand.Rand) (out []product, err error) {
	s := setting{Threads: threads, BLAS: threads, Core: coreType(kernels)}
	ours, err := b.ours(ctx, kernels, threads)
	if err != nil {
		return nil, err
	}
	defer func() { err = cmp.Or(err, ours.close()) }()
	theirs, err := b.torch(ctx, s)
	if err != nil {
		return nil, err
	}
	defer func() { err = cmp.Or(err, theirs.close()) }()
	var best float64
	for _, shape := range shapes {
		m := product{M: shape[0], K: shape[1], N: shape[2], Threads: threads, Kernels: kernels, Setting: s}
		fmt.Fprintf(b.progress, "(%dx%d)(%dx%d), %s, %d threads ...\n", m.M, m.K, m.K, m.N, kernels, threads)
		if best, err = peak(ours, best); err != nil {
			return nil, err
		}
		if m.Differ, err = b.compareProducts(m.M, m.K, m.N, r, ours, theirs); err != nil {
			return nil, err
		}
		if _, m.Count, err = fastest([]attempt{{theirs, s}}, "product"); err != nil {
			return nil, err
		}
		if m.Ours, m.Torch, err = b.interleaved(ours, theirs, request{Do: "product", Count: m.Count}); err != nil {
			return nil, err
		}
		work := 2 * float64(m.M) * float64(m.K) * float64(m.N) / 1e9
		m.OursRate, m.TorchRate, m.Ratio = work/m.Ours.Median, work/m.Torch.Median, m.Torch.Median/m.Ours.Median
		out = append(out, m)
	}
	for i := range out {
		out[i].Peak = best / 1e9
	}
	return out, nil
}

// compareProducts gives both sides the factors and compares the products.
func (b *bench) compareProducts(m, k, n int, r *rand.Rand, ours, theirs *side) (float64, error) {
	f := &safetensors.File{}
	f.Add(safetensors.Float32("a", normal(m*k, r), m, k))
	f.Add(safetensors.Float32("b", normal(k*n, r), k, n))
	in := filepath.Join(b.dir, "factors")
	if err := writeFile(in, f); err != nil {
		return 0, err
	}
	var results [2]*safetensors.File
	for i, s := range []*side{ours, theirs} {
		out := filepath.Join(b.dir, "product")
		if _, err := s.ask(request{Do: "matrices", File: in, Out: out}); err != nil {
			return 0, err
		}
		var err error
		if results[i], err = readFile(out); err != nil {
			return 0, err
		}
	}
	d, err := difference(results[0], results[1], "c")
	if err == nil && !(d <= tolerance) {
		err = fmt.Errorf("bench: %s: the products of %dx%dx%d differ by %.2g of their norm, more than %g", theirs.name, m, k, n, d, tolerance)
	}
	return d, err
}

func normal(n int, r *rand.Rand) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}
