package main

import (
	"bytes"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op/optest"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/safetensors"
)

// loaded is our side with a batch of trees of these sizes.
func loaded(t *testing.T, sizes []int, r *rand.Rand) *ours {
	t.Helper()
	p, err := weights(r)
	if err != nil {
		t.Fatal(err)
	}
	in := filepath.Join(t.TempDir(), "batch")
	if err := writeFile(in, newBatch(sizes, r).file(p)); err != nil {
		t.Fatal(err)
	}
	s := &ours{threads: 2}
	if _, err := s.load(request{File: in}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.graph.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestSquareIsTheMeanOfSquaredResiduals(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 3))
	x := newBatch([]int{3, 1, 2, 7, 2}, r)
	x.count.Cap = 9
	in := [][]float32{normal(10, r), normal(kern.Lane, r)}
	optest.Check(t, r, optest.Case{
		Op: &square{batch: x}, Env: &op.Env{},
		Shapes: []op.Shape{{Rows: &x.count, Cols: 2}, {Rows: op.Fixed(1), Cols: kern.Lane}},
		In:     in,
		Form: func(in [][]float64) []float64 {
			out := make([]float64, 5)
			for i := range out {
				out[i] = math.Pow(in[1][0]+in[0][2*i]-float64(x.target[i]), 2) / 5
			}
			return out
		},
	})
	if err := (&square{batch: x}).Check([]op.Shape{{Rows: &x.count, Cols: 2}}); err == nil {
		t.Error("a square without log Z passes the check")
	}
}

func TestABatchComesBackFromItsFile(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 5))
	for range 20 {
		var sizes []int
		for range 1 + r.IntN(6) {
			sizes = append(sizes, 1+r.IntN(kern.MaxTokens))
		}
		p, err := weights(r)
		if err != nil {
			t.Fatal(err)
		}
		f := newBatch(sizes, r).file(p)
		x, err := readBatch(f)
		if err != nil {
			t.Fatal(err)
		}
		q, err := parameters(f)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(x.sizes(), sizes) || !safetensors.Equal(f, x.file(q)) {
			t.Fatalf("a batch of %v is another when read", sizes)
		}
	}
}

func TestTakenCellsAreLegal(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 7))
	s := loaded(t, []int{1, 10, 4, 2, 9, 9, 3}, r)
	s.runner.Run(1)
	for i := range s.batch.count.Live {
		if p := math.Exp(float64(s.runner.Data(s.logp)[2*i])); !(p > 0 && p < 1) {
			t.Errorf("tree %d: the taken cell has probability %g", i, p)
		}
	}
}

// TestFLOPCountsEveryProduct counts a tree's products one by one.
func TestFLOPCountsEveryProduct(t *testing.T) {
	const n = 7
	type matmul struct{ m, k, n int }
	list := []matmul{{n, 32, 128}, {n, 128, 64}}
	for range 4 {
		list = append(list, matmul{n, 128, 384}, matmul{n, 128, 128}, matmul{n, 128, 512}, matmul{n, 512, 128})
		for range 8 {
			list = append(list, matmul{n, 16, n}, matmul{n, n, 16})
		}
	}
	var forward, step float64
	for i, p := range list {
		f := 2 * float64(p.m*p.k*p.n)
		forward += f
		step += 3 * f // each factor has a gradient
		if i == 0 {
			step -= f // but for the input
		}
	}
	x := newBatch([]int{n}, rand.New(rand.NewPCG(1, 1)))
	if x.flop(false) != forward || x.flop(true) != step {
		t.Errorf("%g and %g operations, want %g and %g", x.flop(false), x.flop(true), forward, step)
	}
}

// TestDifferencesAreFound changes single numbers of what a side computed.
func TestDifferencesAreFound(t *testing.T) {
	s := loaded(t, []int{10, 3, 5}, rand.New(rand.NewPCG(8, 9)))
	out := filepath.Join(t.TempDir(), "results")
	if _, err := s.check(request{Out: out, Count: checkSteps}); err != nil {
		t.Fatal(err)
	}
	read := func() *safetensors.File {
		f, err := readFile(out)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	without := func(f *safetensors.File, names ...string) *safetensors.File {
		f.Tensors = slices.DeleteFunc(f.Tensors, func(t safetensors.Tensor) bool { return slices.Contains(names, t.Name) })
		return f
	}
	theirs := without(read(), gradientOf+unused[0], gradientOf+unused[1])
	if a, err := agree(read(), theirs); err != nil || a != (agreement{}) {
		t.Fatalf("a side differs from itself: %+v, %v", a, err)
	}
	for _, name := range []string{logProbabilities, stepLosses, gradientOf + "layer2.widen.w", gradientOf + "layer0.relation", gradientOf + logZ} {
		for _, c := range []struct {
			by   float64 // of the norm
			fail bool
		}{{1e-5, false}, {1e-3, true}, {math.Inf(1), true}} {
			f := read()
			x, err := f.Get(name)
			if err != nil {
				t.Fatal(err)
			}
			data, err := x.Floats()
			if err != nil {
				t.Fatal(err)
			}
			var norm float64
			for _, v := range data {
				norm += float64(v) * float64(v)
			}
			data[0] += float32(c.by * math.Sqrt(norm))
			*x = safetensors.Float32(name, data, x.Shape...)
			if _, err := agree(f, theirs); (err != nil) != c.fail || err != nil && !strings.Contains(err.Error(), name) {
				t.Errorf("%s changed by %g: error %v", name, c.by, err)
			}
		}
		if _, err := agree(without(read(), name), theirs); err == nil {
			t.Errorf("without %s of ours the sides agree", name)
		}
		if _, err := agree(read(), without(&safetensors.File{Tensors: slices.Clone(theirs.Tensors)}, name)); err == nil {
			t.Errorf("without %s of torch the sides agree", name)
		}
	}
	f := read()
	x, err := f.Get(gradientOf + unused[0])
	if err != nil {
		t.Fatal(err)
	}
	x.Data = bytes.Clone(x.Data)
	x.Data[7] = 1
	if _, err := agree(f, theirs); err == nil {
		t.Error("a gradient of Stop passes")
	}
}
