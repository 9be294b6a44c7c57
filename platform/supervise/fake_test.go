package supervise

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
)

func nil2ctx() context.Context { return context.Background() }

// preference is the log-preference that a fake gives: a number from -3 to 3.
func preference(weights string, s space.State, cell int) float32 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s|%x|%d", weights, string(s), cell)
	return float32(6*float64(h.Sum64()>>11)/(1<<53) - 3)
}

// expected is what the host makes of it.
func expected(sp space.Space, weights string, s space.State) space.Steps {
	legal := make([]bool, sp.Rows(s)*sp.Columns())
	stop := sp.Legal(s, legal)
	out := space.Steps{Stop: math.Inf(-1), Cells: make([]float64, len(legal)), Prob: make([]float64, len(legal))}
	sum := 0.0
	if stop {
		sum = math.Exp(float64(preference(weights, s, -1)))
	}
	for c, ok := range legal {
		if ok {
			sum += math.Exp(float64(preference(weights, s, c)))
		}
	}
	if stop {
		out.Stop = float64(preference(weights, s, -1)) - math.Log(sum)
	}
	for c, ok := range legal {
		out.Cells[c] = math.Inf(-1)
		if ok {
			out.Cells[c] = float64(preference(weights, s, c)) - math.Log(sum)
		}
		out.Prob[c] = math.Exp(out.Cells[c])
	}
	return out
}

// fakePolicy is a policy of some kind, see misbehave.
type fakePolicy struct{ kind, weights string }

func (f fakePolicy) Load(_ context.Context, req sdk.LoadRequest) (sdk.PolicyModel, error) {
	f.weights = string(req.Weights)
	if f.kind == "deaf at load" {
		return &f, misbehave("deaf")
	}
	return &f, nil
}
func (*fakePolicy) Info() sdk.PolicyInfo { return sdk.PolicyInfo{} }
func (*fakePolicy) Close() error         { return nil }

func (f *fakePolicy) Step(_ context.Context, req *sdk.StepRequest, reply *sdk.StepReply) error {
	if err := misbehave(f.kind); err != nil {
		return err
	}
	for i, s := range req.States {
		reply.Stop[i] = preference(f.weights, s, -1)
		for c := range reply.Cells(i) {
			reply.Cells(i)[c] = preference(f.weights, s, c)
		}
	}
	switch f.kind {
	case "NaN":
		reply.Cells(0)[1] = float32(math.NaN())
	case "short":
		reply.Stop = reply.Stop[1:]
	}
	return nil
}

// envScorer scores a molecule by whether the plugin sees the variable of that
// name; the reason is what its standard input and process group are.
type envScorer struct{}

func (envScorer) Load(context.Context, sdk.LoadRequest) (sdk.ScorerModel, error) {
	return envScorer{}, nil
}
func (envScorer) Close() error { return nil }
func (envScorer) Info() sdk.ScorerInfo {
	return sdk.ScorerInfo{Outputs: []sdk.Output{{Name: "seen"}}}
}

func (envScorer) Score(_ context.Context, names []string) ([]sdk.Score, error) {
	out := make([]sdk.Score, len(names))
	for i, name := range names {
		seen := 0.0
		if slices.ContainsFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, name+"=") }) {
			seen = 1
		}
		target, _ := os.Readlink("/proc/self/fd/0")
		out[i] = sdk.Score{Status: sdk.OK, Values: []float64{seen}, Reason: target}
	}
	return out, nil
}

// fakeTrainer adds rewards up over ten rounds; a kind that dies does so at
// round five.
type fakeTrainer struct{ kind string }

func (f fakeTrainer) Train(ctx context.Context, start sdk.TrainStart, h sdk.TrainHost) (sdk.Trained, error) {
	first, sum := 0, 0.0
	if len(start.Checkpoint) > 0 {
		if _, err := fmt.Sscan(string(start.Checkpoint), &first, &sum); err != nil {
			return sdk.Trained{}, err
		}
	}
	for i := first; i < 10; i++ {
		r, err := h.Rewards(ctx, []space.State{""}, nil)
		if err != nil {
			return sdk.Trained{}, err
		}
		if i == 5 {
			if err := misbehave(f.kind); err != nil {
				return sdk.Trained{}, err
			}
		}
		sum += r[0].Log
		if err := h.Checkpoint(ctx, fmt.Appendf(nil, "%d %g", i+1, sum)); err != nil {
			return sdk.Trained{}, err
		}
	}
	return sdk.Trained{Weights: []byte(strconv.FormatFloat(sum, 'g', -1, 64))}, nil
}
