package op

// Grid is the images of a batch at one resolution. The channels of a pixel are
// a row, the pixels of an image follow one another line by line, and so do the
// images (the layout NHWC).
type Grid struct {
	Images        *Rows
	Pixels        *Rows // Height*Width to an image
	Height, Width int
}

// NewGrid makes the images of a batch at a resolution.
func NewGrid(images *Rows, height, width int) *Grid {
	return &Grid{Images: images, Pixels: &Rows{Cap: images.Cap * height * width}, Height: height, Width: width}
}

// Update makes the pixels those of the images that live now. An operation whose
// output is on another grid than its input does so for its output.
func (g *Grid) Update() { g.Pixels.Live = g.Images.Live * g.Size() }

// Size is the number of pixels of an image.
func (g *Grid) Size() int { return g.Height * g.Width }

// images calls f for each image.
func (e *Env) images(g *Grid, f func(i int)) {
	e.rows(g.Images.Live, 1, func(from, to int) {
		for i := from; i < to; i++ {
			f(i)
		}
	})
}
