package main

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"
	"sync"

	"github.com/molsculpt/molsculpt/chem/depict"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// maxPixels bounds the size of a PNG file.
const maxPixels = 200e6

// writePNG draws a picture with the given number of dots per pixel.
func writePNG(w io.Writer, p *depict.Picture, dots float64) error {
	width, height := math.Ceil(max(1, p.Width)*dots), math.Ceil(max(1, p.Height)*dots)
	if width*height > maxPixels {
		return fmt.Errorf("draw PNG: %.0f x %.0f dots are too many; draw fewer molecules or write SVG", width, height)
	}
	r := raster{img: image.NewRGBA(image.Rect(0, 0, int(width), int(height))), dots: dots}
	draw.Draw(r.img, r.img.Bounds(), image.White, image.Point{}, draw.Src)
	for i := range p.Shapes {
		if err := r.shape(&p.Shapes[i]); err != nil {
			return fmt.Errorf("draw PNG: %w", err)
		}
	}
	if err := png.Encode(w, r.img); err != nil {
		return fmt.Errorf("draw PNG: %w", err)
	}
	return nil
}

// raster draws shapes into an image. Every shape becomes outlines that all run
// around in the same sense, since those of opposite sense would cancel where they
// overlap.
type raster struct {
	img  *image.RGBA
	dots float64
}

// outline is a closed path; its curves are already flat.
type outline []depict.Point

func (r raster) shape(s *depict.Shape) error {
	var paths []outline
	switch s.Kind {
	case depict.Stroke:
		for i, p := range s.Points {
			paths = append(paths, r.circle(p, s.Width/2))
			if i > 0 {
				paths = append(paths, bar(s.Points[i-1], p, s.Width/2))
			}
		}
	case depict.Fill:
		paths = append(paths, around(s.Points))
	case depict.Disc:
		paths = append(paths, r.circle(s.Points[0], s.Width/2))
	case depict.Text:
		var err error
		if paths, err = r.text(s); err != nil {
			return err
		}
	}
	r.fill(paths, s.Color)
	return nil
}

// bar is a line of the given half width.
func bar(p, q depict.Point, half float64) outline {
	dx, dy := q.X-p.X, q.Y-p.Y
	l := math.Hypot(dx, dy)
	if l == 0 {
		return nil
	}
	dx, dy = dx/l*half, dy/l*half
	return around([]depict.Point{{X: p.X - dy, Y: p.Y + dx}, {X: q.X - dy, Y: q.Y + dx}, {X: q.X + dy, Y: q.Y - dx}, {X: p.X + dy, Y: p.Y - dx}})
}

func (r raster) circle(centre depict.Point, radius float64) outline {
	n := max(12, int(8*math.Sqrt(radius*r.dots)))
	var out outline
	for i := range n {
		s, c := math.Sincos(2 * math.Pi * float64(i) / float64(n))
		out = append(out, depict.Point{X: centre.X + radius*c, Y: centre.Y + radius*s})
	}
	return around(out)
}

// around turns a polygon so that its area is positive.
func around(points []depict.Point) outline {
	area := 0.0
	for i, p := range points {
		q := points[(i+1)%len(points)]
		area += p.X*q.Y - p.Y*q.X
	}
	out := append(outline(nil), points...)
	if area < 0 {
		for i, p := range points {
			out[len(points)-1-i] = p
		}
	}
	return out
}

var fonts = sync.OnceValues(func() ([2]*sfnt.Font, error) {
	var out [2]*sfnt.Font
	for i, data := range [][]byte{goregular.TTF, gobold.TTF} {
		f, err := sfnt.Parse(data)
		if err != nil {
			return out, err
		}
		out[i] = f
	}
	return out, nil
})

// text is the outlines of a text in the Go font, as wide as the picture asks.
func (r raster) text(s *depict.Shape) ([]outline, error) {
	faces, err := fonts()
	if err != nil {
		return nil, err
	}
	face := faces[0]
	if s.Bold {
		face = faces[1]
	}
	var buf sfnt.Buffer
	const unit = 1024 // the size in which outlines are read
	ppem := fixed.I(unit)
	var paths []outline
	x := 0.0
	for _, c := range s.Text {
		glyph, err := face.GlyphIndex(&buf, c)
		if err != nil {
			return nil, err
		}
		segments, err := face.LoadGlyph(&buf, glyph, ppem, nil)
		if err != nil {
			return nil, err
		}
		paths = append(paths, glyphPaths(segments, x)...)
		advance, err := face.GlyphAdvance(&buf, glyph, ppem, font.HintingNone)
		if err != nil {
			return nil, err
		}
		x += float64(advance) / 64
	}
	sy := s.Size / unit
	sx := sy
	if x > 0 {
		width := depict.TextWidth(s.Text)
		if s.Bold {
			width *= depict.BoldWidth
		}
		sx = s.Size * width / x
	}
	for _, p := range paths {
		for i := range p {
			p[i] = depict.Point{X: s.Points[0].X + p[i].X*sx, Y: s.Points[0].Y + p[i].Y*sy}
		}
	}
	return paths, nil
}

// glyphPaths are the outlines of a glyph, moved to the right by x. Their sense
// tells what is outside, and is kept.
func glyphPaths(segments sfnt.Segments, x float64) (paths []outline) {
	at := func(p fixed.Point26_6) depict.Point {
		return depict.Point{X: float64(p.X)/64 + x, Y: float64(p.Y) / 64}
	}
	var path outline
	for _, s := range segments {
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			if path != nil {
				paths = append(paths, path)
			}
			path = outline{at(s.Args[0])}
		case sfnt.SegmentOpLineTo:
			path = append(path, at(s.Args[0]))
		case sfnt.SegmentOpQuadTo:
			path = curve(path, at(s.Args[0]), at(s.Args[0]), at(s.Args[1]), 2)
		case sfnt.SegmentOpCubeTo:
			path = curve(path, at(s.Args[0]), at(s.Args[1]), at(s.Args[2]), 3)
		}
	}
	if path != nil {
		paths = append(paths, path)
	}
	return paths
}

// curve appends a Bézier curve of the given degree; of degree 2 it has one inner
// point, given twice.
func curve(path outline, b, c, d depict.Point, degree int) outline {
	a := path[len(path)-1]
	const steps = 6
	for i := 1; i <= steps; i++ {
		t := float64(i) / steps
		u := 1 - t
		w := [4]float64{u * u, u * t, u * t, t * t}
		if degree == 3 {
			w = [4]float64{u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t}
		}
		path = append(path, depict.Point{
			X: w[0]*a.X + w[1]*b.X + w[2]*c.X + w[3]*d.X,
			Y: w[0]*a.Y + w[1]*b.Y + w[2]*c.Y + w[3]*d.Y,
		})
	}
	return path
}

// fill draws outlines in one colour.
func (r raster) fill(paths []outline, c depict.Color) {
	low, high := depict.Point{X: math.Inf(1), Y: math.Inf(1)}, depict.Point{X: math.Inf(-1), Y: math.Inf(-1)}
	for _, path := range paths {
		for _, p := range path {
			low.X, low.Y = min(low.X, p.X), min(low.Y, p.Y)
			high.X, high.Y = max(high.X, p.X), max(high.Y, p.Y)
		}
	}
	if low.X > high.X {
		return
	}
	area := image.Rect(int(low.X*r.dots)-1, int(low.Y*r.dots)-1, int(high.X*r.dots)+2, int(high.Y*r.dots)+2)
	v := vector.NewRasterizer(area.Dx(), area.Dy())
	for _, path := range paths {
		for i, p := range path {
			x, y := float32(p.X*r.dots-float64(area.Min.X)), float32(p.Y*r.dots-float64(area.Min.Y))
			if i == 0 {
				v.MoveTo(x, y)
			} else {
				v.LineTo(x, y)
			}
		}
		v.ClosePath()
	}
	ink := image.NewUniform(color.RGBA{uint8(c >> 16), uint8(c >> 8), uint8(c), 255})
	v.Draw(r.img, area, ink, image.Point{})
}
