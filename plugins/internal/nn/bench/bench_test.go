package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
)

// TestMain lets the tests start this program as our side.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == serveArgument {
		main()
		return
	}
	os.Exit(m.Run())
}

func testBench(t *testing.T) *bench {
	t.Helper()
	return &bench{dir: t.TempDir(), threads: 2, repetitions: 2, progress: t.Output()}
}

// withTorch is a bench with torch, or skips the test.
func withTorch(t *testing.T) *bench {
	t.Helper()
	b := testBench(t)
	python, err := findPython(t.Context(), "/usr/bin/python3", "python3")
	if errors.Is(err, errNoTorch) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	b.python = python
	return b
}

// TestBothSidesComputeTheSame is the program in small: networks refuses rows in
// which the sides differ.
func TestBothSidesComputeTheSame(t *testing.T) {
	b := withTorch(t)
	v, err := b.versions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(7, 1))
	works := []work{
		{"train ragged", []int{2, 10, 5, 1, kern.MaxTokens}, true},
		{"train", []int{10, 10, 10}, true},
		{"infer", []int{4, 4}, false},
	}
	for i, kernels := range vectorKernels() {
		if i > 0 {
			works = works[:1] // the kernels differ, and nothing else
		}
		t.Run(kernels, func(t *testing.T) {
			rows, err := b.networks(t.Context(), kernels, []setting{{Threads: 2, BLAS: 2, Core: coreType(kernels)}}, works, r)
			if err != nil {
				t.Fatal(err)
			}
			products, err := b.products(t.Context(), []string{kernels}, [][3]int{{7, 5, 3}, {130, 70, 33}}, r)
			if err != nil {
				t.Fatal(err)
			}
			if len(rows) != len(works) || len(products) != 4 {
				t.Fatalf("%d rows of the network for %d, %d of products for 4", len(rows), len(works), len(products))
			}
			for _, m := range rows {
				t.Logf("%s: differ by %+v", m.Name, m.Differ)
				if len(m.Ours.Seconds) != 2 || len(m.Torch.Seconds) != 2 || m.Ours.Min <= 0 || m.Torch.Min <= 0 || m.Count < 1 {
					t.Errorf("%s: times %+v, %+v", m.Name, m.Ours, m.Torch)
				}
				// Two programs of such different make do not agree to the last bit.
				if m.Differ.Gradients == 0 {
					t.Errorf("%s: the sides agree to the last bit; were they compared?", m.Name)
				}
			}
			checkReport(t, report{Versions: v, Threads: 2, Repetitions: 2, Network: rows, Products: products})
		})
	}
}

func checkReport(t *testing.T, r report) {
	t.Helper()
	var text, raw bytes.Buffer
	if err := r.table(&text); err != nil {
		t.Fatal(err)
	}
	for _, m := range r.Network {
		if !strings.Contains(text.String(), m.Name) {
			t.Errorf("the table lacks %q:\n%s", m.Name, &text)
		}
	}
	if err := r.json(&raw); err != nil {
		t.Fatal(err)
	}
	var back report
	if err := json.Unmarshal(raw.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if back.Network[0].Ours.Median != r.Network[0].Ours.Median || back.Products[1].Torch.Min != r.Products[1].Torch.Min {
		t.Error("the JSON holds other times than the report")
	}
}

func TestATrainingStepAllocatesLessThanAMegabyte(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 5))
	s := loaded(t, slices.Repeat([]int{10}, 64), r)
	before, err := s.memory(request{})
	if err != nil {
		t.Fatal(err)
	}
	const steps = 4
	if _, err := s.train(request{Count: 1}); err != nil { // the buffers grow
		t.Fatal(err)
	}
	grown, err := s.memory(request{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.train(request{Count: steps}); err != nil {
		t.Fatal(err)
	}
	after, err := s.memory(request{})
	if err != nil {
		t.Fatal(err)
	}
	if per := (after.Bytes - grown.Bytes) / steps; per >= 1e6 {
		t.Errorf("a training step allocates %d bytes", per)
	}
	if grown.Bytes-before.Bytes < 1e6 {
		t.Error("the first step, which makes the buffers, allocated next to nothing; was anything measured?")
	}
}

func TestASideThatFailsSaysWhy(t *testing.T) {
	b := testBench(t)
	s, err := b.ours(t.Context(), "generic", 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []request{{Do: "fly"}, {Do: "load", File: b.dir + "/none"}, {Do: "matrices", File: b.dir + "/none"}} {
		if _, err := s.ask(bad); err == nil || !strings.Contains(err.Error(), bad.Do) {
			t.Errorf("%+v: error %v", bad, err)
		}
	}
	if a, err := s.ask(request{Do: "about"}); err != nil || a.Kernels != "generic" {
		t.Errorf("after errors it says %+v, %v", a, err)
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if s, err = start(t.Context(), "ours", os.Environ(), self, serveArgument, "many"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ask(request{Do: "about"}); err == nil || !strings.Contains(err.Error(), `"many"`) {
		t.Errorf("a side that ends: error %v", err)
	}
}

func TestFlagsAreChecked(t *testing.T) {
	for _, args := range [][]string{{"--repetitions", "0"}, {"--threads", "0"}, {"more"}, {"--fast"}, {"--python", "no-such-python"}} {
		var out bytes.Buffer
		if err := run(t.Context(), args, nil, &out, &out); err == nil || !strings.HasPrefix(err.Error(), "bench: ") {
			t.Errorf("%v: error %v", args, err)
		}
	}
	if _, err := findPython(t.Context(), "no-such-python"); !errors.Is(err, errNoTorch) {
		t.Errorf("error %v", err)
	}
}

func TestMedianIsTheMiddle(t *testing.T) {
	for _, c := range []struct {
		x    []float64
		want float64
	}{{[]float64{3}, 3}, {[]float64{4, 1}, 2.5}, {[]float64{9, 1, 5}, 5}, {[]float64{8, 1, 3, 2}, 2.5}} {
		if got := newTimes(c.x); got.Median != c.want || got.Min != slices.Min(c.x) {
			t.Errorf("%v: %+v", c.x, got)
		}
	}
}

func TestARepetitionIsLongEnough(t *testing.T) {
	for seconds, want := range map[float64]int{1: 1, 0.1: 1, 0.0501: 2, 0.003: 34, 1e-7: 1000} {
		if got := counts(seconds); got != want {
			t.Errorf("%g s: %d times, want %d", seconds, got, want)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Setenv("OPENBLAS_CORETYPE", "Prescott")
	t.Setenv("OPENBLAS_L2_SIZE", "1")
	t.Setenv("OMP_NUM_THREADS", "64")
	env := setting{Threads: 1, BLAS: 2, Core: "SkylakeX"}.environment()
	var steering []string
	for _, e := range env {
		if strings.HasPrefix(e, "OPENBLAS") || strings.HasPrefix(e, "OMP") || strings.HasPrefix(e, "ATEN") {
			steering = append(steering, e)
		}
	}
	want := []string{"OMP_WAIT_POLICY=passive", "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=2", "OPENBLAS_CORETYPE=SkylakeX"}
	if !slices.Equal(steering, want) {
		t.Errorf("environment %q, want %q", steering, want)
	}
	for _, c := range []struct {
		kernels string
		cores   int
		want    int
	}{{"avx512", 2, 6}, {"avx512", 1, 2}, {"generic", 2, 3}} {
		list := candidates(c.kernels, c.cores)
		distinct := map[string]bool{}
		for _, s := range list {
			distinct[fmt.Sprintf("%+v", s)] = true
		}
		if len(list) != c.want || len(distinct) != c.want {
			t.Errorf("%s, %d cores: %v", c.kernels, c.cores, list)
		}
	}
	for path, want := range map[string]bool{
		"/usr/lib/x86_64-linux-gnu/blas/libblas.so.3.11.0":                   true,
		"/usr/lib/x86_64-linux-gnu/openblas-pthread/libopenblasp-r0.3.21.so": false,
		"/opt/lib/libmkl_core.so.2":                                          false,
	} {
		if got := referenceBLAS([]string{path}); got != want {
			t.Errorf("%s is the reference BLAS: %v", path, got)
		}
	}
	if referenceBLAS(nil) {
		t.Error("no library is the reference BLAS")
	}
}
