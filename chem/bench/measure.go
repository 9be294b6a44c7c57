package main

import (
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"sync"
	"time"
)

// repetitionTime is how long a repetition should take at least, in seconds.
const repetitionTime = 0.2

// bench is what all rows share.
type bench struct {
	theirs      *rdkit
	repetitions int
	time        float64 // of a repetition, in seconds
	progress    io.Writer
}

// measure does all rows.
func (b *bench) measure(chosen []work, list []string) (*report, error) {
	about, err := b.theirs.ask(request{Do: "about"})
	if err != nil {
		return nil, err
	}
	r := &report{CPU: processor(), Go: runtime.Version(), RDKit: about.Version, Molecules: len(list), Repetitions: b.repetitions}
	for _, w := range chosen {
		fmt.Fprintf(b.progress, "%s\n", w.about)
		part := list
		if w.limit > 0 {
			part = list[:min(len(list), w.limit)]
		}
		row, err := b.row(w, part)
		if err != nil {
			return nil, err
		}
		r.Rows = append(r.Rows, row)
	}
	for _, w := range chosen {
		if w.bar == 0 || runtime.NumCPU() < 2 {
			continue
		}
		fmt.Fprintf(b.progress, "%s, two threads\n", w.about)
		row, err := b.threads(w, list)
		if err != nil {
			return nil, err
		}
		r.Threads = append(r.Threads, row)
	}
	return r, nil
}

// disagreements is the greatest share of molecules for which the sides may
// answer differently.
const disagreements = 1e-3

// row compares the answers of both sides and measures them in turn.
func (b *bench) row(w work, list []string) (row, error) {
	out := row{Name: w.name, About: w.about, Bar: w.bar, Molecules: len(list), Items: w.items(len(list))}
	worker, err := w.prepare(list)
	if err != nil {
		return out, err
	}
	do := worker()
	a, err := b.theirs.ask(request{Do: "answers", Work: w.name, List: list})
	if err != nil {
		return out, err
	}
	if len(a.Answers) != len(list) {
		return out, fmt.Errorf("bench: %s: rdkit gives %d answers for %d molecules", w.name, len(a.Answers), len(list))
	}
	for i, theirs := range a.Answers {
		ours, err := do(i, true)
		if err != nil {
			return out, fmt.Errorf("bench: %s: %s: %w", w.name, list[i], err)
		}
		if !w.agree(ours, theirs) {
			if out.Differ++; float64(out.Differ) > math.Ceil(disagreements*float64(len(list))) {
				return out, fmt.Errorf("bench: %s: %s: %q, rdkit says %q; %d molecules differ", w.name, list[i], ours, theirs, out.Differ)
			}
		}
	}

	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	pass := func(count int) error { return repeat(do, len(list), count) }
	ourCount, theirCount := 1, 1
	for trial := range 2 { // the first warms up
		o, err := processorSeconds(ourCount, pass)
		if err != nil {
			return out, err
		}
		t, err := b.theirs.ask(request{Do: "time", Work: w.name, Count: theirCount})
		if err != nil {
			return out, err
		}
		if trial == 1 {
			ourCount, theirCount = b.count(o), b.count(t.Seconds)
		}
	}
	before := memory()
	if err := pass(1); err != nil {
		return out, err
	}
	after := memory()
	out.Allocations = float64(after.Mallocs-before.Mallocs) / float64(len(list))
	out.Bytes = float64(after.TotalAlloc-before.TotalAlloc) / float64(len(list))
	for range b.repetitions {
		o, err := processorSeconds(ourCount, pass)
		if err != nil {
			return out, err
		}
		t, err := b.theirs.ask(request{Do: "time", Work: w.name, Count: theirCount})
		if err != nil {
			return out, err
		}
		out.OurSeconds, out.RDKitSeconds = append(out.OurSeconds, o), append(out.RDKitSeconds, t.Seconds)
	}
	out.Ours, out.RDKit = out.Items/median(out.OurSeconds), out.Items/median(out.RDKitSeconds)
	out.Ratio = out.Ours / out.RDKit
	return out, nil
}

// items is how many of what the rate counts a pass over n molecules does.
func (w work) items(n int) float64 {
	if w.pairs {
		return float64(n) * float64(n)
	}
	return float64(n)
}

// count is how often work that takes so long is done in a repetition.
func (b *bench) count(seconds float64) int {
	return int(min(max(math.Ceil(b.time/max(seconds, 1e-9)), 1), 1e6))
}

// repeat does the work for n molecules, count times.
func repeat(do job, n, count int) error {
	for range count {
		for i := range n {
			if _, err := do(i, false); err != nil {
				return err
			}
		}
	}
	return nil
}

// processorSeconds is the processor's time for a pass that is done count times.
func processorSeconds(count int, pass func(int) error) (float64, error) {
	start, err := processorTime()
	if err != nil {
		return 0, fmt.Errorf("bench: measure: %w", err)
	}
	if err := pass(count); err != nil {
		return 0, fmt.Errorf("bench: measure: %w", err)
	}
	end, err := processorTime()
	if err != nil {
		return 0, fmt.Errorf("bench: measure: %w", err)
	}
	return (end - start).Seconds() / float64(count), nil
}

func memory() runtime.MemStats {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m
}

// threads measures ours on two threads against one, in turn.
func (b *bench) threads(w work, list []string) (threadsRow, error) {
	out := threadsRow{Name: w.name, About: w.about, Bar: 1.8}
	worker, err := w.prepare(list)
	if err != nil {
		return out, err
	}
	jobs := [2]job{worker(), worker()}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	one := func(count int) error { return wide(jobs[:1], len(list), count) }
	two := func(count int) error { return wide(jobs[:], len(list), count) }
	first, err := seconds(1, one)
	if err != nil {
		return out, err
	}
	count := b.count(first)
	for range b.repetitions {
		runtime.GOMAXPROCS(1)
		o, err := seconds(count, one)
		if err != nil {
			return out, err
		}
		runtime.GOMAXPROCS(2)
		t, err := seconds(count, two)
		if err != nil {
			return out, err
		}
		out.OneSeconds, out.TwoSeconds = append(out.OneSeconds, o), append(out.TwoSeconds, t)
	}
	items := w.items(len(list))
	out.One, out.Two = items/slices.Min(out.OneSeconds), items/slices.Min(out.TwoSeconds)
	out.Ratio = out.Two / out.One
	return out, nil
}

// wide does the work for n molecules count times, in as many threads as there
// are jobs, each for an even part of the molecules.
func wide(jobs []job, n, count int) error {
	errs := make([]error, len(jobs))
	var wg sync.WaitGroup
	for k, do := range jobs {
		low, high := k*n/len(jobs), (k+1)*n/len(jobs)
		wg.Go(func() {
			part := func(i int, wanted bool) (string, error) { return do(low+i, wanted) }
			errs[k] = repeat(part, high-low, count)
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// seconds is the time of day for a pass that is done count times.
func seconds(count int, pass func(int) error) (float64, error) {
	start := time.Now()
	if err := pass(count); err != nil {
		return 0, fmt.Errorf("bench: measure: %w", err)
	}
	return time.Since(start).Seconds() / float64(count), nil
}

// median is that of a list that is not empty.
func median(x []float64) float64 {
	s := slices.Sorted(slices.Values(x))
	n := len(s)
	return (s[(n-1)/2] + s[n/2]) / 2
}
