package depict

import (
	"fmt"
	"math"
)

// Picture is a drawing as a list of shapes, each drawn over those before it.
// The background is not part of it.
type Picture struct {
	Width, Height float64 // pixels
	Shapes        []Shape
	Title         string // what it shows, for readers who do not see it
}

// Shape is one stroke, area or line of text.
type Shape struct {
	Kind   ShapeKind
	Points []Point // pixels, y downwards; of a text, the left end of its base line
	Color  Color
	Width  float64 // of a stroke, pixels
	Text   string
	Size   float64 // of a text, pixels
	Bold   bool
}

// ShapeKind tells how a shape is drawn.
type ShapeKind uint8

// The kinds of shapes.
const (
	Stroke ShapeKind = iota // an open line through the points, with round ends
	Fill                    // the polygon of the points
	Disc                    // a circle of diameter Width around the point
	Text                    // sans-serif, as wide as in Helvetica
)

// Color is a colour as 0xRRGGBB.
type Color uint32

// String is the colour as #rrggbb.
func (c Color) String() string { return fmt.Sprintf("#%06x", uint32(c)&0xffffff) }

// Colours of the elements that are legible on white.
const (
	black  Color = 0x000000
	grey   Color = 0x666666
	blue   Color = 0x1d4ed8
	red    Color = 0xc81e1e
	green  Color = 0x15803d
	ochre  Color = 0x8a6a00
	orange Color = 0xb85c00
	brown  Color = 0x8b3a1a
	purple Color = 0x6b21a8
)

func elementColor(z uint8) Color {
	switch z {
	case 7:
		return blue
	case 8:
		return red
	case 9, 17:
		return green
	case 16, 34:
		return ochre
	case 15:
		return orange
	case 35, 5:
		return brown
	case 53:
		return purple
	}
	return black
}

// line adds a stroke.
func (p *Picture) line(width float64, c Color, points ...Point) {
	p.Shapes = append(p.Shapes, Shape{Kind: Stroke, Points: points, Color: c, Width: width})
}

// text adds a text whose base line begins at a point.
func (p *Picture) text(at Point, text string, size float64, c Color) {
	p.Shapes = append(p.Shapes, Shape{Kind: Text, Points: []Point{at}, Color: c, Text: text, Size: size})
}

// bounds is the box around all shapes.
func (p *Picture) bounds() box {
	b := box{Point{math.Inf(1), math.Inf(1)}, Point{math.Inf(-1), math.Inf(-1)}}
	include := func(q Point) {
		b.low = Point{min(b.low.X, q.X), min(b.low.Y, q.Y)}
		b.high = Point{max(b.high.X, q.X), max(b.high.Y, q.Y)}
	}
	for _, s := range p.Shapes {
		r := s.Width / 2
		for _, q := range s.Points {
			if s.Kind == Text {
				include(q.add(Point{0, -0.78 * s.Size}))
				include(q.add(Point{TextWidth(s.Text) * s.Size, 0.22 * s.Size}))
				continue
			}
			include(q.sub(Point{r, r}))
			include(q.add(Point{r, r}))
		}
	}
	if len(p.Shapes) == 0 {
		return box{}
	}
	return b
}

// move shifts all shapes.
func (p *Picture) move(by Point) {
	for _, s := range p.Shapes {
		for i := range s.Points {
			s.Points[i] = s.Points[i].add(by)
		}
	}
}

// Grid sets pictures in rows of the given number of columns, each in the middle
// of a cell that holds the largest.
func Grid(pictures []*Picture, columns int) *Picture {
	g := &Picture{Title: fmt.Sprintf("%d molecules", len(pictures))}
	if len(pictures) == 0 {
		return g
	}
	columns = max(1, min(columns, len(pictures)))
	rows := (len(pictures) + columns - 1) / columns
	heights := make([]float64, rows)
	width := 0.0
	for i, p := range pictures {
		width = max(width, p.Width)
		heights[i/columns] = max(heights[i/columns], p.Height)
	}
	y := 0.0
	for i, p := range pictures {
		if i > 0 && i%columns == 0 {
			y += heights[i/columns-1]
		}
		shift := Point{float64(i%columns)*width + (width-p.Width)/2, y + (heights[i/columns]-p.Height)/2}
		for _, s := range p.Shapes {
			points := make([]Point, len(s.Points))
			for k, q := range s.Points {
				points[k] = q.add(shift)
			}
			s.Points = points
			g.Shapes = append(g.Shapes, s)
		}
	}
	g.Width, g.Height = width*float64(columns), y+heights[rows-1]
	return g
}
