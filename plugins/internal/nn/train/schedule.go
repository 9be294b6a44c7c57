package train

import (
	"errors"
	"math"
)

// Schedule is how the learning rate changes: a linear start, then a half
// cosine, a halving every so often, both or neither. The zero value is a
// constant rate.
type Schedule struct {
	Warmup int     `json:"warmup,omitempty"` // updates until the full rate
	Steps  int     `json:"steps,omitempty"`  // updates until the half cosine ends (Loshchilov and Hutter 2017), the start included; 0 for no cosine
	Last   float64 `json:"last,omitempty"`   // share of the rate that the cosine leaves
	Half   float64 `json:"half,omitempty"`   // updates in which the rate halves; 0 for never
}

// At is the share of the learning rate in force at an update, counted from 0.
func (s Schedule) At(step int) float64 {
	if step < s.Warmup {
		return float64(step+1) / float64(s.Warmup)
	}
	share := 1.0
	if s.Steps > 0 {
		done := float64(step-s.Warmup) / float64(max(s.Steps-s.Warmup, 1))
		share = s.Last + (1-s.Last)*(1+math.Cos(math.Pi*min(done, 1)))/2
	}
	if s.Half > 0 {
		share *= math.Exp2(-float64(step-s.Warmup) / s.Half)
	}
	return share
}

// Check says what is wrong with a schedule.
func (s Schedule) Check() error {
	if s.Warmup < 0 || s.Steps < 0 || !(s.Half >= 0) || math.IsInf(s.Half, 0) {
		return errors.New("train: a schedule counts updates; warmup, steps and half must not be negative")
	}
	if !(s.Last >= 0 && s.Last <= 1) {
		return errors.New("train: last is a share of the learning rate; give 0 to 1")
	}
	return nil
}

// Keep is how much a running average keeps of itself at an update, counted from
// 0: average, but less at first, so that the start is soon forgotten.
func Keep(average float64, step int) float32 {
	return float32(min(average, (1+float64(step))/(10+float64(step))))
}
