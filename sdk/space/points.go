package space

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"

	"github.com/molsculpt/molsculpt/sdk/noise"
)

// KindPoints is the kind of spaces of points.
const KindPoints = "points/1"

// Points is the space of continuous models: points of so many numbers, and the
// process that makes noise of them, which is its backward kernel. A state is a
// point as 32-bit little-endian floats; there are no actions. It says to a trainer
// what examples are, and to a guide what its models walk.
type Points struct {
	dim     int
	process noise.Process
	desc    Descriptor
}

// maxDimension is the largest number of coordinates.
const maxDimension = 1 << 20

// NewPoints is the space of points of dim numbers, from 1 to 2^20. The process may
// be the zero value where it is not known, as before a first model is trained.
func NewPoints(dim int, process noise.Process) (*Points, error) {
	if dim < 1 || dim > maxDimension {
		return nil, fmt.Errorf("space: make points: %d numbers; from 1 to %d are possible", dim, maxDimension)
	}
	return &Points{dim, process, Descriptor{
		Kind:    KindPoints,
		Digest:  digest("%s dim %d process %s", KindPoints, dim, process),
		Kernel:  process.String(),
		MaxSize: dim,
	}}, nil
}

// Dim is how many numbers a point has.
func (p *Points) Dim() int { return p.dim }

// Process is the process that makes noise of points.
func (p *Points) Process() noise.Process { return p.process }

// Descriptor implements [Space].
func (p *Points) Descriptor() Descriptor { return p.desc }

// At is the state of a point, which must have Dim numbers.
func (p *Points) At(point []float32) State {
	b := make([]byte, 0, 4*len(point))
	for _, x := range point {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return State(b)
}

// Point decodes a state, appending Dim numbers to dst.
func (p *Points) Point(s State, dst []float32) []float32 {
	for i := 0; i+4 <= len(s); i += 4 {
		bits := uint32(s[i]) | uint32(s[i+1])<<8 | uint32(s[i+2])<<16 | uint32(s[i+3])<<24
		dst = append(dst, math.Float32frombits(bits))
	}
	return dst
}

// Columns implements [Space]: there are no actions.
func (p *Points) Columns() int { return 0 }

// Rows implements [Space].
func (p *Points) Rows(State) int { return 0 }

// Legal implements [Space]: Stop is all there is.
func (p *Points) Legal(State, []bool) (stop bool) { return true }

// Child implements [Space]. It must not be called: no action is legal.
func (p *Points) Child(State, int) State { panic("space: a point has no actions") }

// Parents implements [Space].
func (p *Points) Parents(State) []Parent { return nil }

// Size implements [Space].
func (p *Points) Size(State) int { return 0 }

// Validate implements [Space].
func (p *Points) Validate(s State) error {
	if len(s) != 4*p.dim {
		return fmt.Errorf("space: read point: %d bytes, not %d", len(s), 4*p.dim)
	}
	for i, x := range p.Point(s, nil) {
		if x-x != 0 {
			return fmt.Errorf("space: read point: number %d is %v", i+1, x)
		}
	}
	return nil
}

type pointsDefinition struct {
	Dimension  int                `json:"dimension"`
	Process    string             `json:"process,omitempty"`
	Parameters map[string]float64 `json:"parameters,omitempty"`
}

// Definition is all that [Open] needs, as JSON.
func (p *Points) Definition() []byte {
	b, err := json.Marshal(pointsDefinition{p.dim, p.process.Name(), p.process.Parameters()})
	if err != nil {
		panic("space: numbers failed to marshal")
	}
	return b
}

func openPoints(definition []byte) (Defined, error) {
	var d pointsDefinition
	if err := json.Unmarshal(definition, &d); err != nil {
		return nil, fmt.Errorf("space: open %s: %w", KindPoints, err)
	}
	var process noise.Process
	if d.Process != "" {
		var err error
		if process, err = noise.New(d.Process, d.Parameters); err != nil {
			return nil, fmt.Errorf("space: open %s: %w", KindPoints, err)
		}
	}
	return NewPoints(d.Dimension, process)
}
