package sample

import (
	"context"
	"fmt"
	"hash/fnv"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Nested is the evidence of a composite nested in another.
type Nested struct {
	Expression  *compose.Expression
	LogEvidence Estimate
}

// Normalise estimates the evidence of every composite nested in an expression,
// inner ones first, each by its own sampler, so that the expression can be
// compiled. The policies are by name of model. Options give the seed and the
// size of the estimate; Populations 0 means 64 here, and the method is chosen by
// itself. An estimate depends on the seed and the composite's own text, not on
// what it is nested in. It returns at once where nothing is nested.
//
// The target of the outer composition is off by the error of these estimates,
// as if an alpha had been changed by that much.
func Normalise(ctx context.Context, sp space.Space, policies map[string]space.Policy, e *compose.Expression, opts Options) (compose.Normalisers, []Nested, error) {
	known := compose.Normalisers{}
	var found []Nested
	opts.Method, opts.First = Auto, 0
	if opts.Populations == 0 {
		opts.Populations = 64
	}
	for _, inner := range compose.Nested(e) {
		c, err := compose.Compile(inner, nil, known)
		if err != nil {
			return nil, nil, err
		}
		bases := make([]space.Policy, len(c.Models()))
		for i, name := range c.Models() {
			if bases[i] = policies[name]; bases[i] == nil {
				return nil, nil, fmt.Errorf("sample: normalise %s: no policy for model %s", inner, name)
			}
		}
		own := opts
		own.Seed = NestedSeed(opts.Seed, inner)
		s, err := New(sp, bases, c, own)
		if err != nil {
			return nil, nil, err
		}
		var evidence Evidence
		for p, err := range s.Populations(ctx) {
			if err != nil {
				return nil, nil, fmt.Errorf("sample: normalise %s: %w", inner, err)
			}
			evidence.Add(p)
		}
		logZ, err := evidence.Log()
		if err != nil {
			return nil, nil, fmt.Errorf("sample: normalise %s: %w", inner, err)
		}
		known[inner.String()] = logZ.Value
		found = append(found, Nested{inner, logZ})
	}
	return known, found, nil
}

// NestedSeed is the seed that the evidence of a nested composition is found with:
// populations of its own, which share no random number with others of the seed.
func NestedSeed(seed uint64, inner *compose.Expression) uint64 {
	text := fnv.New64a()
	text.Write([]byte(inner.String())) // never fails
	return scramble(seed ^ text.Sum64())
}
