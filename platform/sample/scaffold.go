package sample

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/molsculpt/molsculpt/sdk/space"
	"gonum.org/v1/gonum/floats"
)

// LogVisits is the log-probability, under each policy, that a walk from the empty
// tree comes to the scaffold: log u(s*) with
//
//	u(s) = sum over parents s' of u(s') P(s|s'),    u("") = 1.
//
// It is exact: the sum over all paths to the scaffold runs over its subtrees, of
// which each policy is asked once. Where walks start at the scaffold they start
// with these, as if they had come there by every path at once. Without a scaffold
// all are 0. A policy's error is returned as it is.
//
// # Growing from a scaffold
//
// A molecule x that contains the scaffold can be made in other orders too. Of the
// ways back from x a share h(x) passes through the scaffold,
//
//	h(s) = mean over distinct parents s' of h(s'),    h(s*) = 1,
//
// 0 where s does not contain it, and so of balanced models' paths to x. The
// sampler has gamma(tau) / h(s) as the target of paths from s* to s: of balanced
// models the samples are then those of the composition's law, restricted to what
// contains the scaffold, and the evidence is the composition's share of it. Of
// others they are those of the paths through the scaffold, each x with the weight
// that these give it: sum of gamma over them, over h(x).
func (r *Region) LogVisits(ctx context.Context, policies []space.Policy) ([]float64, error) {
	out := make([]float64, len(policies))
	if r == nil || r.scaffold == "" {
		return out, nil
	}
	for i, policy := range policies {
		var err error
		if out[i], err = r.logVisit(ctx, policy); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (r *Region) logVisit(ctx context.Context, policy space.Policy) (float64, error) {
	index := make(map[space.State]int, len(r.parts))
	for i, s := range r.parts {
		index[s] = i
	}
	log := make([]float64, len(r.parts))
	parents := make([][]space.Parent, len(r.parts))
	ways := make([][]float64, len(r.parts)) // per part, log of u P of each parent, as they become known
	type edge struct{ child, parent int }
	edges := make([][]edge, len(r.parts))
	for i, s := range r.parts {
		parents[i] = r.space.Parents(s)
		ways[i] = make([]float64, len(parents[i]))
		for k, p := range parents[i] {
			from := index[p.State]
			edges[from] = append(edges[from], edge{i, k})
		}
	}
	answers := make([]space.Steps, min(batch, len(r.parts)))
	last := len(r.parts) - 1 // the scaffold, of which nothing is asked
	for first := 0; first < last; first += batch {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		states := r.parts[first:min(first+batch, last)]
		if err := policy.Steps(ctx, states, answers[:len(states)]); err != nil {
			return 0, err
		}
		for k := range states {
			at := first + k
			if at > 0 {
				log[at] = floats.LogSumExp(ways[at])
			}
			for _, e := range edges[at] {
				cells := parents[e.child][e.parent].Cells
				ways[e.child][e.parent] = log[at] + logSum(cells, func(c int) float64 { return answers[k].Cells[c] })
			}
		}
	}
	return floats.LogSumExp(ways[last]), nil
}

// partsOf lists the connected subtrees of a tree, the empty one and itself
// included, by size and then by bytes; nil where there are too many.
func partsOf(sp *space.Fragments, s space.State) []space.State {
	seen := map[space.State]bool{s: true}
	list := []space.State{s}
	for i := 0; i < len(list); i++ {
		for _, p := range sp.Parents(list[i]) {
			if !seen[p.State] {
				seen[p.State] = true
				list = append(list, p.State)
			}
		}
		if len(list) > maxParts {
			return nil
		}
	}
	slices.SortFunc(list, func(a, b space.State) int {
		if d := sp.Size(a) - sp.Size(b); d != 0 {
			return d
		}
		return strings.Compare(string(a), string(b))
	})
	return list
}

// passing finds h of a region's scaffold by dynamic programming over subtrees.
// What it forgets it computes again, so it never changes a result. The zero value,
// without a region, has h = 1.
type passing struct {
	region *Region
	known  map[space.State]float64
}

// log is the logarithm of h(s).
func (p *passing) log(s space.State) float64 {
	if p.region.start() == "" {
		return 0
	}
	return math.Log(p.probability(s))
}

// probability is h(s): that the backward walk from s passes through the scaffold.
func (p *passing) probability(s space.State) float64 {
	r := p.region
	if s == r.scaffold || r.scaffold == "" {
		return 1
	}
	if r.space.Size(s) <= r.space.Size(r.scaffold) {
		return 0
	}
	if h, ok := p.known[s]; ok {
		return h
	}
	h := 0.
	if r.covers(s) {
		parents := r.space.Parents(s)
		for _, parent := range parents {
			h += p.probability(parent.State)
		}
		h /= float64(len(parents))
	}
	if p.known == nil || len(p.known) >= maxKnown {
		p.known = map[space.State]float64{}
	}
	p.known[s] = h
	return h
}

// covers reports whether a tree has all fragments of the scaffold, which it has to
// have to contain it.
func (r *Region) covers(s space.State) bool {
	missing := r.space.Size(r.scaffold)
	found := make(map[int]int, len(r.needs))
	for _, n := range r.space.Nodes(s, nil) {
		if found[n.Fragment] < r.needs[n.Fragment] {
			found[n.Fragment]++
			missing--
		}
	}
	return missing == 0
}

// begin is where and how the walks of a stream start.
type begin struct {
	state space.State
	logU  []float64 // log-likelihood of the start under each model
	logQ  float64   // the guide's value of it
}

// begin finds where walks start. Rejection looks at whole paths.
func (s *Sampler) begin(ctx context.Context) (begin, error) {
	if s.opts.Method == Rejection || s.opts.Region == nil {
		return begin{logU: make([]float64, len(s.bases))}, nil
	}
	logU, err := s.opts.Region.LogVisits(ctx, s.bases)
	if err != nil {
		return begin{}, fmt.Errorf("sample: ask models about the scaffold: %w", err)
	}
	if math.IsInf(s.target.LogDensity(logU, 0), -1) {
		return begin{}, fmt.Errorf("%w: its models do not come to the scaffold", ErrNoSupport)
	}
	return begin{state: s.opts.Region.start(), logU: logU}, nil
}
