package score

import (
	"fmt"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/unet"
)

// UNet is a network for points that are images: the numbers of a pixel, one for
// each channel, lie one after another, pixels line by line. As a model it is a
// small U-Net, as a guide the half of it that goes down; see package unet.
type UNet struct {
	Height int `json:"height,omitempty"` // pixels, a multiple of 4; 28
	Width  int `json:"width,omitempty"`  // pixels, a multiple of 4; as Height
	Fine   int `json:"fine,omitempty"`   // channels at half the resolution, a multiple of 16; 32
	Coarse int `json:"coarse,omitempty"` // channels at a quarter of it, a multiple of 16; 64
	Blocks int `json:"blocks,omitempty"` // residual blocks there; 2

	dimension int
}

// shape is the network's size; the channels of an image are what is left.
func (u *UNet) shape() unet.Shape {
	return unet.Shape{
		Height: u.Height, Width: u.Width, Channels: u.dimension / (u.Height * u.Width),
		Fine: u.Fine, Coarse: u.Coarse, Blocks: u.Blocks,
	}
}

// Complete implements [Network].
func (u *UNet) Complete(dimension int) error {
	for p, def := range map[*int]int{&u.Height: 28, &u.Fine: 32, &u.Coarse: 64, &u.Blocks: 2} {
		if *p == 0 {
			*p = def
		}
	}
	if u.Width == 0 {
		u.Width = u.Height
	}
	u.dimension = dimension
	if u.Height < 1 || u.Width < 1 || dimension%(u.Height*u.Width) != 0 {
		return fmt.Errorf("points of %d numbers are no images of %d x %d pixels", dimension, u.Height, u.Width)
	}
	return u.shape().Check()
}

// Define implements [Network]: with as many outputs as a point has numbers it is
// the U-Net, with others the classifier.
func (u *UNet) Define(b nn.Builder, points, noise nn.Value, outputs int) nn.Value {
	if outputs == u.dimension {
		return u.shape().Images(b, points, noise)
	}
	return u.shape().Classes(b, points, noise, outputs)
}

// Describe implements [Network].
func (u *UNet) Describe() string {
	return fmt.Sprintf("U-Net for images of %d x %d pixels, %d and %d channels, %d blocks", u.Height, u.Width, u.Fine, u.Coarse, u.Blocks)
}
