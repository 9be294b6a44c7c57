package depict

import (
	"math"
	"strconv"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/wedge"
)

// Options say how a molecule is drawn. The zero value is good for most uses.
type Options struct {
	Coordinates *Coordinates // those of Layout if nil

	Scale     float64 // pixels per bond; 0 is 30
	MaxWidth  float64 // pixels; the molecule is drawn smaller to fit in; 0 is no bound
	MaxHeight float64

	Title       string      // a line above, in bold
	Captions    []string    // lines below
	Highlights  []Highlight // areas behind atoms and bonds
	Monochrome  bool        // letters are black
	MarkUnknown bool        // wavy bonds at stereocentres without a mark
	NoMaps      bool        // atom-map numbers are left out
}

// Highlight is a set of atoms with a coloured ground, as of a substructure. A
// bond between two atoms of the set is coloured too.
type Highlight struct {
	Atoms  []int
	Color  Color  // a light one; 0 takes the next of Palette
	Legend string // a line below the picture that tells what it is, if not empty
}

// Palette has light colours for highlights, told apart by most people with
// defective colour vision too.
var Palette = [...]Color{0xffd27f, 0xa6d8f5, 0xb7e4b0, 0xf5b5c8, 0xd5c2f0, 0xe6dc9a}

// Sizes of text outside of the molecule, in pixels.
const (
	lineSize   = 13.0
	lineHeight = 18.0
	margin     = 10.0
)

// canvas is a molecule that is being drawn.
type canvas struct {
	*Picture
	m      *chem.Mol
	at     []Point // pixels
	wedges []wedge.Wedge
	labels []*label // nil where an atom has none
	scale  float64
	pen    float64
	mono   bool
}

// Draw makes the picture of a perceived molecule.
func Draw(m *chem.Mol, o Options) *Picture {
	c := o.Coordinates
	if c == nil {
		layout := Layout(m)
		c = &layout
	}
	wedges := c.Wedges
	if o.MarkUnknown {
		wedges = append([]wedge.Wedge(nil), wedges...)
		wedge.MarkUnknown(m, wedges)
	}
	scale := o.Scale
	if scale <= 0 {
		scale = 30
	}
	below := float64(len(o.Captions))
	for _, h := range o.Highlights {
		if h.Legend != "" {
			below++
		}
	}
	head := 0.0
	if o.Title != "" {
		head = lineHeight
	}
	room := Point{math.Inf(1), math.Inf(1)}
	if o.MaxWidth > 0 {
		room.X = max(20, o.MaxWidth-2*margin)
	}
	if o.MaxHeight > 0 {
		room.Y = max(20, o.MaxHeight-2*margin-head-below*lineHeight)
	}
	draw := func(scale float64) *canvas {
		v := &canvas{Picture: &Picture{}, m: m, wedges: wedges, scale: scale, pen: max(0.8, 0.055*scale), mono: o.Monochrome}
		for _, p := range c.Points {
			v.at = append(v.at, Point{p.X * scale, -p.Y * scale})
		}
		v.drawAll(o)
		return v
	}
	v := draw(scale)
	b := v.bounds()
	if f := min(room.X/b.width(), room.Y/b.height()); f < 1 {
		v = draw(scale * f * 0.995)
		b = v.bounds()
	}
	v.move(Point{margin, margin + head}.sub(b.low))
	v.Width, v.Height = b.width()+2*margin, b.height()+2*margin+head+below*lineHeight
	v.addLines(o, b.width())
	v.Title = o.Title
	return v.Picture
}

// addLines adds the title, the captions and the legends.
func (v *canvas) addLines(o Options, drawn float64) {
	widest := drawn
	limit := math.Inf(1)
	if o.MaxWidth > 0 {
		limit = (o.MaxWidth - 2*margin) / lineSize
	}
	const chip = 1.1 // a legend's patch of colour, in sizes of its text
	type line struct {
		text   string
		y      float64
		bold   bool
		legend bool
		color  Color
	}
	var lines []line
	y := v.Height - margin + 4 - lineHeight*float64(len(o.Captions))
	for _, h := range o.Highlights {
		if h.Legend != "" {
			y -= lineHeight
		}
	}
	if o.Title != "" {
		lines = append(lines, line{text: fitText(o.Title, limit/BoldWidth), y: margin + 0.8*lineSize, bold: true})
	}
	for i, h := range o.Highlights {
		if h.Legend != "" {
			y += lineHeight
			lines = append(lines, line{text: fitText(h.Legend, limit-chip), y: y - 4, legend: true, color: h.colorAt(i)})
		}
	}
	for _, c := range o.Captions {
		y += lineHeight
		lines = append(lines, line{text: fitText(c, limit), y: y - 4})
	}
	width := func(l line) float64 {
		w := TextWidth(l.text) * lineSize
		if l.bold {
			w *= BoldWidth
		}
		if l.legend {
			w += chip * lineSize
		}
		return w
	}
	for _, l := range lines {
		widest = max(widest, width(l))
	}
	if widest > drawn {
		v.move(Point{(widest - drawn) / 2, 0})
		v.Width = widest + 2*margin
	}
	for _, l := range lines {
		x := (v.Width - width(l)) / 2
		if l.legend {
			s := 0.8 * lineSize
			v.Shapes = append(v.Shapes, Shape{Kind: Fill, Color: l.color, Points: []Point{
				{x, l.y - s}, {x + s, l.y - s}, {x + s, l.y}, {x, l.y},
			}})
			x += chip * lineSize
		}
		v.Shapes = append(v.Shapes, Shape{Kind: Text, Points: []Point{{x, l.y}}, Text: l.text, Size: lineSize, Bold: l.bold})
	}
}

func (h Highlight) colorAt(i int) Color {
	if h.Color != 0 {
		return h.Color
	}
	return Palette[i%len(Palette)]
}

// drawAll draws the molecule: highlights, bonds, letters.
func (v *canvas) drawAll(o Options) {
	size := max(6, 0.47*v.scale)
	v.labels = make([]*label, len(v.m.Atoms))
	for i := range v.m.Atoms {
		if shown(v.m, i) {
			l := newLabel(v.m, i, v.anglesUp(i), size)
			if v.mono {
				l.color = black
			}
			v.labels[i] = &l
		}
	}
	for i, h := range o.Highlights {
		v.highlight(h.Atoms, h.colorAt(i))
	}
	for i := range v.m.Bonds {
		v.bond(i)
	}
	for i, l := range v.labels {
		if attachment(v.m, i) {
			v.attachment(i)
		}
		if l == nil {
			continue
		}
		for _, p := range l.parts {
			v.text(v.at[i].add(p.at), p.text, p.size, l.color)
		}
	}
	for i := range v.m.Atoms {
		if n := v.m.Atoms[i].Map; n > 0 && !o.NoMaps && v.m.Atoms[i].Element != 0 {
			v.mapNumber(i, strconv.Itoa(int(n)), 0.6*size)
		}
	}
}

// anglesUp are the directions of an atom's bonds with y up.
func (v *canvas) anglesUp(i int) []float64 {
	var out []float64
	for _, nb := range v.m.Neighbors(i) {
		d := v.at[nb.Atom].sub(v.at[i])
		out = append(out, math.Atan2(-d.Y, d.X))
	}
	return out
}

func (v *canvas) highlight(atoms []int, c Color) {
	in := make(map[int]bool, len(atoms))
	for _, a := range atoms {
		if a >= 0 && a < len(v.at) {
			in[a] = true
		}
	}
	for _, b := range v.m.Bonds {
		if in[int(b.A)] && in[int(b.B)] {
			v.line(0.6*v.scale, c, v.at[b.A], v.at[b.B])
		}
	}
	for a, p := range v.at {
		if in[a] {
			v.Shapes = append(v.Shapes, Shape{Kind: Disc, Points: []Point{p}, Width: 0.66 * v.scale, Color: c})
		}
	}
}

// mapNumber writes an atom-map number beside an atom, in the widest gap between
// its bonds.
func (v *canvas) mapNumber(i int, text string, size float64) {
	from, width := freeGap(v.anglesUp(i))
	dir := direction(from + width/2)
	dir.Y = -dir.Y
	far := 0.26 * v.scale
	if l := v.labels[i]; l != nil {
		far = l.exit(dir, 0.05*v.scale) + 0.45*size
	}
	p := v.at[i].add(dir.times(far)).add(Point{-TextWidth(text) * size / 2, capHeight * size / 2})
	v.text(p, text, size, grey)
}

// attachment draws the wavy line across the end of a bond to a wildcard.
func (v *canvas) attachment(i int) {
	nb := v.m.Neighbors(i)[0]
	along := v.at[i].sub(v.at[nb.Atom]).unit()
	half := 0.4 * v.scale
	across := along.left().times(half)
	v.wave(v.at[i].sub(across), v.at[i].add(across), 4)
}

// wave draws a wavy line with the given number of waves.
func (v *canvas) wave(from, to Point, waves int) {
	axis := to.sub(from)
	left := axis.unit().left().times(0.075 * v.scale)
	const steps = 8
	var points []Point
	for k := 0; k <= waves*steps; k++ {
		f := float64(k) / float64(waves*steps)
		points = append(points, from.add(axis.times(f)).add(left.times(math.Sin(2*math.Pi*f*float64(waves)))))
	}
	v.line(v.pen, black, points...)
}
