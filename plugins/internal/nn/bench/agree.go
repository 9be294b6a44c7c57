package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/safetensors"
)

// What a side writes to show what it computes.
const (
	logProbabilities = "log-probabilities"
	stepLosses       = "losses" // of the first steps, each after the one before
	gradientOf       = "gradient of "
)

// tolerance is how much the two sides may differ, relative.
const tolerance = 1e-4

// agreement is how much the two sides differ: the norm of the difference,
// relative to torch's norm; the largest of all gradients.
type agreement struct {
	LogProbabilities float64 `json:"log_probabilities"`
	Losses           float64 `json:"losses"`
	Gradients        float64 `json:"gradients"`
}

// worse is the larger of two agreements, figure by figure.
func (a agreement) worse(b agreement) agreement {
	return agreement{
		max(a.LogProbabilities, b.LogProbabilities), max(a.Losses, b.Losses), max(a.Gradients, b.Gradients),
	}
}

// agree compares what the sides computed. Every tensor of theirs must be in
// ours; all of ours but the gradients of unused parameters, which must be zero,
// must be in theirs.
func agree(ours, theirs *safetensors.File) (agreement, error) {
	var a agreement
	for _, t := range theirs.Tensors {
		d, err := difference(ours, theirs, t.Name)
		if err != nil {
			return a, err
		}
		if !(d <= tolerance) {
			return a, fmt.Errorf("bench: the sides differ: %s by %.2g of its norm, more than %g", t.Name, d, tolerance)
		}
		switch t.Name {
		case logProbabilities:
			a.LogProbabilities = d
		case stepLosses:
			a.Losses = d
		default:
			a.Gradients = max(a.Gradients, d)
		}
	}
	if len(ours.Tensors) != len(theirs.Tensors)+len(unused) {
		return a, fmt.Errorf("bench: the sides differ: %d results of ours, %d of torch", len(ours.Tensors), len(theirs.Tensors))
	}
	for _, name := range unused {
		t, err := ours.Get(gradientOf + name)
		if err != nil {
			return a, err
		}
		if strings.Trim(string(t.Data), "\x00") != "" {
			return a, fmt.Errorf("bench: the %s is not zero", t.Name)
		}
	}
	return a, nil
}

// difference is the norm of the difference of a tensor, relative to the norm of
// theirs.
func difference(ours, theirs *safetensors.File, name string) (float64, error) {
	var data [2][]float32
	var shapes [2][]int
	for i, f := range []*safetensors.File{ours, theirs} {
		t, err := f.Get(name)
		if err != nil {
			return 0, err
		}
		if data[i], err = t.Floats(); err != nil {
			return 0, err
		}
		shapes[i] = t.Shape
	}
	if len(data[0]) != len(data[1]) {
		return 0, fmt.Errorf("bench: the sides differ: %s is %v of ours and %v of torch", name, shapes[0], shapes[1])
	}
	var diff, norm float64
	for i, y := range data[1] {
		d := float64(data[0][i]) - float64(y)
		diff += d * d
		norm += float64(y) * float64(y)
	}
	if diff == 0 {
		return 0, nil
	}
	return math.Sqrt(diff / norm), nil
}
