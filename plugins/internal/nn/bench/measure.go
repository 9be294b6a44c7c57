package main

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"time"
)

//go:embed network.py
var script string

// bench is what all rows share.
type bench struct {
	dir         string // for the files that the sides exchange
	python      string
	threads     int
	repetitions int
	progress    io.Writer
}

// ours starts our side with kernels of that name.
func (b *bench) ours(ctx context.Context, kernels string, threads int) (*side, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("bench: start ours: %w", err)
	}
	return start(ctx, "ours", append(os.Environ(), "MOLSCULPT_KERNELS="+kernels), self, serveArgument, strconv.Itoa(threads))
}

// torch starts torch.
func (b *bench) torch(ctx context.Context, s setting) (*side, error) {
	return start(ctx, "torch ("+s.String()+")", s.environment(), b.python, "-c", script, strconv.Itoa(s.Threads))
}

// times are the measured repetitions, in seconds.
type times struct {
	Median  float64   `json:"median"`
	Min     float64   `json:"min"`
	Seconds []float64 `json:"seconds"`
}

func newTimes(seconds []float64) times {
	return times{median(seconds), slices.Min(seconds), seconds}
}

// median is that of a list that is not empty.
func median(x []float64) float64 {
	s := slices.Sorted(slices.Values(x))
	n := len(s)
	return (s[(n-1)/2] + s[n/2]) / 2
}

// pause is how long the cores rest before a repetition. The threads of OpenBLAS
// go on spinning for some 25 ms after a product; whoever is measured in that
// time has one core less.
const pause = 100 * time.Millisecond

// measure asks for a repetition after a pause.
func measure(s *side, r request) (float64, error) {
	time.Sleep(pause)
	a, err := s.ask(r)
	return a.Seconds, err
}

// interleaved measures both sides in turn.
func (b *bench) interleaved(ours, theirs *side, r request) (o, t times, err error) {
	var seconds [2][]float64
	for range b.repetitions {
		for i, s := range []*side{ours, theirs} {
			x, err := measure(s, r)
			if err != nil {
				return o, t, err
			}
			seconds[i] = append(seconds[i], x)
		}
	}
	return newTimes(seconds[0]), newTimes(seconds[1]), nil
}

// repetitionTime is how long a repetition should take at least, in seconds.
const repetitionTime = 0.1

// counts is how often work that takes so long is done in a repetition.
func counts(seconds float64) int {
	return int(min(max(math.Ceil(repetitionTime/seconds), 1), 1000))
}

// attempt is a way for torch to do some work.
type attempt struct {
	side    *side
	setting setting
}

// fastest finds the fastest way, and how often the work is to be done in a
// repetition.
func fastest(list []attempt, do string) (best attempt, count int, err error) {
	least := math.Inf(1)
	for _, x := range list {
		var seconds []float64
		for trial := range 6 {
			s, err := measure(x.side, request{Do: do, Form: x.setting.Form, Count: max(count, 1)})
			if err != nil {
				return best, 0, err
			}
			switch {
			case trial == 0: // it warms up
			case count == 0:
				count = counts(s)
			default:
				seconds = append(seconds, s)
			}
		}
		if m := median(seconds); m < least {
			best, least = x, m
		}
	}
	return best, counts(least), nil
}

// peak asks our side for the peak of its threads, in operations per second, and
// returns it if it is above the best so far: what disturbs a measurement of a
// peak makes it lower.
func peak(ours *side, best float64) (float64, error) {
	time.Sleep(pause)
	a, err := ours.ask(request{Do: "peak", Count: 10})
	return max(a.Peak, best), err
}
