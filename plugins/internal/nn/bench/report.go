package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
)

// report is the result of a run. Times are seconds.
type report struct {
	Versions    versions  `json:"versions"`
	Threads     int       `json:"threads"`
	Repetitions int       `json:"repetitions"`
	Network     []row     `json:"network,omitempty"`
	Products    []product `json:"products,omitempty"`
}

// versions says what was compared, and on what.
type versions struct {
	CPU     string   `json:"cpu"`
	Go      string   `json:"go"`
	Kernels string   `json:"kernels"`
	Torch   string   `json:"torch"`
	Python  string   `json:"python"`
	BLAS    []string `json:"blas"` // the libraries behind torch's products
}

// versions asks torch for its own.
func (b *bench) versions(ctx context.Context) (versions, error) {
	v := versions{CPU: processor(), Go: runtime.Version(), Kernels: kern.Active()}
	s, err := b.torch(ctx, setting{Threads: 1, BLAS: 1, Core: coreType(v.Kernels)})
	if err != nil {
		return v, err
	}
	a, err := s.ask(request{Do: "about"})
	if err != nil {
		return v, err
	}
	v.Torch, v.Python, v.BLAS = a.Version, a.Python, a.BLAS
	return v, s.close()
}

// processor is the name of the processor where the system tells it, else its
// architecture.
func processor() string {
	data, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(data)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

func (r *report) json(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(r); err != nil {
		return fmt.Errorf("bench: write the report: %w", err)
	}
	return nil
}

func (r *report) table(w io.Writer) error {
	v := r.Versions
	fmt.Fprintf(w, "%s, %d threads, %s, kernels %s; torch %s, python %s, %s; median of %d\n",
		v.CPU, r.Threads, v.Go, v.Kernels, v.Torch, v.Python, strings.Join(v.BLAS, " "), r.Repetitions)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if len(r.Network) > 0 {
		fmt.Fprintln(t, "\nnetwork\tGFLOP\tours ms\ttorch ms\tratio\tours of peak\ttorch of peak\tours KB/step\tGCs\tdiffer by\ttorch's setting")
	}
	for _, x := range r.Network {
		memory := "\t"
		if x.Train {
			memory = fmt.Sprintf("%.0f\t%d", x.Allocated/1e3, x.GCs)
		}
		fmt.Fprintf(t, "%s\t%.3g\t%.3g\t%.3g\t%.2f\t%s\t%s\t%s\t%.0e\t%s\n", x.Name, x.FLOP/1e9, 1e3*x.Ours.Median, 1e3*x.Torch.Median, x.Ratio,
			share(x.OursPeak), share(x.TorchPeak), memory, max(x.Differ.LogProbabilities, x.Differ.Gradients, x.Differ.Losses), x.Setting)
	}
	if len(r.Products) > 0 {
		fmt.Fprintln(t, "\nproduct\tours\tthreads\tours GFLOP/s\ttorch GFLOP/s\tratio\tours of peak\ttorch of peak\ttorch's setting")
	}
	for _, x := range r.Products {
		var ours, theirs float64
		if x.Peak > 0 {
			ours, theirs = x.OursRate/x.Peak, x.TorchRate/x.Peak
		}
		fmt.Fprintf(t, "(%dx%d)(%dx%d)\t%s\t%d\t%.0f\t%.0f\t%.2f\t%s\t%s\t%s\n", x.M, x.K, x.K, x.N, x.Kernels, x.Threads,
			x.OursRate, x.TorchRate, x.Ratio, share(ours), share(theirs), x.Setting)
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("bench: write the report: %w", err)
	}
	return nil
}

// share is a share of the peak in words; without a peak there is none.
func share(x float64) string {
	if x == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f%%", 100*x)
}
