package oracle

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/molsculpt/molsculpt/platform/compose"
)

// PathSpace is the composite that samplers of path likelihoods follow, for any
// models: end points x with the sum of gamma(tau) over the paths to x. For
// balanced models, whose likelihoods have the same ratios on all paths to x,
// that is [Composite]; else it differs, by less than the models' own errors
// where these are small.
type PathSpace struct {
	Terminal    []float64 // log-probability of each end point
	LogEvidence float64
	Atoms       int // bundles of paths kept apart, over all states
}

// PathSpaceOptions steer the sum over paths. The zero value sums over every
// single path.
type PathSpaceOptions struct {
	// Spacing bundles the paths to a state whose log-likelihood ratios between
	// models lie in the same cell of this width, in nats. A bundle holds the
	// summed likelihood of its paths under each model. What is lost is of second
	// order in the spacing: halve it to see how much. 0 keeps all paths apart.
	Spacing float64

	// Limit is the number of bundles that may be held at once; 0 means 5
	// million.
	Limit int
}

// NarrowPathSpace sums over bundles that are narrower each time, each half as wide
// as before, until enough says that it is: of how much the law has changed by the
// last halving, in L1, and of what it is now. Where bundles would become too many it
// returns the last sum, if there is one, with the error.
func NarrowPathSpace(c *compose.Composition, laws []*Law, enough func(change float64, p *PathSpace) bool) (*PathSpace, error) {
	var last *PathSpace
	for spacing := .1; ; spacing /= 2 {
		p, err := PathSpaceOf(c, laws, PathSpaceOptions{Spacing: spacing})
		if err != nil {
			return last, err
		}
		if last != nil && enough(L1(last.Terminal, p.Terminal), p) {
			return p, nil
		}
		last = p
	}
}

// PathSpaceOf sums a composition over all paths of the models. Compositions are
// homogeneous of degree one in the likelihoods and that of the backward kernel,
// gamma(t P, t B) = t gamma(P, B), so paths of equal ratios can be summed before
// gamma is taken.
func PathSpaceOf(c *compose.Composition, laws []*Law, opts PathSpaceOptions) (*PathSpace, error) {
	if opts.Limit == 0 {
		opts.Limit = 5_000_000
	}
	g := laws[0].Graph
	m := len(laws)
	width := m // of a bundle: the models and, where it matters, the backward kernel
	if c.UsesBackward() {
		width++
	}
	out := &PathSpace{Terminal: impossible(len(g.States))}
	at := make([]bundles, len(g.States))
	at[0].add(make([]float64, width), m, 0)
	held := 1
	l := make([]float64, width)
	logB := 0.
	for s := range g.States {
		b := &at[s]
		out.Atoms += len(b.index)
		for a := 0; a < len(b.logs); a += width {
			from := b.logs[a : a+width]
			for i, law := range laws {
				l[i] = from[i] + law.Stop[s]
			}
			if width > m {
				logB = from[m]
			}
			out.Terminal[s] = logAdd(out.Terminal[s], c.LogDensity(l[:m], logB))
			for k, e := range g.Children[s] {
				for i, law := range laws {
					l[i] = from[i] + law.Step[s][k]
				}
				if width > m {
					l[m] = logB - math.Log(float64(g.Parents[e.Child]))
				}
				if at[e.Child].add(l, m, opts.Spacing) {
					held++
				}
			}
		}
		held -= len(b.index)
		at[s] = bundles{}
		if held > opts.Limit {
			return nil, fmt.Errorf("oracle: sum over paths: more than %d bundles of paths; a spacing wider than %g needs fewer", opts.Limit, opts.Spacing)
		}
	}
	if out.LogEvidence = Normalise(out.Terminal); math.IsInf(out.LogEvidence, -1) {
		return nil, ErrNoSupport
	}
	return out, nil
}

// bundles are the paths to one state.
type bundles struct {
	index map[string]int // of a cell of ratios, in logs
	logs  []float64      // side by side, one bundle after another
	key   []byte
}

// add puts a path, or a bundle of them, to those of the same cell; fresh says
// that it is the first there. Paths that no model takes are dropped.
func (b *bundles) add(l []float64, m int, spacing float64) (fresh bool) {
	reference := math.Inf(-1)
	for i := range m {
		reference = math.Max(reference, l[i])
	}
	if math.IsInf(reference, -1) {
		return false
	}
	if b.index == nil {
		b.index = map[string]int{}
	}
	b.key = b.key[:0]
	if spacing == 0 {
		b.key = binary.LittleEndian.AppendUint64(b.key, uint64(len(b.index)))
	} else {
		// Which model is likeliest must not matter: ratios are taken to the
		// mean of the possible ones.
		var mean, n float64
		for i := range m {
			if !math.IsInf(l[i], -1) {
				mean += l[i]
				n++
			}
		}
		mean /= n
		for _, v := range l {
			cell := int64(math.MinInt64)
			if !math.IsInf(v, -1) {
				cell = int64(math.Floor((v-mean)/spacing + .5))
			}
			b.key = binary.LittleEndian.AppendUint64(b.key, uint64(cell))
		}
	}
	at, ok := b.index[string(b.key)]
	if !ok {
		b.index[string(b.key)] = len(b.logs)
		b.logs = append(b.logs, l...)
		return true
	}
	for i, v := range l {
		b.logs[at+i] = logAdd(b.logs[at+i], v)
	}
	return false
}
