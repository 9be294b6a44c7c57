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

// row is a measurement of the network.
type row struct {
	Name      string  `json:"name"`
	Trees     int     `json:"trees"`
	Tokens    int     `json:"tokens"` // that are there, without padding
	Train     bool    `json:"train"`
	FLOP      float64 `json:"flop"` // of the matrix products, once
	Count     int     `json:"times_per_repetition"`
	Ours      times   `json:"ours"`
	Torch     times   `json:"torch"`
	Ratio     float64 `json:"ratio"`              // torch's median by ours
	OursPeak  float64 `json:"ours_share_of_peak"` // of the measured peak of all threads
	TorchPeak float64 `json:"torch_share_of_peak"`
	Setting   setting `json:"torch_setting"`
	// Allocated is the bytes that our side allocates each time.
	Allocated float64   `json:"ours_bytes"`
	GCs       uint32    `json:"ours_gcs"` // in all repetitions
	Differ    agreement `json:"relative_difference"`
}

// work is what a row does.
type work struct {
	name  string
	sizes []int
	train bool
}

// networkRows are the rows of the network.
func networkRows(r *rand.Rand) []work {
	full := func(trees int) []int { return slices.Repeat([]int{10}, trees) }
	rows := []work{{"train, 512 trees of 10 nodes", full(512), true}}
	for _, n := range []int{1, 16, 64, 256} {
		rows = append(rows, work{fmt.Sprintf("infer, %d trees of 10 nodes", n), full(n), false})
	}
	ragged := make([]int, 512)
	for i := range ragged {
		ragged[i] = 2 + r.IntN(9)
	}
	return append(rows, work{"train, 512 trees of 2 to 10 nodes", ragged, true})
}

// networks measures rows of the network with each row's fastest of these
// settings of torch. It fails where the sides do not compute the same.
func (b *bench) networks(ctx context.Context, kernels string, list []setting, rows []work, r *rand.Rand) (out []row, err error) {
	ours, err := b.ours(ctx, kernels, b.threads)
	if err != nil {
		return nil, err
	}
	defer func() { err = cmp.Or(err, ours.close()) }()
	var theirs []attempt
	for _, s := range list {
		t, err := b.torch(ctx, s)
		if err != nil {
			return nil, err
		}
		defer func() { err = cmp.Or(err, t.close()) }()
		theirs = append(theirs, attempt{t, s})
	}
	var best float64
	for _, w := range rows {
		fmt.Fprintf(b.progress, "%s ...\n", w.name)
		if best, err = peak(ours, best); err != nil {
			return nil, err
		}
		m, err := b.network(w, r, ours, theirs)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w.name, err)
		}
		out = append(out, m)
	}
	for i := range out {
		if m := &out[i]; best > 0 {
			m.OursPeak, m.TorchPeak = m.FLOP/m.Ours.Median/best, m.FLOP/m.Torch.Median/best
		}
	}
	return out, nil
}

// network measures a row.
func (b *bench) network(w work, r *rand.Rand, ours *side, theirs []attempt) (m row, err error) {
	x := newBatch(w.sizes, r)
	m = row{Name: w.name, Trees: len(w.sizes), Tokens: x.tokens.Live, Train: w.train, FLOP: x.flop(w.train)}
	if m.Differ, err = b.compare(x, r, ours, theirs); err != nil {
		return m, err
	}
	do := "infer"
	if w.train {
		do = "train"
	}
	best, count, err := fastest(theirs, do)
	if err != nil {
		return m, err
	}
	if !w.train {
		var ways []attempt
		for _, best.setting.Form = range forms {
			ways = append(ways, best)
		}
		if best, count, err = fastest(ways, do); err != nil {
			return m, err
		}
	}
	m.Setting, m.Count = best.setting, count
	again := request{Do: do, Count: count, Form: best.setting.Form}
	if _, err = ours.ask(again); err != nil { // it warms up
		return m, err
	}
	before, err := ours.ask(request{Do: "memory"})
	if err != nil {
		return m, err
	}
	if m.Ours, m.Torch, err = b.interleaved(ours, best.side, again); err != nil {
		return m, err
	}
	after, err := ours.ask(request{Do: "memory"})
	if err != nil {
		return m, err
	}
	m.Allocated = float64(after.Bytes-before.Bytes) / float64(b.repetitions*m.Count)
	m.GCs = after.GCs - before.GCs
	m.Ratio = m.Torch.Median / m.Ours.Median
	return m, nil
}

// checkSteps is how many training steps are compared.
const checkSteps = 3

// compare gives all sides the batch and fresh weights and compares what they
// compute of them: log-probabilities, all gradients, and the losses of a few
// steps of Adam.
func (b *bench) compare(x *batch, r *rand.Rand, ours *side, theirs []attempt) (a agreement, err error) {
	p, err := weights(r)
	if err != nil {
		return a, err
	}
	in := filepath.Join(b.dir, "batch")
	if err := writeFile(in, x.file(p)); err != nil {
		return a, err
	}
	sides := []*side{ours}
	for _, x := range theirs {
		sides = append(sides, x.side)
	}
	results := make([]*safetensors.File, len(sides))
	for i, s := range sides {
		if _, err := s.ask(request{Do: "load", File: in}); err != nil {
			return a, err
		}
		out := filepath.Join(b.dir, "results")
		if _, err := s.ask(request{Do: "check", Out: out, Count: checkSteps}); err != nil {
			return a, err
		}
		if results[i], err = readFile(out); err != nil {
			return a, err
		}
	}
	for i, f := range results[1:] {
		d, err := agree(results[0], f)
		if err != nil {
			return a, fmt.Errorf("%s: %w", theirs[i].side.name, err)
		}
		a = a.worse(d)
	}
	return a, nil
}
