package nn

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
)

// Param is a matrix that training changes.
type Param struct {
	Name       string
	Rows, Cols int
	Data       []float32
	Grad       []float32 // of the last run; owned by the graph
	Rate       float32   // multiplies the learning rate
	Decay      bool      // weight decay applies
}

// Init says how a parameter starts and how it is trained.
type Init struct {
	Value float32 // every entry, and
	Noise float64 // standard deviation of normal noise on it
	Rate  float32 // multiplies the learning rate; 0 counts as 1
	Decay bool    // weight decay applies
}

// Params is the parameters of a model, by unique name, in the order in which
// the model's definition asks for them.
type Params struct {
	list  []*Param
	index map[string]*Param
	rand  *rand.Rand
}

// NewParams makes an empty set whose parameters are drawn from r as a model
// asks for them. With r nil a model may only ask for what has been set.
func NewParams(r *rand.Rand) *Params {
	return &Params{index: map[string]*Param{}, rand: r}
}

// All lists the parameters.
func (p *Params) All() []*Param { return p.list }

// Count is the number of floats.
func (p *Params) Count() int {
	n := 0
	for _, x := range p.list {
		n += len(x.Data)
	}
	return n
}

// Get is the parameter with that name, or nil.
func (p *Params) Get(name string) *Param { return p.index[name] }

// Set adds a parameter with given values, or overwrites those it has.
func (p *Params) Set(name string, rows, cols int, data []float32) error {
	if len(data) != rows*cols {
		return fmt.Errorf("nn: set %s: %d values for %dx%d", name, len(data), rows, cols)
	}
	if x := p.index[name]; x != nil {
		if x.Rows != rows || x.Cols != cols {
			return fmt.Errorf("nn: set %s: it is %dx%d, not %dx%d", name, x.Rows, x.Cols, rows, cols)
		}
		copy(x.Data, data)
		return nil
	}
	x := &Param{Name: name, Rows: rows, Cols: cols, Data: slices.Clone(data), Rate: 1}
	p.list, p.index[name] = append(p.list, x), x
	return nil
}

// declare returns the parameter, drawing it if it is new.
func (p *Params) declare(name string, rows, cols int, init Init) (*Param, error) {
	x := p.index[name]
	switch {
	case x != nil:
		if x.Rows != rows || x.Cols != cols {
			return nil, fmt.Errorf("nn: parameter %s is %dx%d, the model wants %dx%d", name, x.Rows, x.Cols, rows, cols)
		}
	case p.rand == nil:
		return nil, fmt.Errorf("nn: parameter %s is missing", name)
	default:
		x = &Param{Name: name, Rows: rows, Cols: cols, Data: make([]float32, rows*cols)}
		for i := range x.Data {
			x.Data[i] = init.Value
			if init.Noise > 0 {
				x.Data[i] += float32(init.Noise * p.rand.NormFloat64())
			}
		}
		p.list, p.index[name] = append(p.list, x), x
	}
	x.Rate, x.Decay = init.Rate, init.Decay
	if x.Rate == 0 {
		x.Rate = 1
	}
	return x, nil
}

// Clone copies names, shapes and values.
func (p *Params) Clone() *Params {
	c := NewParams(nil)
	for _, x := range p.list {
		y := *x
		y.Data, y.Grad = slices.Clone(x.Data), nil
		c.list, c.index[y.Name] = append(c.list, &y), &y
	}
	return c
}

// Average moves p towards q: p = keep*p + (1-keep)*q. Both have the same
// parameters in the same order. Up to threads goroutines work.
func (p *Params) Average(threads int, keep float32, q *Params) {
	kern.Par(threads, len(p.list), func(i int) {
		x := p.list[i].Data
		kern.Scale(keep, x, x)
		kern.AddScaled(1-keep, q.list[i].Data, x)
	})
}
