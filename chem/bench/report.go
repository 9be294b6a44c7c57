package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"
)

// report is the result of a run.
type report struct {
	CPU         string       `json:"cpu"`
	Go          string       `json:"go"`
	RDKit       string       `json:"rdkit"`
	Molecules   int          `json:"molecules"`
	Repetitions int          `json:"repetitions"`
	Rows        []row        `json:"rows"`
	Threads     []threadsRow `json:"threads,omitempty"`
}

// row compares us with RDKit. Rates are molecules or pairs per second.
type row struct {
	Name         string    `json:"name"`
	About        string    `json:"about"`
	Molecules    int       `json:"molecules"`
	Items        float64   `json:"items"`  // molecules or pairs of a pass
	Differ       int       `json:"differ"` // molecules for which the answers differ
	Ours         float64   `json:"ours"`
	RDKit        float64   `json:"rdkit"`
	Ratio        float64   `json:"ratio"`
	Bar          float64   `json:"bar,omitempty"` // the ratio that we mean to reach
	Allocations  float64   `json:"allocations"`   // of ours per molecule
	Bytes        float64   `json:"bytes"`         // of ours per molecule
	OurSeconds   []float64 `json:"our_seconds"`   // of a pass, by repetition
	RDKitSeconds []float64 `json:"rdkit_seconds"`
}

// threadsRow compares two threads with one.
type threadsRow struct {
	Name       string    `json:"name"`
	About      string    `json:"about"`
	One        float64   `json:"one"`
	Two        float64   `json:"two"`
	Ratio      float64   `json:"ratio"`
	Bar        float64   `json:"bar"`
	OneSeconds []float64 `json:"one_seconds"` // of a pass, by repetition
	TwoSeconds []float64 `json:"two_seconds"`
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
	fmt.Fprintf(w, "%s, %s, rdkit %s; %d molecules, median of %d repetitions\n\n", r.CPU, r.Go, r.RDKit, r.Molecules, r.Repetitions)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "one thread\tours/s\trdkit/s\tratio\tbar\tmolecules\tdiffer\tallocations\tbytes\t")
	for _, x := range r.Rows {
		bar := ""
		if x.Bar > 0 {
			bar = fmt.Sprintf("%g", x.Bar)
		}
		fmt.Fprintf(t, "%s\t%.0f\t%.0f\t%.1f\t%s\t%d\t%d\t%.1f\t%.0f\t\n", x.About, x.Ours, x.RDKit, x.Ratio, bar, x.Molecules, x.Differ, x.Allocations, x.Bytes)
	}
	if len(r.Threads) > 0 {
		fmt.Fprintln(t, "\t\t\t\t\t\t\t\t\t\nthreads\ttwo/s\tone/s\tratio\tbar\t\t\t\t\t")
	}
	for _, x := range r.Threads {
		fmt.Fprintf(t, "%s\t%.0f\t%.0f\t%.2f\t%g\t\t\t\t\t\n", x.About, x.Two, x.One, x.Ratio, x.Bar)
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("bench: write the report: %w", err)
	}
	return nil
}
