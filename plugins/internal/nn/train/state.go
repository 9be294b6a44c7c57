package train

import (
	"fmt"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/safetensors"
)

// State is the part of a training that is tensors: sets of parameters and the
// optimiser.
type State struct {
	Sets []Set
	Adam *nn.AdamW
	// Params are those that the optimiser moves, in its order.
	Params []*nn.Param
}

// Set is a set of parameters under a name.
type Set struct {
	Name   string
	Params *nn.Params
}

// Write adds the state to a file. The number of the optimiser's steps is not
// part of it.
func (s *State) Write(f *safetensors.File) {
	for _, set := range s.Sets {
		for _, p := range set.Params.All() {
			f.Add(safetensors.Float32(set.Name+"/"+p.Name, p.Data, p.Rows, p.Cols))
		}
	}
	if s.Adam.M == nil {
		return
	}
	for i, p := range s.Params {
		f.Add(safetensors.Float32("m/"+p.Name, s.Adam.M[i], p.Rows, p.Cols))
		f.Add(safetensors.Float32("v/"+p.Name, s.Adam.V[i], p.Rows, p.Cols))
	}
}

// Read takes the state from a file, for an optimiser that has made so many
// steps. Where the file does not fit it changes nothing.
func (s *State) Read(f *safetensors.File, steps int) error {
	if steps < 0 {
		return fmt.Errorf("train: read state: %d steps of the optimiser", steps)
	}
	var into, from [][]float32
	read := func(name string, dst []float32) error {
		x, err := f.Get(name)
		if err != nil {
			return fmt.Errorf("train: read state: %w", err)
		}
		v, err := x.Floats()
		if err != nil {
			return fmt.Errorf("train: read state: %w", err)
		}
		if len(v) != len(dst) {
			return fmt.Errorf("train: read state: %s has %d values, want %d", name, len(v), len(dst))
		}
		into, from = append(into, dst), append(from, v)
		return nil
	}
	for _, set := range s.Sets {
		for _, p := range set.Params.All() {
			if err := read(set.Name+"/"+p.Name, p.Data); err != nil {
				return err
			}
		}
	}
	var m, v [][]float32
	if steps > 0 {
		for _, p := range s.Params {
			m, v = append(m, make([]float32, len(p.Data))), append(v, make([]float32, len(p.Data)))
			if err := read("m/"+p.Name, m[len(m)-1]); err != nil {
				return err
			}
			if err := read("v/"+p.Name, v[len(v)-1]); err != nil {
				return err
			}
		}
	}
	for i, dst := range into {
		copy(dst, from[i])
	}
	s.Adam.Steps, s.Adam.M, s.Adam.V = steps, m, v
	return nil
}
