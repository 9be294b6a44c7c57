package guide

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Source is a loaded guide over states: a [host.Guide], or one that a supervisor
// keeps alive.
type Source interface {
	Info() sdk.GuideInfo
	LogQ(ctx context.Context, req sdk.GuideRequest) (sdk.GuideReply, error)
	LogQActions(ctx context.Context, states []space.State, dst []host.GuideActions) error
}

// Reading is how a composition is read off the outcomes of a guide.
type Reading struct {
	// Condition is what the guide has to be loaded or asked with.
	Condition map[string]float64

	outcome   int         // that the composition observes, -1 where it observes less
	ways      []float64   // of each outcome: in how many lists of it the composition's is the beginning
	posterior [][]float64 // of each model of the composition: the same for it as the first observation
}

// tolerance is how far weights of models may be from equal.
const tolerance = 1e-9

// Read finds a composition among the outcomes of a guide. It must be a list of
// observations over the guide's models, which have the same names and equal
// weights, and be no longer than what the guide observes; what the guide observes
// besides is summed over.
func Read(info sdk.GuideInfo, c *compose.Composition) (*Reading, error) {
	fail := func(format string, args ...any) (*Reading, error) {
		return nil, fmt.Errorf("guide: read %s off a guide of %v: "+format, append([]any{c.Expression(), info.Models}, args...)...)
	}
	o, ok := c.Observations()
	m := len(info.Models)
	switch {
	case len(info.Lists) == 0:
		return fail("it does not say what its outcomes observe")
	case !ok:
		return fail("the composition is no list of observations")
	case len(c.Models()) != m:
		return fail("the composition is over the models %v", c.Models())
	case len(o.List) == 0 || len(o.List) > len(info.Lists[0]):
		return fail("the composition makes %d observations, the guide %d", len(o.List), len(info.Lists[0]))
	}
	number := make([]int, m) // of each model of the composition, in the guide
	for i, name := range c.Models() {
		if number[i] = slices.Index(info.Models, name); number[i] < 0 {
			return fail("it was not trained with %s", name)
		}
		if math.Abs(o.Weights[i]*float64(m)-1) > tolerance {
			return fail("the composition mixes its models by the weights %.3g", o.Weights)
		}
	}
	r := &Reading{Condition: map[string]float64{}}
	takesAlpha := slices.ContainsFunc(info.Conditions, func(c sdk.Condition) bool { return c.Name == sdk.LogitAlpha })
	var list []int
	for k, seen := range o.List {
		if seen.Kappa != 1 {
			return fail("an observation has the exponent %g", seen.Kappa)
		}
		list = append(list, number[seen.Label])
		even := true
		for _, a := range seen.Prior {
			even = even && math.Abs(a*float64(m)-1) <= tolerance
		}
		switch {
		case takesAlpha && k == 1:
			first := slices.Index(number, 0)
			r.Condition[sdk.LogitAlpha] = math.Log(seen.Prior[first] / (1 - seen.Prior[first]))
		case !even:
			return fail("observation %d has the prior weights %.3g", k+1, seen.Prior)
		}
	}
	r.outcome = -1
	if len(list) == len(info.Lists[0]) {
		if r.outcome, ok = info.Outcome(list); !ok {
			return fail("it does not tell the outcome %v", list)
		}
	}
	r.ways = ways(&info, list)
	for i := range c.Models() {
		r.posterior = append(r.posterior, ways(&info, []int{number[i]}))
	}
	return r, nil
}

// ways counts, for each outcome, the lists that begin with the given one.
func ways(info *sdk.GuideInfo, list []int) []float64 {
	out := make([]float64, len(info.Lists))
	for k, own := range info.Lists {
		if info.Ordered {
			if slices.Equal(own[:len(list)], list) {
				out[k] = 1
			}
			continue
		}
		rest := slices.Clone(own)
		fits := true
		for _, y := range list {
			at := slices.Index(rest, y)
			if at < 0 {
				fits = false
				break
			}
			rest = slices.Delete(rest, at, at+1)
		}
		if fits {
			other := sdk.GuideInfo{Lists: [][]int{rest}}
			out[k] = other.Multiplicity(0)
		}
	}
	return out
}

// logSum is log sum_k ways_k e^logQ_k.
func logSum(ways []float64, logQ []float32) float64 {
	top := math.Inf(-1)
	for k, w := range ways {
		if w > 0 {
			top = max(top, float64(logQ[k]))
		}
	}
	if math.IsInf(top, -1) {
		return top
	}
	sum := 0.0
	for k, w := range ways {
		if w > 0 {
			sum += w * math.Exp(float64(logQ[k])-top)
		}
	}
	return top + math.Log(sum)
}

// States is the guide as a twist by states; it has been given the reading's
// Condition.
func (r *Reading) States(g Source) sample.Posterior { return byStates{r, g} }

type byStates struct {
	*Reading
	g Source
}

// LogQ implements sample.Guide.
func (b byStates) LogQ(ctx context.Context, states []space.State, finished bool, dst []float64) error {
	req := sdk.GuideRequest{States: states}
	if finished {
		req.Finished = make([]bool, len(states))
		for i := range req.Finished {
			req.Finished[i] = true
		}
	}
	reply, err := b.g.LogQ(ctx, req)
	if err != nil {
		return err
	}
	k := len(b.ways)
	for i := range states {
		dst[i] = logSum(b.ways, reply.LogQ[i*k:(i+1)*k])
	}
	return nil
}

// LogPosterior implements sample.Posterior.
func (b byStates) LogPosterior(ctx context.Context, states []space.State, dst [][]float64) error {
	reply, err := b.g.LogQ(ctx, sdk.GuideRequest{States: states})
	if err != nil {
		return err
	}
	k := len(b.ways)
	for i := range states {
		for j, ways := range b.posterior {
			dst[i][j] = logSum(ways, reply.LogQ[i*k:(i+1)*k])
		}
	}
	return nil
}

// Actions is the guide as a twist by actions; it has been given the reading's
// Condition.
func (r *Reading) Actions(g Source) (sample.ActionGuide, error) {
	head := g.Info().Actions
	switch {
	case head == sdk.NoActions:
		return nil, fmt.Errorf("guide: it answers at states alone, not for actions")
	case head == sdk.ResidualActions && r.outcome < 0:
		return nil, fmt.Errorf("guide: its residuals are about %d observations, the composition makes less", len(g.Info().Lists[0]))
	}
	return &byActions{Reading: r, g: g, residual: head == sdk.ResidualActions}, nil
}

type byActions struct {
	*Reading
	g        Source
	residual bool
}

// Residual implements sample.ActionGuide.
func (b *byActions) Residual() bool { return b.residual }

// LogActions implements sample.ActionGuide.
func (b *byActions) LogActions(ctx context.Context, states []space.State, dst []sample.ActionValues) error {
	answers := make([]host.GuideActions, len(states))
	if err := b.g.LogQActions(ctx, states, answers); err != nil {
		return err
	}
	k := len(b.ways)
	value := func(v []float32) float64 {
		if b.residual {
			return float64(v[b.outcome])
		}
		return logSum(b.ways, v)
	}
	for i := range answers {
		a := &answers[i]
		dst[i].Stop = value(a.Stop)
		n := len(a.Cells) / k
		dst[i].Cells = slices.Grow(dst[i].Cells[:0], n)[:n]
		for c := range n {
			dst[i].Cells[c] = value(a.Cells[c*k : (c+1)*k])
		}
	}
	return nil
}
