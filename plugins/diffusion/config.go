package diffusion

import (
	"errors"
	"fmt"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/train"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/treenet"
)

// Config says how a model is trained. The zero value of a field stands for the
// default that [Config.Complete] writes.
type Config struct {
	Width  int `json:"width,omitempty"`  // of the network, a multiple of 16; 64
	Layers int `json:"layers,omitempty"` // transformer layers; 3

	Steps int `json:"steps,omitempty"` // updates; 10000
	Batch int `json:"batch,omitempty"` // trees per update; 128

	Rate     float64 `json:"rate,omitempty"`      // learning rate; 0.002
	LastRate float64 `json:"last_rate,omitempty"` // share of it that is left at the end; 0.01
	Warmup   int     `json:"warmup,omitempty"`    // updates until the full rate; 200
	Decay    float64 `json:"decay,omitempty"`     // weight decay; 0
	Clip     float64 `json:"clip,omitempty"`      // largest norm of the gradient; 10
	Average  float64 `json:"average,omitempty"`   // the final weights keep so much of themselves per update; 0.999
	Validate int     `json:"validate,omitempty"`  // updates between measurements on the trees kept back; 500

	// Compositions walk where there are few data. There log p(x) must not depend
	// on the path to x either, see [op.Likelihood]: trees that the model makes
	// with some steps at random are learned from in pairs of paths.
	Agree     float64 `json:"agree,omitempty"`      // what disagreement weighs; 0.1. Negative for nothing
	AgreeKnee float64 `json:"agree_knee,omitempty"` // half a disagreement of more nats than this counts linearly; 4
	Strangers int     `json:"strangers,omitempty"`  // such trees per update; a quarter of batch

	Threads int `json:"-"` // goroutines; 1. The result does not depend on it
}

// Complete returns c with defaults in place of zeros, or what is wrong with it.
func (c Config) Complete() (Config, error) {
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
	number(&c.Width, 64)
	number(&c.Layers, 3)
	number(&c.Steps, 10000)
	number(&c.Batch, 128)
	number(&c.Warmup, 200)
	number(&c.Validate, 500)
	number(&c.Threads, 1)
	float(&c.Rate, 0.002)
	float(&c.LastRate, 0.01)
	float(&c.Clip, 10)
	float(&c.Average, 0.999)
	float(&c.Agree, 0.1)
	number(&c.Strangers, (c.Batch+3)/4)
	float(&c.AgreeKnee, 4)
	var err error
	if c.Batch < 1 || c.Batch > 4096 {
		err = fmt.Errorf("batch is %d; give 1 to 4096", c.Batch)
	}
	if c.Strangers < 1 || c.Strangers > 4096 || c.AgreeKnee < 0 {
		err = errors.Join(err, fmt.Errorf("strangers is %d, agree_knee %g; give 1 to 4096, and a number above 0", c.Strangers, c.AgreeKnee))
	}
	return c, errors.Join(err, c.loop("").Check(), c.net().Check())
}

// net is the network. The model has no beta: its input is always 0.
func (c Config) net() treenet.Config {
	return treenet.Config{Width: c.Width, Layers: c.Layers, BetaMax: 1}
}

// loop is how the network is trained. name tells trainings apart that differ in
// what the rest does not hold.
func (c Config) loop(name string) train.Config {
	return train.Config{
		Steps: c.Steps, Rate: c.Rate, Schedule: train.Schedule{Warmup: c.Warmup, Steps: c.Steps, Last: c.LastRate},
		Decay: c.Decay, Clip: c.Clip, Average: c.Average, Validate: c.Validate, Name: name, Threads: c.Threads,
	}
}
