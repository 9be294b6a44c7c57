package guide

import (
	"errors"
	"fmt"
	"strings"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/train"
)

// Words of a training file.
const (
	headState   = "state"
	headAction  = "action"
	labelsEMA   = "ema"
	labelsExact = "exact"
)

// Config says what is trained and how: the options of a training file. The zero
// value of a field stands for the default that [Config.Complete] writes.
type Config struct {
	Observations int     `json:"observations,omitempty"` // of a finished object; 2
	Alpha        bool    `json:"alpha,omitempty"`        // two observations of two models, the second weighted by alpha
	AlphaRange   float64 `json:"alpha_range,omitempty"`  // logit alpha is drawn from minus this to this; 3.5
	Head         string  `json:"head,omitempty"`         // "state", the default, or "action"
	Labels       string  `json:"labels,omitempty"`       // "ema", the default, or "exact"

	Width      int `json:"width,omitempty"`        // of the trunk, a multiple of 16; 256 on grids, 64 on trees
	Layers     int `json:"layers,omitempty"`       // of the trunk; 2
	AlphaWidth int `json:"alpha_hidden,omitempty"` // of the layer that reads alpha, a multiple of 16; 64

	Steps int `json:"steps,omitempty"` // updates; 15000
	Batch int `json:"batch,omitempty"` // paths of each model per update; 64
	Ramp  int `json:"ramp,omitempty"`  // updates until the loss on the way counts in full; a fifth of steps

	Rate     float64 `json:"rate,omitempty"`      // learning rate; 0.001
	LastRate float64 `json:"last_rate,omitempty"` // share of the rate that is left at the end; 0.01
	Warmup   int     `json:"warmup,omitempty"`    // updates until the full rate; 100
	Decay    float64 `json:"decay,omitempty"`     // weight decay; 0
	Clip     float64 `json:"clip,omitempty"`      // largest norm of the gradient; 10
	Average  float64 `json:"average,omitempty"`   // share of itself that the running average keeps per update: it makes the labels and is the outcome; 0.995

	CheckpointEvery int `json:"checkpoint_every,omitempty"` // updates between checkpoints; 1000
	ProgressEvery   int `json:"progress_every,omitempty"`   // updates between reports; 50
	ReportPaths     int `json:"report_paths,omitempty"`     // fresh paths of each model in the final report; 1000
	Threads         int `json:"threads,omitempty"`          // goroutines; as many as there are cores. The result does not depend on it
}

// Complete returns c with defaults in place of zeros, or what is wrong with it.
// width is the default of the space.
func (c Config) Complete(width int) (Config, error) {
	number := func(p *int, def int) {
		if *p == 0 {
			*p = def
		}
	}
	float := func(p *float64, def float64) {
		if *p == 0 {
			*p = def
		}
	}
	word := func(p *string, def string) {
		if *p == "" {
			*p = def
		}
	}
	number(&c.Observations, 2)
	float(&c.AlphaRange, 3.5)
	word(&c.Head, headState)
	word(&c.Labels, labelsEMA)
	number(&c.Width, width)
	number(&c.Layers, 2)
	number(&c.AlphaWidth, 64)
	number(&c.Steps, 15000)
	number(&c.Batch, 64)
	number(&c.Ramp, max(1, c.Steps/5))
	float(&c.Rate, 0.001)
	float(&c.LastRate, 0.01)
	number(&c.Warmup, 100)
	float(&c.Clip, 10)
	float(&c.Average, 0.995)
	number(&c.CheckpointEvery, 1000)
	number(&c.ProgressEvery, 50)
	number(&c.ReportPaths, 1000)
	number(&c.Threads, 1)
	return c, c.check()
}

func (c Config) check() error {
	var err error
	fail := func(bad bool, format string, args ...any) {
		if bad {
			err = errors.Join(err, fmt.Errorf("guide: "+format, args...))
		}
	}
	fail(c.Labels != labelsEMA && c.Labels != labelsExact, "labels is %q; give %s or %s", c.Labels, labelsEMA, labelsExact)
	fail(c.Batch < 1 || c.Batch > 4096, "batch is %d; give 1 to 4096", c.Batch)
	fail(c.Ramp < 0, "ramp is %d; give 1 or more", c.Ramp)
	fail(c.CheckpointEvery < 1 || c.ProgressEvery < 1 || c.ReportPaths < 1, "checkpoint_every, progress_every and report_paths must be 1 or more")
	if bad := c.loop("").Check(); bad != nil {
		err = errors.Join(err, fmt.Errorf("guide: %s", strings.TrimPrefix(bad.Error(), "train: ")))
	}
	return err
}

// shape is the network that the configuration asks for.
func (c Config) shape(models int) shape {
	return shape{
		Models: models, Observations: c.Observations, Alpha: c.Alpha, AlphaRange: c.AlphaRange, Head: c.Head,
		Width: c.Width, Layers: c.Layers, AlphaWidth: c.AlphaWidth,
	}
}

// loop is how the network is trained. name tells trainings apart that differ in
// what the rest does not hold.
func (c Config) loop(name string) train.Config {
	return train.Config{
		Steps: c.Steps, Rate: c.Rate, Schedule: train.Schedule{Warmup: c.Warmup, Steps: c.Steps, Last: c.LastRate},
		Decay: c.Decay, Clip: c.Clip, Average: c.Average, Name: name, Threads: c.Threads,
	}
}
