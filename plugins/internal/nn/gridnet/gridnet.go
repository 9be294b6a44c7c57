// Package gridnet is the network of models on hypergrids: a perceptron with two
// hidden layers of LeakyReLU units on the one-hot coordinates of a point, as in
// Bengio et al. (2021).
//
// There is no graph: the network has four steps, and a batch is a few hundred
// points, so that its forward and backward pass are written out over package
// kern. A [Batch] holds distinct points and what the layers made of them. Points
// may be added and computed a few at a time, as a sampler finds them; the
// gradient of all of them then takes one call of [Net.Backward], without a
// second forward pass. The first layer is no product: a point has one row of
// the weights for each coordinate, and their sum.
//
// An answer for a point does not depend on the batch around it, and no result
// depends on the number of threads.
package gridnet

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
)

// Slope is the slope of a LeakyReLU unit below zero.
const Slope = 0.01

// MaxRows is the largest number of coordinates, Dim*Side, that a network tells
// apart.
const MaxRows = 1 << 16

// Shape is the size of a network.
type Shape struct {
	Dim     int `json:"dim"`     // axes of the grid, 1 or more
	Side    int `json:"side"`    // points on an axis, 2 or more
	Width   int `json:"width"`   // units of each hidden layer, a multiple of 16
	Outputs int `json:"outputs"` // numbers that a point gives, 1 or more
}

// Check says what is wrong with a shape.
func (s Shape) Check() error {
	switch {
	case s.Dim < 1 || s.Side < 2 || s.Dim > MaxRows/s.Side:
		return fmt.Errorf("gridnet: a grid of %d axes with %d points; give 1 or more, and 2 or more, together at most %d", s.Dim, s.Side, MaxRows)
	case s.Width < kern.Lane || s.Width > 4096 || s.Width%kern.Lane != 0:
		return fmt.Errorf("gridnet: width is %d; give a multiple of %d up to 4096", s.Width, kern.Lane)
	case s.Outputs < 1:
		return fmt.Errorf("gridnet: %d outputs; give 1 or more", s.Outputs)
	}
	return nil
}

// OutWidth is the distance between the outputs of two points: Outputs, filled
// up with zeros.
func (s Shape) OutWidth() int { return (s.Outputs + kern.Lane - 1) / kern.Lane * kern.Lane }

// The parameters, in their order.
const (
	firstWeights = iota // Dim*Side x Width
	firstBias
	secondWeights // Width x Width
	secondBias
	lastWeights // Width x OutWidth
	lastBias
	paramCount
)

var names = [paramCount]string{"first.w", "first.b", "second.w", "second.b", "last.w", "last.b"}

func (s Shape) size(param int) (rows, cols int) {
	return [paramCount]int{s.Dim * s.Side, 1, s.Width, 1, s.Width, 1}[param],
		[paramCount]int{s.Width, s.Width, s.Width, s.Width, s.OutWidth(), s.OutWidth()}[param]
}

// Declare adds the network's parameters to p, drawn from r: normal weights that
// keep the variance of what goes through a layer (He et al. 2015), smaller ones
// in the last layer, so that all actions begin about equally likely; no biases.
func (s Shape) Declare(p *nn.Params, r *rand.Rand) error {
	if err := s.Check(); err != nil {
		return err
	}
	he := 2 / (1 + Slope*Slope)
	spread := [paramCount]float64{
		firstWeights: 1 / math.Sqrt(float64(s.Dim)), secondWeights: math.Sqrt(he / float64(s.Width)), lastWeights: 0.1 * math.Sqrt(he/float64(s.Width)),
	}
	for i, name := range names {
		rows, cols := s.size(i)
		data := make([]float32, rows*cols)
		for k := range data {
			if spread[i] > 0 && (i != lastWeights || k%cols < s.Outputs) {
				data[k] = float32(spread[i] * r.NormFloat64())
			}
		}
		if err := p.Set(name, rows, cols, data); err != nil {
			return fmt.Errorf("gridnet: declare: %w", err)
		}
	}
	return nil
}

// Net is a network over parameters that it does not own. Calls that only read
// it, with a batch each, may run at the same time.
type Net struct {
	Shape
	threads int
	params  [paramCount]*nn.Param

	second, last   kern.Packed
	secondT, lastT kern.Packed // for the gradient
	trained        bool
}

// New makes the network of a shape over parameters that [Shape.Declare] drew or
// that were read from a file. Up to threads goroutines work on a call.
func New(s Shape, p *nn.Params, threads int) (*Net, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	n := &Net{Shape: s, threads: max(threads, 1)}
	for i, name := range names {
		x := p.Get(name)
		rows, cols := s.size(i)
		if x == nil {
			return nil, fmt.Errorf("gridnet: parameter %s is missing", name)
		}
		if x.Rows != rows || x.Cols != cols {
			return nil, fmt.Errorf("gridnet: parameter %s is %dx%d, not %dx%d", name, x.Rows, x.Cols, rows, cols)
		}
		n.params[i] = x
	}
	n.Update()
	return n, nil
}

// Params lists the network's parameters, in an order that is always the same.
func (n *Net) Params() []*nn.Param { return n.params[:] }

// Train makes room for gradients and keeps what they need up to date.
func (n *Net) Train() {
	for _, p := range n.params {
		p.Grad = make([]float32, len(p.Data))
	}
	n.trained = true
	n.Update()
}

// Update reads the parameters anew, after they have changed.
func (n *Net) Update() {
	w, out := n.Width, n.OutWidth()
	second, last := n.params[secondWeights].Data, n.params[lastWeights].Data
	n.second.Pack(n.threads, second, w, w, w, false)
	n.last.Pack(1, last, out, w, out, false)
	if n.trained {
		n.secondT.Pack(n.threads, second, w, w, w, true)
		n.lastT.Pack(1, last, out, out, w, true)
	}
}
