package score

import (
	"fmt"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
)

// MLP is a perceptron with residual layers, for points that are a handful of
// numbers without an order.
type MLP struct {
	Width  int `json:"width,omitempty"`  // a multiple of 16; 128
	Layers int `json:"layers,omitempty"` // residual layers; 3
}

// Complete implements [Network].
func (m *MLP) Complete(int) error {
	if m.Width == 0 {
		m.Width = 128
	}
	if m.Layers == 0 {
		m.Layers = 3
	}
	if m.Width < 16 || m.Width > 4096 || m.Width%16 != 0 {
		return fmt.Errorf("width of the network is %d; give a multiple of 16 from 16 to 4096", m.Width)
	}
	if m.Layers < 1 || m.Layers > 64 {
		return fmt.Errorf("layers of the network are %d; give 1 to 64", m.Layers)
	}
	return nil
}

// Define implements [Network]. The first layer adds point and noise up behind a
// layer each; every further one is x + W GELU(V norm(x)).
func (m *MLP) Define(b nn.Builder, points, noise nn.Value, outputs int) nn.Value {
	w := m.Width
	code := nn.Linear(b, "noise.wide", noise, w, true, 1.4)
	x := nn.Linear(b, "noise.narrow", code, w, false, 1)
	x = nn.Linear(b, "points", points, w, false, 1, x)
	for i := range m.Layers {
		name := fmt.Sprintf("layer%d", i)
		h := nn.Linear(b, name+".wide", nn.Norm(b, name+".norm", x), 2*w, true, 1.4)
		x = nn.Linear(b, name+".narrow", h, w, false, 0.5, x)
	}
	return nn.Linear(b, "out", nn.Norm(b, "out.norm", x), Pad(outputs), false, 0.3)
}

// Describe implements [Network].
func (m *MLP) Describe() string {
	return fmt.Sprintf("perceptron, %d residual layers of width %d", m.Layers, m.Width)
}
