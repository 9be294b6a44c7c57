package digits

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
)

// Picture is points side by side as one picture.
type Picture struct {
	Height, Width int // pixels of a point
	Channels      int // 1: grey; 2: red and green
	Columns       int // points in a line
	Scale         int // pixels of the picture for one of a point; 0 counts as 2
}

// gap is between points, in pixels of the picture.
const gap = 2

// Draw is the picture of points, one after another in a slice, on white.
func (p Picture) Draw(points []float32) (image.Image, error) {
	size, scale := p.Height*p.Width*p.Channels, p.Scale
	if scale == 0 {
		scale = 2
	}
	if size < 1 || p.Columns < 1 || scale < 1 || p.Channels > 2 || len(points)%size != 0 {
		return nil, fmt.Errorf("digits: draw: %d numbers as images of %d x %d pixels with %d channels, %d in a line", len(points), p.Height, p.Width, p.Channels, p.Columns)
	}
	n := len(points) / size
	lines := (n + p.Columns - 1) / p.Columns
	high, wide := p.Height*scale+gap, p.Width*scale+gap
	m := image.NewRGBA(image.Rect(0, 0, p.Columns*wide+gap, lines*high+gap))
	for i := range m.Pix {
		m.Pix[i] = 255
	}
	for i := range n {
		x, y := i%p.Columns*wide+gap, i/p.Columns*high+gap
		for k := range p.Height * p.Width {
			c := colour(points[i*size+k*p.Channels:][:p.Channels])
			for a := range scale {
				for b := range scale {
					m.SetRGBA(x+k%p.Width*scale+a, y+k/p.Width*scale+b, c)
				}
			}
		}
	}
	return m, nil
}

// WritePNG writes the picture of points as PNG.
func (p Picture) WritePNG(w io.Writer, points []float32) error {
	m, err := p.Draw(points)
	if err != nil {
		return err
	}
	return png.Encode(w, m)
}

// colour is a pixel's: what is beyond -1 and 1 is cut off.
func colour(channels []float32) color.RGBA {
	level := func(v float32) uint8 { return uint8(max(0, min(255, (v+1)*127.5+0.5))) }
	if len(channels) == 1 {
		v := level(channels[0])
		return color.RGBA{v, v, v, 255}
	}
	return color.RGBA{level(channels[0]), level(channels[1]), 0, 255}
}
