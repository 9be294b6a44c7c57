package sample_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/molsculpt/molsculpt/sdk/space"
)

// bag is a space where class sums matter: states are multisets of three letters,
// at most size of them, written in order; every letter stands in two columns,
// the first twice as often, so that two or three cells lead to one child.
// Stop is legal from the first letter on.
type bag struct{ size int }

const bagColumns = "aaabbcc"

func (b bag) Descriptor() space.Descriptor {
	return space.Descriptor{Kind: "bag/1", Kernel: space.UniformParents, MaxSize: b.size}
}
func (b bag) Columns() int { return len(bagColumns) }

func (b bag) Rows(s space.State) int {
	if len(s) == b.size {
		return 0
	}
	return 1
}

func (b bag) Legal(s space.State, legal []bool) bool {
	for c := range legal {
		// Twice the letter a is as many as a bag may hold.
		legal[c] = bagColumns[c] != 'a' || strings.Count(string(s), "a") < 2
	}
	return s != ""
}

func (b bag) Child(s space.State, cell int) space.State {
	letters := append([]byte(s), bagColumns[cell])
	slices.Sort(letters)
	return space.State(letters)
}

func (b bag) Parents(s space.State) []space.Parent {
	var out []space.Parent
	for i := range s {
		if i > 0 && s[i] == s[i-1] {
			continue
		}
		p := space.Parent{State: s[:i] + s[i+1:]}
		for c := range bagColumns {
			if bagColumns[c] == s[i] {
				p.Cells = append(p.Cells, c)
			}
		}
		out = append(out, p)
	}
	return out
}

func (b bag) Size(s space.State) int       { return len(s) }
func (b bag) Validate(s space.State) error { return nil }

// table is a policy given by random logits per state: not balanced, as trained
// models are not.
type table struct {
	space space.Space
	seed  uint64
	scale float64 // of the logits
}

func (t table) Steps(ctx context.Context, states []space.State, dst []space.Steps) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for i, s := range states {
		var h uint64 = 14695981039346656037
		for _, c := range []byte(s) {
			h = (h ^ uint64(c)) * 1099511628211
		}
		rng := rand.New(rand.NewPCG(t.seed, h))
		n := t.space.Rows(s) * t.space.Columns()
		legal := make([]bool, n)
		stop := t.space.Legal(s, legal)
		cells := slices.Grow(dst[i].Cells[:0], n)[:n]
		dst[i].Cells, dst[i].Stop = cells, math.Inf(-1)
		sum := 0.
		draw := func() float64 {
			l := t.scale * rng.NormFloat64()
			sum += math.Exp(l)
			return l
		}
		if stop {
			dst[i].Stop = draw()
		}
		for c := range cells {
			cells[c] = math.Inf(-1)
			if legal[c] {
				cells[c] = draw()
			}
		}
		dst[i].Stop -= math.Log(sum)
		for c := range cells {
			cells[c] -= math.Log(sum)
		}
	}
	return nil
}

// path is one of all paths of a space, with its exact likelihoods.
type path struct {
	states []space.State
	logs   []float64
	logB   float64
}

func (p path) key() string { return fmt.Sprint(p.states) }

// allPaths enumerates every finished path, with sums over cells for each step.
func allPaths(sp space.Space, bases []space.Policy) []path {
	var out []path
	var extend func(p path)
	extend = func(p path) {
		s := p.states[len(p.states)-1]
		n := sp.Rows(s) * sp.Columns()
		legal := make([]bool, n)
		stop := sp.Legal(s, legal)
		answers := make([]space.Steps, len(bases))
		for i, b := range bases {
			one := make([]space.Steps, 1)
			if err := b.Steps(context.Background(), []space.State{s}, one); err != nil {
				panic(err)
			}
			answers[i] = one[0]
		}
		if stop {
			end := path{p.states, slices.Clone(p.logs), p.logB}
			for i := range bases {
				end.logs[i] += answers[i].Stop
			}
			out = append(out, end)
		}
		children := map[space.State][]int{}
		for c := range legal {
			if legal[c] {
				child := sp.Child(s, c)
				children[child] = append(children[child], c)
			}
		}
		for child, cells := range children {
			next := path{append(slices.Clone(p.states), child), slices.Clone(p.logs), p.logB - math.Log(float64(len(sp.Parents(child))))}
			for i := range bases {
				sum := 0.
				for _, c := range cells {
					sum += math.Exp(answers[i].Cells[c])
				}
				next.logs[i] += math.Log(sum)
			}
			extend(next)
		}
	}
	extend(path{states: []space.State{""}, logs: make([]float64, len(bases))})
	return out
}
