package diffuse

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/sdk"
)

// twist is what a guide says of a composition: log Q of what it observes, and
// the mixture that the guide's observations are of.
type twist struct {
	logWeights []float64 // of the mixture, in the order of the composition's models
	share      []float64 // of each outcome's Q in that of the observations
	kappa      float64   // exponent of the observations
}

// newTwist finds a composition's observations among the outcomes of a guide.
func newTwist(c *compose.Composition, info sdk.GuideInfo, dim int) (*twist, error) {
	if info.Dimension != dim {
		return nil, fmt.Errorf("the guide is for points of %d numbers, the models for %d", info.Dimension, dim)
	}
	place, err := places(c.Models(), info.Models)
	if err != nil {
		return nil, err
	}
	obs, ok := c.Observations()
	if !ok {
		return nil, fmt.Errorf("%s observes nothing that a guide could tell", c.Expression())
	}
	equal := 1 / float64(len(info.Models))
	t := &twist{kappa: 1}
	for _, w := range obs.Weights {
		if math.Abs(w-equal) > 1e-9 {
			return nil, fmt.Errorf("%s starts from a mixture of the weights %.3g; the guide was trained for equal ones of all its models", c.Expression(), obs.Weights)
		}
		t.logWeights = append(t.logWeights, math.Log(w))
	}
	var labels []int
	for k, o := range obs.List {
		for _, a := range o.Prior {
			if math.Abs(a-equal) > 1e-9 {
				return nil, fmt.Errorf("%s has an observation of the balance %.3g; the guide was trained for equal ones", c.Expression(), o.Prior)
			}
		}
		if k > 0 && o.Kappa != t.kappa {
			return nil, fmt.Errorf("%s has observations of different exponents, which a guide cannot follow", c.Expression())
		}
		t.kappa = o.Kappa
		labels = append(labels, place[o.Label])
	}
	t.share, err = shares(&info, labels)
	return t, err
}

// places are the numbers that a guide gives the models of a composition.
func places(models, guided []string) ([]int, error) {
	out := make([]int, len(models))
	for i, name := range models {
		if out[i] = slices.Index(guided, name); out[i] < 0 {
			return nil, fmt.Errorf("the guide was trained for %v, not for %s", guided, name)
		}
	}
	if len(models) != len(guided) {
		return nil, fmt.Errorf("the guide was trained for %v, the composition is of %v", guided, models)
	}
	return out, nil
}

// modelShares are the shares of the one observation of each of some models.
func modelShares(info *sdk.GuideInfo, models []string) ([][]float64, error) {
	place, err := places(models, info.Models)
	if err != nil {
		return nil, err
	}
	out := make([][]float64, len(place))
	for i, label := range place {
		if out[i], err = shares(info, []int{label}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// shares are what the outcomes of a guide have to be multiplied by for their sum
// to be the probability of a list of observations, in its order: the number of
// lists of the remaining observations that complete it to the outcome.
func shares(info *sdk.GuideInfo, labels []int) ([]float64, error) {
	if len(info.Lists) == 0 || info.Ordered {
		return nil, fmt.Errorf("the guide does not tell exchangeable observations apart")
	}
	all := len(info.Lists[0])
	if len(labels) > all {
		return nil, fmt.Errorf("%d observations; the guide was trained for %d", len(labels), all)
	}
	out := make([]float64, len(info.Lists))
	rest := make([]int, all-len(labels))
	for {
		k, ok := info.Outcome(slices.Concat(labels, rest))
		if !ok {
			return nil, fmt.Errorf("the guide does not tell the observations %v", slices.Concat(labels, rest))
		}
		out[k]++
		i := len(rest) - 1
		for i >= 0 && rest[i] == len(info.Models)-1 {
			rest[i] = 0
			i--
		}
		if i < 0 {
			return out, nil
		}
		rest[i]++
	}
}

// value is log Q of the observations, with their exponent, from those of the
// outcomes; it writes its gradient.
func (t *twist) value(logQ, gradient []float32, slope []float64) float64 {
	return blend(t.share, t.kappa, logQ, gradient, slope)
}

// blend is kappa times the logarithm of a sum of outcomes, with its gradient.
func blend(share []float64, kappa float64, logQ, gradient []float32, slope []float64) float64 {
	top := logImpossible
	for k, s := range share {
		if s > 0 {
			top = max(top, float64(logQ[k]))
		}
	}
	fill(slope, 0)
	if math.IsInf(top, -1) {
		return top
	}
	var sum float64
	for k, s := range share {
		sum += s * math.Exp(float64(logQ[k])-top)
	}
	d := len(slope)
	for k, s := range share {
		if s == 0 {
			continue
		}
		part := kappa * s * math.Exp(float64(logQ[k])-top) / sum
		for j := range slope {
			slope[j] += part * float64(gradient[k*d+j])
		}
	}
	return kappa * (top + math.Log(sum))
}

// logMixture is the log-likelihood of a path under the mixture.
func (t *twist) logMixture(logs []float64) float64 {
	top := logImpossible
	for i, w := range t.logWeights {
		top = max(top, w+logs[i])
	}
	var sum float64
	for i, w := range t.logWeights {
		sum += math.Exp(w + logs[i] - top)
	}
	return top + math.Log(sum)
}

// posterior writes which model of the mixture a path is of.
func (t *twist) posterior(logs, dst []float64) {
	all := t.logMixture(logs)
	for i, w := range t.logWeights {
		dst[i] = math.Exp(w + logs[i] - all)
	}
}

// GuidedField is the composite score of Garipov et al. 2023 as a field of its
// own: the scores of the models, mixed by what the guide says of the first
// observation, plus the gradient of log Q of all. It depends on point and time
// alone, so every solver takes it; what it draws has no weights.
func GuidedField(fields []Field, guide Guide, target *compose.Composition, dim int, scale float64) (Field, error) {
	if err := Match(guide, target.Models(), fields); err != nil {
		return nil, fmt.Errorf("diffuse: guide a field: %w", err)
	}
	info := guide.Info()
	t, err := newTwist(target, info, dim)
	if err != nil {
		return nil, fmt.Errorf("diffuse: guide a field: %w", err)
	}
	g := &guidedField{fields: fields, guide: guide, twist: t, d: dim, scale: scale}
	if g.models, err = modelShares(&info, target.Models()); err != nil {
		return nil, fmt.Errorf("diffuse: guide a field: %w", err)
	}
	return g, nil
}

type guidedField struct {
	fields []Field
	models [][]float64 // shares of each model's being observed
	guide  Guide
	twist  *twist
	d      int
	scale  float64
}

// End implements [Ended]: what the models and the guide all know.
func (g *guidedField) End() float64 { return known(g.fields, g.guide) }

// Score implements [Field].
func (g *guidedField) Score(ctx context.Context, points []float32, times []float64, dst []float32) error {
	reply, err := g.guide.LogQ(ctx, sdk.GuideRequest{Points: points, Times: times, Gradient: true})
	if err != nil {
		return fmt.Errorf("diffuse: ask the guide: %w", err)
	}
	k, d := len(g.twist.share), g.d
	slope := make([]float64, d)
	total := make([]float64, len(points))
	for i := range times {
		g.twist.value(reply.LogQ[i*k:(i+1)*k], reply.Gradient[i*k*d:(i+1)*k*d], slope)
		for j, v := range slope {
			total[i*d+j] = g.scale * v
		}
	}
	one := make([]float32, len(points))
	for f, field := range g.fields {
		if err := field.Score(ctx, points, times, one); err != nil {
			return err
		}
		for i := range times {
			var p float64
			for o, s := range g.models[f] {
				p += s * math.Exp(float64(reply.LogQ[i*k+o]))
			}
			for j := i * d; j < (i+1)*d; j++ {
				total[j] += p * float64(one[j])
			}
		}
	}
	narrow(dst, total)
	return nil
}
