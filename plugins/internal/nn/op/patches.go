package op

// Patches lays out what each output of a convolution reads as a row: pixels in
// squares of Side, Stride apart, the first one Pad above and to the left of the
// image, with zeros beyond its edges. Input: images of Channels channels, as
// pixels (Channels a multiple of 16) or, with Whole, as one row for each image.
// Output: a row for each pixel of Out, Side*Side*Channels and zeros up to Width.
// A [Linear] behind it makes it a convolution of any size and stride.
type Patches struct {
	Env               *Env
	Label             string
	In, Out           *Grid
	Channels, Width   int
	Side, Stride, Pad int
	Whole             bool // the input has a row for each image
}

// Name implements Op.
func (o *Patches) Name() string { return "patches " + o.Label }

// Check implements Op.
func (o *Patches) Check(in []Shape) error {
	return want(o.Name(), in, pixels(o.In, o.Channels, o.Whole))
}

// pixels is the shape of images of a grid, as rows for pixels or for images.
func pixels(g *Grid, channels int, whole bool) Shape {
	if whole {
		return Shape{g.Images, g.Size() * channels}
	}
	return Shape{g.Pixels, channels}
}

// Shape implements Op.
func (o *Patches) Shape() Shape { return Shape{o.Out.Pixels, o.Width} }

// lines calls f for each stretch of pixels that lie one after another both in
// the image and in a row of the output: their places and their number of
// channels.
func (o *Patches) lines(f func(image, row, n int)) {
	c := o.Channels
	for y := range o.Out.Height {
		for x := range o.Out.Width {
			left := x*o.Stride - o.Pad
			from, to := max(left, 0), min(left+o.Side, o.In.Width)
			for i := range o.Side {
				line := y*o.Stride - o.Pad + i
				if line < 0 || line >= o.In.Height || from >= to {
					continue
				}
				f((line*o.In.Width+from)*c, (y*o.Out.Width+x)*o.Width+(i*o.Side+from-left)*c, (to-from)*c)
			}
		}
	}
}

// Forward implements Op.
func (o *Patches) Forward(in [][]float32, out []float32) {
	o.Out.Update()
	size, rows := o.In.Size()*o.Channels, o.Out.Size()*o.Width
	o.Env.images(o.In, func(i int) {
		x, y := in[0][i*size:][:size], out[i*rows:][:rows]
		clear(y)
		o.lines(func(image, row, n int) { copy(y[row:row+n], x[image:]) })
	})
}

// Backward implements Op.
func (o *Patches) Backward(_ [][]float32, _, dout []float32, din [][]float32) {
	if din[0] == nil {
		return
	}
	size, rows := o.In.Size()*o.Channels, o.Out.Size()*o.Width
	o.Env.images(o.In, func(i int) {
		dx, dy := din[0][i*size:][:size], dout[i*rows:][:rows]
		clear(dx)
		o.lines(func(image, row, n int) {
			to := dx[image : image+n]
			for j, v := range dy[row : row+n] {
				to[j] += v
			}
		})
	})
}

// Assemble puts squares of Side pixels together: a row of the input is one of
// them, Side*Side*Channels numbers of Width, and the output a row for each image.
// It takes apart what [Patches] with the same Side and Stride lays out.
type Assemble struct {
	Env             *Env
	Label           string
	In, Out         *Grid
	Channels, Width int
	Side            int
}

// Name implements Op.
func (o *Assemble) Name() string { return "assemble " + o.Label }

// Check implements Op.
func (o *Assemble) Check(in []Shape) error {
	return want(o.Name(), in, Shape{o.In.Pixels, o.Width})
}

// Shape implements Op.
func (o *Assemble) Shape() Shape { return pixels(o.Out, o.Channels, true) }

// lines calls f for each line of each square: its place in the output and in
// the input.
func (o *Assemble) lines(f func(image, row int)) {
	for y := range o.In.Height {
		for x := range o.In.Width {
			for i := range o.Side {
				f(((y*o.Side+i)*o.Out.Width+x*o.Side)*o.Channels, (y*o.In.Width+x)*o.Width+i*o.Side*o.Channels)
			}
		}
	}
}

// Forward implements Op.
func (o *Assemble) Forward(in [][]float32, out []float32) {
	size, rows, n := o.Out.Size()*o.Channels, o.In.Size()*o.Width, o.Side*o.Channels
	o.Env.images(o.In, func(i int) {
		x, y := in[0][i*rows:][:rows], out[i*size:][:size]
		o.lines(func(image, row int) { copy(y[image:image+n], x[row:]) })
	})
}

// Backward implements Op.
func (o *Assemble) Backward(_ [][]float32, _, dout []float32, din [][]float32) {
	if din[0] == nil {
		return
	}
	size, rows, n := o.Out.Size()*o.Channels, o.In.Size()*o.Width, o.Side*o.Channels
	o.Env.images(o.In, func(i int) {
		dx, dy := din[0][i*rows:][:rows], dout[i*size:][:size]
		clear(dx)
		o.lines(func(image, row int) { copy(dx[row:row+n], dy[image:]) })
	})
}
