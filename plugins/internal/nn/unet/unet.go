// Package unet is the networks of models of images: a small U-Net (Ronneberger
// et al. 2015) from noisy images to images, and a classifier, which is the half
// of it that goes down. Both are told the noise.
//
// The first layer is a convolution with a stride of 2, and the last one of the
// U-Net gives squares of 2 x 2 pixels, so that nothing runs at the full
// resolution: at half of it there is a residual block on the way down and one on
// the way up, at a quarter of it there are Shape.Blocks. Images of 28 x 28 pixels
// are 14 x 14 and 7 x 7 there.
package unet

import (
	"fmt"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
)

// Shape is the size of a network.
type Shape struct {
	Height   int // of an image, a multiple of 4
	Width    int // of an image, a multiple of 4
	Channels int // of an image
	Fine     int // channels at half the resolution, a multiple of 16; of 32 is faster
	Coarse   int // channels at a quarter of it, likewise
	Blocks   int // residual blocks at a quarter of it, 1 or more
}

// Check says what is wrong with a shape.
func (s Shape) Check() error {
	lanes := func(n int) bool { return n >= kern.Lane && n <= 1024 && n%kern.Lane == 0 }
	side := func(n int) bool { return n >= 4 && n <= 512 && n%4 == 0 }
	switch {
	case !side(s.Height) || !side(s.Width):
		return fmt.Errorf("unet: images of %d x %d pixels; height and width must be multiples of 4 from 4 to 512", s.Height, s.Width)
	case s.Channels < 1 || s.Channels > 16:
		return fmt.Errorf("unet: images of %d channels; give 1 to 16", s.Channels)
	case !lanes(s.Fine) || !lanes(s.Coarse):
		return fmt.Errorf("unet: %d fine and %d coarse channels; give multiples of %d from %d to 1024", s.Fine, s.Coarse, kern.Lane, kern.Lane)
	case s.Blocks < 1 || s.Blocks > 16:
		return fmt.Errorf("unet: %d blocks; give 1 to 16", s.Blocks)
	}
	return nil
}

// Dimension is how many numbers an image is: line by line, pixel by pixel,
// channel by channel.
func (s Shape) Dimension() int { return s.Height * s.Width * s.Channels }

// padded is n up to the next multiple of a lane.
func padded(n int) int { return (n + kern.Lane - 1) / kern.Lane * kern.Lane }

// trunk is the way down: its grids, what it makes of images at half and a
// quarter of the resolution, and the embedding of the noise.
type trunk struct {
	full, half, quarter *op.Grid
	fine, coarse, noise nn.Value
}

func (s Shape) trunk(b nn.Builder, images, noise nn.Value) trunk {
	rows := images.Shape.Rows
	t := trunk{
		full: op.NewGrid(rows, s.Height, s.Width), half: op.NewGrid(rows, s.Height/2, s.Width/2), quarter: op.NewGrid(rows, s.Height/4, s.Width/4),
		noise: nn.Linear(b, "noise.second", nn.Linear(b, "noise.first", noise, embed, true, 1.4), embed, true, 1.4),
	}
	x := halve(b, "stem", t.full, t.half, images, s.Channels, 4, s.Fine, true)
	t.fine = block(b, "down", t.half, x, s.Fine, t.noise)
	t.coarse = halve(b, "shrink", t.half, t.quarter, t.fine, s.Fine, 2, s.Coarse, false)
	for i := range s.Blocks {
		t.coarse = block(b, fmt.Sprintf("middle%d", i), t.quarter, t.coarse, s.Coarse, t.noise)
	}
	return t
}

// Images is a U-Net: from images, a row each, and a code of their noise to
// images. Its answers are zero at first.
func (s Shape) Images(b nn.Builder, images, noise nn.Value) nn.Value {
	t := s.trunk(b, images, noise)
	join := &op.Join{Env: b.Env(), Label: "join", Low: t.quarter, High: t.half, K: s.Coarse, N: s.Fine, Factor: 2}
	h := block(b, "up", t.half, b.Apply(join, t.coarse, t.fine), s.Fine, t.noise)
	width := padded(4 * s.Channels)
	squares := conv(b, "out", t.half, norm(b, "out.norm", t.half, h), width, 0)
	return b.Apply(&op.Assemble{Env: b.Env(), Label: "assemble", In: t.half, Out: t.full, Channels: s.Channels, Width: width, Side: 2}, squares)
}

// Classes is a classifier: from images, a row each, and a code of their noise to
// so many numbers, padded to a multiple of 16.
func (s Shape) Classes(b nn.Builder, images, noise nn.Value, outputs int) nn.Value {
	t := s.trunk(b, images, noise)
	pool := &op.Pool{Env: b.Env(), Label: "pool", Grid: t.quarter, D: s.Coarse}
	h := nn.Linear(b, "hidden", b.Apply(pool, norm(b, "hidden.norm", t.quarter, t.coarse)), s.Coarse, true, 1.4)
	return nn.Linear(b, "out", h, padded(outputs), false, 0.3)
}
