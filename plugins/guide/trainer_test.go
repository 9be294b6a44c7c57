package guide_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/plugins/guide"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/plugintest"
	"github.com/molsculpt/molsculpt/sdk/space"
)

func weights(t *testing.T, tr *guide.Trainer) []byte {
	t.Helper()
	m, err := tr.Model()
	if err != nil {
		t.Fatal(err)
	}
	data, err := m.Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestAShortTrainingComesNearTheComposites(t *testing.T) {
	t.Parallel()
	d := gridDomain(t, 8, gridRewards, "shubert", "diagonal")
	for labels, bound := range map[string]float64{"ema": .3, "exact": .2} {
		m, err := d.train(t, guide.Config{Alpha: true, Labels: labels, Width: 64, Steps: 1200, Batch: 24, Rate: .003}, 1).Model()
		if err != nil {
			t.Fatal(err)
		}
		for _, test := range twoModels {
			l1 := oracle.L1(d.guided(t, m, test.observation).Terminal, d.closed(t, test.observation))
			t.Logf("labels %-5s  %-26s L1 %.4f", labels, test.text, l1)
			// The mixture alone is at .4 to 1.1.
			if !(l1 <= bound) {
				t.Errorf("labels %s: %s: L1 %.4f", labels, test.text, l1)
			}
		}
	}
}

func TestAnInterruptedTrainingIsTheSame(t *testing.T) {
	t.Parallel()
	d := gridDomain(t, 5, gridRewards, "shubert", "diagonal")
	for _, c := range []guide.Config{
		{Alpha: true, Head: "action", Width: 32, Steps: 40, Batch: 8},
		{Observations: 3, Labels: "exact", Width: 32, Steps: 40, Batch: 8},
	} {
		whole := weights(t, d.train(t, c, 3))
		fresh := func() *guide.Trainer {
			tr, err := guide.NewTrainer(d.space, d.models, c, 3)
			if err != nil {
				t.Fatal(err)
			}
			return tr
		}
		tr := fresh()
		for _, n := range []int{7, 20, -1} {
			d.advance(t, tr, 3, n)
			data, err := tr.Snapshot()
			if err != nil {
				t.Fatal(err)
			}
			tr = fresh()
			if err := tr.Restore(data); err != nil {
				t.Fatal(err)
			}
		}
		if !tr.Done() || !bytes.Equal(weights(t, tr), whole) {
			t.Errorf("%+v: an interrupted training ends elsewhere", c)
		}
		c.Threads = 3
		if !bytes.Equal(weights(t, d.train(t, c, 3)), whole) {
			t.Errorf("%+v: three threads give other weights", c)
		}
		data, err := tr.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		c.Ramp = 11
		if err := fresh().Restore(data); err == nil || !strings.HasPrefix(err.Error(), "guide: restore: ") {
			t.Errorf("the snapshot of another training gives %v", err)
		}
		if err := fresh().Restore(data[:5]); err == nil {
			t.Error("half a snapshot was taken")
		}
	}
}

func TestThePluginKeepsTheProtocol(t *testing.T) {
	t.Parallel()
	d := gridDomain(t, 5, gridRewards, "shubert", "diagonal")
	c := guide.Config{Alpha: true, Head: "action", Width: 32, Steps: 40, Batch: 8, CheckpointEvery: 15, ReportPaths: 50}
	spec, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	training := host.Training{
		Space: d.space, Seed: 3, Spec: spec, Models: d.models, Paths: d.paths(3).Paths,
		Save: func(context.Context, []byte) error { return nil },
	}
	client, stop := plugintest.Serve(guide.Plugin(), host.Options{})
	defer stop()
	done, err := client.Train(t.Context(), training)
	if err != nil {
		t.Fatal(err)
	}
	m, err := guide.Decode(done.Weights, d.space, 1)
	if err != nil {
		t.Fatal(err)
	}
	bare, err := m.Encode(nil)
	if err != nil || !bytes.Equal(bare, weights(t, d.train(t, c, 3))) {
		t.Errorf("over the protocol the same training gives other weights (%v)", err)
	}
	var card struct {
		Models []string
		Paths  int
		Report guide.Report
	}
	if err := json.Unmarshal(done.Card, &card); err != nil {
		t.Fatal(err)
	}
	// A guess costs log 2.
	if r := card.Report; card.Paths != 640 || r.Paths != 100 || r.EndLoss < r.EndPathLoss-.02 || r.EndLoss > .75 || r.StateLoss > .75 || r.Brier > .55 || r.BaseRates > .2 {
		t.Errorf("the card says %+v", card)
	}
	plugintest.Run(t, guide.Plugin(), plugintest.Options{Guide: host.Model{Space: d.space, Weights: done.Weights}, Training: &training, States: 20})
}

func TestWhatDoesNotFitIsTold(t *testing.T) {
	t.Parallel()
	d := gridDomain(t, 4, gridRewards, "shubert", "diagonal")
	for _, test := range []struct {
		change func(*guide.Config)
		want   string
	}{
		{func(c *guide.Config) { c.Head = "actions" }, `guide: head is "actions"; give state or action`},
		{func(c *guide.Config) { c.Labels = "soft" }, `guide: labels is "soft"; give ema or exact`},
		{func(c *guide.Config) { c.Alpha, c.Observations = true, 3 }, "guide: alpha is on, with 3 observations of 2 models"},
		{func(c *guide.Config) { c.Width = 20 }, "guide: width is 20; give a multiple of 16"},
		{func(c *guide.Config) { c.Rate = -1 }, "guide: rate is -1; give a number above 0"},
		{func(c *guide.Config) { c.AlphaRange = -1 }, "guide: alpha_range is -1"},
	} {
		var c guide.Config
		test.change(&c)
		if _, err := guide.NewTrainer(d.space, d.models, c, 1); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
	client, stop := plugintest.Serve(guide.Plugin(), host.Options{})
	defer stop()
	for _, test := range []struct{ spec, want string }{
		{`{"hed": "state"}`, `guide: there is no training option "hed"; there are alpha`},
		{`{"steps": "many"}`, "guide: steps is a text; give a whole number"},
	} {
		_, err := client.Train(t.Context(), host.Training{
			Space: d.space, Spec: []byte(test.spec), Models: d.models, Paths: d.paths(1).Paths,
			Save: func(context.Context, []byte) error { return nil },
		})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
	tr, err := guide.NewTrainer(d.space, d.models, guide.Config{Width: 16, Steps: 2}, 1)
	if err != nil {
		t.Fatal(err)
	}
	other, err := space.NewGrid(2, 5)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := guide.Decode(weights(t, tr), other, 1); err == nil || !strings.Contains(err.Error(), "guide: load weights: they were trained on the space") {
		t.Errorf("weights of another space give %v", err)
	}
	m, err := tr.Model()
	if err != nil {
		t.Fatal(err)
	}
	if err := m.LogQActions(t.Context(), &sdk.ActionRequest{}, &sdk.ActionReply{}); err == nil || !strings.Contains(err.Error(), "head: action") {
		t.Errorf("a guide without action head gives %v", err)
	}
	if _, err := tr.Update(nil); err == nil {
		t.Error("an update without paths went through")
	}
}

// TestTheReportOfAGoodGuideIsGood trains a guide well enough for its card to show
// it: base rates constant along paths, probabilities calibrated, losses near what
// the paths themselves say.
func TestTheReportOfAGoodGuideIsGood(t *testing.T) {
	t.Parallel()
	d := gridDomain(t, 6, gridRewards, "c1", "c2", "c3")
	spec, err := json.Marshal(guide.Config{Labels: "exact", Width: 64, Steps: 800, Batch: 24, Rate: .003, ReportPaths: 3000})
	if err != nil {
		t.Fatal(err)
	}
	client, stop := plugintest.Serve(guide.Plugin(), host.Options{})
	defer stop()
	done, err := client.Train(t.Context(), host.Training{
		Space: d.space, Seed: 3, Spec: spec, Models: d.models, Paths: d.paths(3).Paths,
		Save: func(context.Context, []byte) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	var card struct{ Report guide.Report }
	if err := json.Unmarshal(done.Card, &card); err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", card.Report)
	if r := card.Report; r.Paths != 9000 || r.EndLoss > r.EndPathLoss+.01 || r.StateLoss > r.StatePathLoss+.01 || r.Calibration > .02 || r.BaseRates > .02 {
		t.Errorf("the report says %+v", r)
	}
}
