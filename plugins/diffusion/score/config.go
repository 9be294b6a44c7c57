package score

import (
	"errors"
	"fmt"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/train"
	"github.com/molsculpt/molsculpt/sdk/noise"
)

// Config says how a model or a guide is trained. The zero value of a field
// stands for the default that [Config.Complete] writes.
type Config struct {
	Network Settings `json:"network,omitzero"` // {kind: mlp, width: 128, layers: 3}

	// Process and Parameters are the forward process of a model, by a name of
	// package sdk/noise; vp-linear/1. A guide has that of its models.
	Process    string             `json:"process,omitempty"`
	Parameters map[string]float64 `json:"parameters,omitempty"`
	End        float64            `json:"end,omitempty"` // smallest time that is learned, at which its samples then end; 0.001

	Steps int `json:"steps,omitempty"` // updates; 20000
	Batch int `json:"batch,omitempty"` // points per update; 256

	Rate     float64 `json:"rate,omitempty"`      // learning rate; 0.002
	LastRate float64 `json:"last_rate,omitempty"` // share of it that is left at the end; 0.01
	Warmup   int     `json:"warmup,omitempty"`    // updates until the full rate; 200
	Decay    float64 `json:"decay,omitempty"`     // weight decay; 0
	Clip     float64 `json:"clip,omitempty"`      // largest norm of the gradient; 1
	Average  float64 `json:"average,omitempty"`   // the final weights keep so much of themselves per update; 0.999
	Validate int     `json:"validate,omitempty"`  // updates between measurements on what is kept back; 1000

	Threads int `json:"threads,omitempty"` // goroutines; 1, of a training file as many as there are cores. The result does not depend on it
}

// Complete returns c with defaults in place of zeros, for points of so many
// numbers, or what is wrong with it.
func (c Config) Complete(dimension int) (Config, error) {
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
	if c.Process == "" {
		c.Process = noise.VP
	}
	float(&c.End, 0.001)
	number(&c.Steps, 20000)
	number(&c.Batch, 256)
	number(&c.Warmup, 200)
	number(&c.Validate, 1000)
	number(&c.Threads, 1)
	float(&c.Rate, 0.002)
	float(&c.LastRate, 0.01)
	float(&c.Clip, 1)
	float(&c.Average, 0.999)
	var err error
	fail := func(bad bool, format string, args ...any) {
		if bad {
			err = errors.Join(err, fmt.Errorf(format, args...))
		}
	}
	fail(c.Batch < 1 || c.Batch > 1<<16, "batch is %d; give 1 to %d", c.Batch, 1<<16)
	fail(c.Threads < 0, "threads is %d; give 1 or more", c.Threads)
	fail(!(c.End > 0 && c.End < 0.5), "end is %g; it is a time, above 0 and below 0.5", c.End)
	if p, wrong := noise.New(c.Process, c.Parameters); wrong != nil {
		err = errors.Join(err, fmt.Errorf("process: %w", wrong))
	} else {
		c.Parameters = p.Parameters()
	}
	return c, errors.Join(err, c.loop("").Check(), c.Network.complete(dimension))
}

// process is the forward process of a complete configuration.
func (c *Config) process() noise.Process {
	p, err := noise.New(c.Process, c.Parameters)
	if err != nil {
		panic("score: a configuration that is not complete")
	}
	return p
}

// loop is how the network is trained. name tells trainings apart that differ in
// what the rest does not hold.
func (c Config) loop(name string) train.Config {
	return train.Config{
		Steps: c.Steps, Rate: c.Rate, Schedule: train.Schedule{Warmup: c.Warmup, Steps: c.Steps, Last: c.LastRate},
		Decay: c.Decay, Clip: c.Clip, Average: c.Average, Validate: c.Validate, Name: name, Threads: c.Threads,
	}
}
