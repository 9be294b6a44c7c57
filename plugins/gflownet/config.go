package gflownet

import (
	"errors"
	"fmt"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/treenet"
)

// Config says what is trained and how. The zero value of a field stands for
// the default that [Config.Complete] writes.
type Config struct {
	Width  int `json:"width,omitempty"`  // of the network, a multiple of 16; 64
	Layers int `json:"layers,omitempty"` // transformer layers; 2

	Steps int `json:"steps,omitempty"` // updates; 10000
	Batch int `json:"batch,omitempty"` // trajectories per update; 64

	// Objective is "subtb" for the balance of all parts of trajectories, the
	// default; "tb" for trajectory balance; or "vargrad" for log-partition
	// variance. subtb learns most from a trajectory but needs the rewards of
	// all trees on the way; where rewards are dear, take tb.
	Objective string `json:"objective,omitempty"`
	// Group is how many trajectories share a beta; 1, for vargrad 8.
	Group int `json:"group,omitempty"`

	BetaMax    float64 `json:"beta_max,omitempty"`    // betas are drawn from 0 to this; 64
	BetaFocus  float64 `json:"beta_focus,omitempty"`  // more often near this one, the model's default; 32, at most beta_max
	FocusShare float64 `json:"focus_share,omitempty"` // so often; 0.4. Negative for never

	Floor float64 `json:"floor,omitempty"` // beta*log r is clipped below at this; -75

	// Shares of the trajectories by source; the rest follows the policy.
	Good   float64 `json:"good,omitempty"`   // backward from good trees; 0.25. Negative for none
	Seen   float64 `json:"seen,omitempty"`   // backward from any tree seen; 0.15. Negative for none
	Random float64 `json:"random,omitempty"` // random walks; 0.1. Negative for none

	Replay  int     `json:"replay,omitempty"`  // trees remembered; 100000
	Epsilon float64 `json:"epsilon,omitempty"` // share of uniform actions; 0.05. Negative for none
	Target  float64 `json:"target,omitempty"`  // the sampling copy keeps so much of itself per update; 0.95
	Average float64 `json:"average,omitempty"` // and the final weights; 0.999

	Rate     float64 `json:"rate,omitempty"`      // learning rate; 0.003
	ZRate    float64 `json:"z_rate,omitempty"`    // share of a residual that log Z follows; 0.1
	LastRate float64 `json:"last_rate,omitempty"` // share of the rates that is left at the end; 0.02
	Warmup   int     `json:"warmup,omitempty"`    // updates until the full rate; 100
	Decay    float64 `json:"decay,omitempty"`     // weight decay; 0
	Clip     float64 `json:"clip,omitempty"`      // largest norm of the gradient; 10
	Knee     float64 `json:"knee,omitempty"`      // residuals beyond so many nats count linearly; 8. Negative for never

	MeanSize float64 `json:"mean_size,omitempty"` // fragments of a tree at first; 5. Negative: every tree is full

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
	share := func(p *float64, def float64) {
		float(p, def)
		*p = max(*p, 0)
	}
	number(&c.Width, 64)
	number(&c.Layers, 2)
	number(&c.Steps, 10000)
	number(&c.Batch, 64)
	number(&c.Replay, 100000)
	number(&c.Warmup, 100)
	number(&c.Threads, 1)
	if c.Objective == "" {
		c.Objective = "subtb"
	}
	number(&c.Group, map[string]int{"vargrad": 8}[c.Objective])
	number(&c.Group, 1)
	float(&c.BetaMax, 64)
	if c.BetaMax > 0 {
		float(&c.BetaFocus, min(32, c.BetaMax))
	}
	share(&c.FocusShare, 0.4)
	float(&c.Floor, -75)
	share(&c.Good, 0.25)
	share(&c.Seen, 0.15)
	share(&c.Random, 0.1)
	share(&c.Epsilon, 0.05)
	float(&c.Target, 0.95)
	float(&c.Average, 0.999)
	float(&c.Rate, 0.003)
	float(&c.ZRate, 0.1)
	float(&c.LastRate, 0.02)
	float(&c.Clip, 10)
	share(&c.Knee, 8)
	float(&c.MeanSize, 5)
	return c, c.check()
}

func (c Config) check() error {
	var err error
	fail := func(bad bool, format string, args ...any) {
		if bad {
			err = errors.Join(err, fmt.Errorf("gflownet: "+format, args...))
		}
	}
	fail(c.Steps < 1, "steps is %d; give 1 or more", c.Steps)
	fail(c.Batch < 1 || c.Batch > 4096, "batch is %d; give 1 to 4096", c.Batch)
	_, known := objectives[c.Objective]
	fail(!known, "objective is %q; give subtb, tb or vargrad", c.Objective)
	fail(c.Group < 1 || c.Batch%c.Group != 0, "group is %d; it must divide batch, which is %d", c.Group, c.Batch)
	fail(c.Objective == "vargrad" && c.Group < 2, "group is %d; vargrad needs 2 or more", c.Group)
	fail(c.Good+c.Seen+c.Random > 0.9, "good, seen and random add up to %g; leave at least 0.1 for the policy", c.Good+c.Seen+c.Random)
	fail(!(c.BetaFocus >= 0 && c.BetaFocus <= c.BetaMax), "beta_focus is %g; give 0 to beta_max, which is %g", c.BetaFocus, c.BetaMax)
	fail(c.Epsilon > 1, "epsilon is %g; give 0 to 1", c.Epsilon)
	fail(c.Target < 0 || c.Target >= 1, "target is %g; give 0 or more, less than 1", c.Target)
	fail(c.Average < 0 || c.Average >= 1, "average is %g; give 0 or more, less than 1", c.Average)
	fail(c.Floor >= 0, "floor is %g; give a number below 0", c.Floor)
	fail(c.Rate < 0 || c.ZRate < 0 || c.Clip < 0 || c.Decay < 0, "rate, z_rate, clip and decay must not be negative")
	fail(c.Replay < 1, "replay is %d; give 1 or more", c.Replay)
	fail(c.MeanSize >= 0 && c.MeanSize < 1, "mean_size is %g; give 1 or more, or a negative number for full trees", c.MeanSize)
	return errors.Join(err, c.net().Check())
}

func (c Config) net() treenet.Config {
	return treenet.Config{Width: c.Width, Layers: c.Layers, BetaMax: c.BetaMax}
}

var objectives = map[string]op.Objective{"tb": op.TrajectoryBalance, "vargrad": op.Variance, "subtb": op.SubTrajectories}
