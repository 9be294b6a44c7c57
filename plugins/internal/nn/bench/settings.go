package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// setting is how torch is started. Its own threads (OpenMP) and those of its
// BLAS are two pools; which sizes are best differs from row to row.
type setting struct {
	Threads    int    `json:"threads"`
	BLAS       int    `json:"blas_threads"`
	Core       string `json:"openblas_coretype,omitempty"`
	Capability string `json:"aten_cpu_capability,omitempty"`
	// Form is how torch infers: as it trains where it is empty, or traced and
	// "frozen" by torch.jit, or that and "optimized" for inference.
	Form string `json:"form,omitempty"`
}

// String is the setting in words: threads of torch + of its BLAS.
func (s setting) String() string {
	words := []string{fmt.Sprintf("%d+%d threads", s.Threads, s.BLAS)}
	for _, w := range []string{s.Core, s.Capability, s.Form} {
		if w != "" {
			words = append(words, w)
		}
	}
	return strings.Join(words, " ")
}

// environment is the process's own without what steers torch, and with the
// setting. Waiting threads sleep: spinning ones disturb each other and us.
func (s setting) environment() []string {
	env := slices.DeleteFunc(os.Environ(), func(e string) bool {
		for _, p := range []string{"OPENBLAS_", "OMP_", "GOMP_", "MKL_", "ATEN_"} {
			if strings.HasPrefix(e, p) {
				return true
			}
		}
		return false
	})
	env = append(env, "OMP_WAIT_POLICY=passive",
		fmt.Sprintf("OMP_NUM_THREADS=%d", s.Threads), fmt.Sprintf("MKL_NUM_THREADS=%d", s.BLAS), fmt.Sprintf("OPENBLAS_NUM_THREADS=%d", s.BLAS))
	if s.Core != "" {
		env = append(env, "OPENBLAS_CORETYPE="+s.Core)
	}
	if s.Capability != "" {
		env = append(env, "ATEN_CPU_CAPABILITY="+s.Capability)
	}
	return env
}

// coreType is OpenBLAS's name for machines with our kernels of that name. By
// itself an older OpenBLAS takes a processor that it does not know for less
// than it is.
func coreType(kernels string) string {
	return map[string]string{"avx512": "SkylakeX", "avx2": "Haswell"}[kernels]
}

// candidates are the settings from which each row takes the fastest, for a
// network on so many cores.
func candidates(kernels string, cores int) []setting {
	capabilities := []string{""} // what torch chooses
	if kernels != "generic" {
		capabilities = append(capabilities, kernels)
	}
	var list []setting
	for _, threads := range [][2]int{{1, 1}, {1, cores}, {cores, cores}} {
		for _, c := range capabilities {
			s := setting{Threads: threads[0], BLAS: threads[1], Core: coreType(kernels), Capability: c}
			if !slices.Contains(list, s) {
				list = append(list, s)
			}
		}
	}
	return list
}

// forms are the values of setting.Form.
var forms = []string{"", "frozen", "optimized"}

// errNoTorch says that there is nothing to compare with.
var errNoTorch = errors.New("bench: no python3 that can import torch (Debian: apt-get install python3-torch libopenblas0-pthread; or name one with --python)")

// findPython is the first of the commands that can import torch.
func findPython(ctx context.Context, commands ...string) (string, error) {
	for _, c := range commands {
		if exec.CommandContext(ctx, c, "-c", "import torch, numpy").Run() == nil {
			return c, nil
		}
	}
	return "", errNoTorch
}

// referenceBLAS tells whether torch multiplies with the reference
// implementation of BLAS, which nobody should be compared with.
func referenceBLAS(libraries []string) bool {
	return len(libraries) > 0 && !slices.ContainsFunc(libraries, func(l string) bool {
		return strings.Contains(l, "openblas") || strings.Contains(l, "mkl") || strings.Contains(l, "blis") || strings.Contains(l, "atlas")
	})
}
