package gflownet

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"testing"

	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/plugintest"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// The plugin trains and serves a grid over the protocol, and the card's exact
// figures are those of package oracle over the policy as the host sees it.
func TestTheProtocolTrainsAndServesAGrid(t *testing.T) {
	g := toyGrid(t, 2, 8)
	client, stop := plugintest.Serve(Plugin(), host.Options{})
	defer stop()
	reward := surface(oracle.Shubert)
	var saved [][]byte
	answer := func(_ context.Context, states []space.State, _ []float64) ([]sdk.Reward, error) {
		out := make([]sdk.Reward, len(states))
		for i, s := range states {
			out[i] = sdk.Reward{Status: sdk.OK, Log: reward(g, s)}
		}
		return out, nil
	}
	run := func(checkpoint []byte) sdk.Trained {
		done, err := client.Train(t.Context(), host.Training{
			Spec: []byte(`{"width": 32, "steps": 300, "checkpoint_every": 100, "report_points": 200}`), Space: g, Seed: 4, Checkpoint: checkpoint,
			Rewards: answer,
			Save:    func(_ context.Context, data []byte) error { saved = append(saved, data); return nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
	done := run(nil)
	if len(saved) != 2 {
		t.Fatalf("%d checkpoints, want 2", len(saved))
	}
	if again := run(saved[1]); !bytes.Equal(again.Weights, done.Weights) {
		t.Error("a training that goes on from a checkpoint gives other weights")
	}
	var c gridCard
	if err := json.Unmarshal(done.Card, &c); err != nil {
		t.Fatal(err)
	}
	m, err := client.LoadPolicy(t.Context(), host.Model{Space: g, Weights: done.Weights})
	if err != nil {
		t.Fatal(err)
	}
	graph, err := oracle.Enumerate(t.Context(), g, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	law, err := oracle.LawOf(t.Context(), graph, m)
	if err != nil {
		t.Fatal(err)
	}
	if l1 := oracle.L1(law.Terminal, target(graph, reward, g)); c.Report.Exact == nil || math.Abs(l1-c.Report.Exact.L1) > 1e-6 {
		t.Errorf("L1 is %v by the oracle, the card has %+v", l1, c.Report.Exact)
	}
	plugintest.Run(t, Plugin(), plugintest.Options{
		Model:    host.Model{Space: g, Weights: done.Weights},
		Training: &host.Training{Spec: []byte(`{"width": 16, "steps": 50, "checkpoint_every": 20}`), Space: g, Rewards: answer},
	})
}
