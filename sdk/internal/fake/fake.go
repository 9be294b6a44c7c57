// Package fake has small plugins for the tests of the SDK and of its users:
// their answers are functions of their questions that a test can compute too.
package fake

import (
	"context"
	"errors"
	"hash/fnv"
	"math"
	"strconv"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Preference is the log-preference of a fake policy for a cell of a state, or
// for Stop where cell is -1: a number from -3 to 3 that depends on everything.
func Preference(weights string, beta float64, s space.State, cell int) float32 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(weights + "|" + string(s) + "|" + strconv.Itoa(cell)))
	u := float64(h.Sum64()>>11) / (1 << 53)
	return float32((6*u - 3) * beta)
}

// Policy answers Preference, over whole tables.
type Policy struct {
	// Before is called before each Step; may be nil.
	Before func(req *sdk.StepRequest, reply *sdk.StepReply) error
	// After may spoil each reply; may be nil.
	After func(req *sdk.StepRequest, reply *sdk.StepReply)
}

// Load implements sdk.Policy.
func (f Policy) Load(_ context.Context, req sdk.LoadRequest) (sdk.PolicyModel, error) {
	if string(req.Weights) == "refuse" {
		return nil, errors.New("these weights are for another network")
	}
	return &model{fake: f, weights: string(req.Weights)}, nil
}

type model struct {
	fake    Policy
	weights string
}

func (m *model) Info() sdk.PolicyInfo {
	return sdk.PolicyInfo{Conditions: []sdk.Condition{{Name: "beta", Min: 0, Max: 4, Default: 1}}}
}

func (m *model) Close() error { return nil }

func (m *model) Step(_ context.Context, req *sdk.StepRequest, reply *sdk.StepReply) error {
	if m.fake.Before != nil {
		if err := m.fake.Before(req, reply); err != nil {
			return err
		}
	}
	beta := req.Condition["beta"]
	for i, s := range req.States {
		reply.Stop[i] = Preference(m.weights, beta, s, -1)
		for c := range reply.Cells(i) {
			reply.Cells(i)[c] = Preference(m.weights, beta, s, c)
		}
	}
	if m.fake.After != nil {
		m.fake.After(req, reply)
	}
	return nil
}

// Steps is what a host should make of the answers of a fake policy.
func Steps(sp space.Space, weights string, beta float64, s space.State) space.Steps {
	n := sp.Rows(s) * sp.Columns()
	legal := make([]bool, n)
	stop := sp.Legal(s, legal)
	sum := 0.0
	if stop {
		sum = math.Exp(float64(Preference(weights, beta, s, -1)))
	}
	for c, ok := range legal {
		if ok {
			sum += math.Exp(float64(Preference(weights, beta, s, c)))
		}
	}
	out := space.Steps{Stop: math.Inf(-1), Cells: make([]float64, n), Prob: make([]float64, n)}
	if stop {
		out.Stop = float64(Preference(weights, beta, s, -1)) - math.Log(sum)
	}
	for c, ok := range legal {
		out.Cells[c] = math.Inf(-1)
		if ok {
			out.Cells[c] = float64(Preference(weights, beta, s, c)) - math.Log(sum)
		}
		out.Prob[c] = math.Exp(out.Cells[c])
	}
	return out
}

// Scorer answers the length of a molecule's text, and not for the empty one.
type Scorer struct{}

// Load implements sdk.Scorer.
func (Scorer) Load(context.Context, sdk.LoadRequest) (sdk.ScorerModel, error) { return scorer{}, nil }

type scorer struct{}

func (scorer) Info() sdk.ScorerInfo {
	return sdk.ScorerInfo{Outputs: []sdk.Output{{Name: "length", Unit: "characters", High: 100}}}
}

func (scorer) Close() error { return nil }

func (scorer) Score(_ context.Context, smiles []string) ([]sdk.Score, error) {
	out := make([]sdk.Score, len(smiles))
	for i, s := range smiles {
		out[i] = sdk.Score{Status: sdk.OK, Values: []float64{float64(len(s))}}
		if s == "" {
			out[i] = sdk.Score{Status: sdk.NotApplicable, Reason: "there is no molecule"}
		}
	}
	return out, nil
}

// Trainer proposes the initial state's children Steps times, with a checkpoint
// after each round, and gives the sum of the log-rewards as weights.
type Trainer struct {
	Rounds int
	// Round is called at the beginning of each; may be nil.
	Round func(i int)
}

// Train implements sdk.Trainer.
func (f Trainer) Train(ctx context.Context, start sdk.TrainStart, h sdk.TrainHost) (sdk.Trained, error) {
	sp, err := start.Space.Open()
	if err != nil {
		return sdk.Trained{}, err
	}
	first, sum := 0, 0.0
	if len(start.Checkpoint) > 0 {
		first = int(start.Checkpoint[0])
		if sum, err = strconv.ParseFloat(string(start.Checkpoint[1:]), 64); err != nil {
			return sdk.Trained{}, err
		}
	}
	states := []space.State{sp.Child("", 0), sp.Child("", 1)}
	for i := first; i < f.Rounds; i++ {
		if f.Round != nil {
			f.Round(i)
		}
		rewards, err := h.Rewards(ctx, states, []float64{1, 2})
		if err != nil {
			return sdk.Trained{}, err
		}
		for _, r := range rewards {
			if r.Status == sdk.OK {
				sum += r.Log
			}
		}
		if err := h.Progress(sdk.Progress{Step: uint64(i + 1), Steps: uint64(f.Rounds), Metrics: map[string]float64{"sum": sum, "nothing": math.NaN()}}); err != nil {
			return sdk.Trained{}, err
		}
		if err := h.Checkpoint(ctx, append([]byte{byte(i + 1)}, strconv.FormatFloat(sum, 'g', -1, 64)...)); err != nil {
			return sdk.Trained{}, err
		}
		select {
		case <-h.Stopping():
			return sdk.Trained{Stopped: true}, nil
		default:
		}
	}
	return sdk.Trained{Weights: []byte(strconv.FormatFloat(sum, 'g', -1, 64)), Card: []byte(`{"rounds": 3}`)}, nil
}
