package gflownet

import (
	"errors"
	"fmt"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/gridnet"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/train"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// GridConfig says how a model of a grid is trained. The zero value of a field
// stands for the default that [GridConfig.Complete] writes. Defaults are the
// settings of Garipov et al. (2023), which have no average and a constant
// learning rate.
type GridConfig struct {
	Width int `json:"width,omitempty"` // units of each of the two hidden layers, a multiple of 16; 256

	Steps int `json:"steps,omitempty"` // updates; 20000
	Batch int `json:"batch,omitempty"` // trajectories per update; 16

	Epsilon  float64 `json:"epsilon,omitempty"`   // share of uniform actions; 0.05. Negative for none
	Rate     float64 `json:"rate,omitempty"`      // learning rate of Adam; 0.001
	ZRate    float64 `json:"z_rate,omitempty"`    // learning rate of log Z; 0.1
	LastRate float64 `json:"last_rate,omitempty"` // share of both rates that is left at the end; 0.01
	Average  float64 `json:"average,omitempty"`   // the final weights keep so much of themselves per update; 0.999. Negative for the last weights

	Threads int `json:"-"` // goroutines; 1. The result does not depend on it
}

// Complete returns c with defaults in place of zeros, or what is wrong with it.
func (c GridConfig) Complete() (GridConfig, error) {
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
	number(&c.Width, 256)
	number(&c.Steps, 20000)
	number(&c.Batch, 16)
	number(&c.Threads, 1)
	float(&c.Epsilon, 0.05)
	float(&c.Rate, 1e-3)
	float(&c.ZRate, 0.1)
	float(&c.LastRate, 0.01)
	float(&c.Average, 0.999)
	c.Epsilon, c.Average = max(c.Epsilon, 0), max(c.Average, 0)
	return c, c.check()
}

func (c GridConfig) check() error {
	var err error
	fail := func(bad bool, format string, args ...any) {
		if bad {
			err = errors.Join(err, fmt.Errorf("gflownet: "+format, args...))
		}
	}
	fail(c.Width < kern.Lane || c.Width > 4096 || c.Width%kern.Lane != 0, "width is %d; give a multiple of %d up to 4096", c.Width, kern.Lane)
	fail(c.Steps < 1, "steps is %d; give 1 or more", c.Steps)
	fail(c.Batch < 1 || c.Batch > 65536, "batch is %d; give 1 to 65536", c.Batch)
	fail(!(c.Epsilon <= 1), "epsilon is %g; give 0 to 1", c.Epsilon)
	fail(!(c.Rate > 0) || !(c.ZRate > 0), "rate and z_rate are %g and %g; give numbers above 0", c.Rate, c.ZRate)
	fail(!(c.LastRate > 0 && c.LastRate <= 1), "last_rate is %g; give a number above 0, at most 1", c.LastRate)
	fail(!(c.Average < 1), "average is %g; give less than 1", c.Average)
	return err
}

// schedule is how the learning rates change.
func (c GridConfig) schedule() train.Schedule {
	return train.Schedule{Steps: c.Steps, Last: c.LastRate}
}

// gridShape is the network for a grid: an output for each axis, then Stop.
func gridShape(g *space.Grid, width int) gridnet.Shape {
	return gridnet.Shape{Dim: g.Dim(), Side: g.Side(), Width: width, Outputs: g.Dim() + 1}
}
