package host

import (
	"context"
	"fmt"
	"math"
	"slices"

	"google.golang.org/grpc"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/proto"
)

// Scorer is a scoring function in a plugin process. It is safe for concurrent
// use.
type Scorer struct {
	loaded
	outputs []sdk.Output
}

// LoadScorer loads a scoring function; the model's Space may be nil.
func (c *Client) LoadScorer(ctx context.Context, m Model) (*Scorer, error) {
	const call = "Scorer.Load"
	reply, err := load(ctx, c, call, m, func(ctx context.Context) (grpc.ClientStreamingClient[proto.LoadRequest, proto.LoadScorerReply], error) {
		return c.scorer.Load(ctx)
	})
	if err != nil {
		return nil, err
	}
	l, err := c.newLoaded(call, reply.GetHandle(), nil)
	if err != nil {
		return nil, err
	}
	s := &Scorer{loaded: l}
	for i, o := range reply.GetOutputs() {
		if o.GetName() == "" || slices.ContainsFunc(s.outputs, func(p sdk.Output) bool { return p.Name == o.GetName() }) {
			return nil, c.wrong(call, fmt.Sprintf("output %d", i), "the name %q is empty or there twice", o.GetName())
		}
		if why := unfit(o.GetName()); why != "" {
			return nil, c.wrong(call, fmt.Sprintf("output %d", i), "its name %s", why)
		}
		s.outputs = append(s.outputs, sdk.Output{
			Name: o.GetName(), Unit: Line(o.GetUnit()), Low: o.GetLow(), High: o.GetHigh(),
			HigherIsBetter: o.GetHigherIsBetter(), Summary: Line(o.GetSummary()),
		})
	}
	if len(s.outputs) == 0 {
		return nil, c.wrong(call, "outputs", "there are none")
	}
	return s, nil
}

// Outputs are the numbers that the scorer computes.
func (s *Scorer) Outputs() []sdk.Output { return slices.Clone(s.outputs) }

// Unload frees the scorer in the plugin.
func (s *Scorer) Unload(ctx context.Context) error {
	return s.unload(ctx, "Scorer.Unload", func(ctx context.Context, r *proto.UnloadRequest) error {
		_, err := s.c.scorer.Unload(ctx, r)
		return err
	})
}

// Score asks for the scores of molecules, in order. An error means that the
// plugin failed; a molecule without a score has a status that says why.
func (s *Scorer) Score(ctx context.Context, smiles []string) ([]sdk.Score, error) {
	out := make([]sdk.Score, len(smiles))
	size := s.c.opt.Molecules
	err := fanOut((len(smiles)+size-1)/size, s.c.opt.Calls, func(b int) error {
		lo, hi := b*size, min((b+1)*size, len(smiles))
		return s.message(ctx, lo, smiles[lo:hi], out[lo:hi])
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

var statusFromWire = map[proto.Status]sdk.Status{
	proto.Status_STATUS_OK:             sdk.OK,
	proto.Status_STATUS_FAILED:         sdk.ScoreFailed,
	proto.Status_STATUS_TIMED_OUT:      sdk.TimedOut,
	proto.Status_STATUS_NOT_APPLICABLE: sdk.NotApplicable,
}

func (s *Scorer) message(ctx context.Context, first int, smiles []string, out []sdk.Score) error {
	const call = "Scorer.Score"
	limit := s.c.opt.Timeouts.Score
	inner, cancel := withTimeout(ctx, limit)
	defer cancel()
	reply, err := s.c.scorer.Score(inner, &proto.ScoreRequest{Handle: s.handle, Smiles: smiles})
	if err != nil {
		return s.c.fail(ctx, call, limit, err)
	}
	if len(reply.GetScores()) != len(smiles) {
		return s.c.wrong(call, "scores", "%d for %d molecules", len(reply.GetScores()), len(smiles))
	}
	for i, w := range reply.GetScores() {
		place := fmt.Sprintf("molecule %d (%s)", first+i, smiles[i])
		sc := sdk.Score{Status: statusFromWire[w.GetStatus()], Reason: Line(w.GetReason())}
		switch {
		case sc.Status == 0:
			return s.c.wrong(call, place, "has no status")
		case sc.Status == sdk.OK && len(w.GetValues()) != len(s.outputs):
			return s.c.wrong(call, place, "%d values for %d outputs", len(w.GetValues()), len(s.outputs))
		case sc.Status == sdk.OK:
			sc.Values = w.GetValues()
		}
		for k, v := range sc.Values {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return s.c.wrong(call, place+", output "+s.outputs[k].Name, "%v is no score; a molecule without one has another status", v)
			}
		}
		out[i] = sc
	}
	return nil
}
