package report

import (
	"bytes"
	"image/color"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Colours of the pictures.
var (
	Ink   = color.RGBA{0x1b, 0x1f, 0x24, 0xff}
	Soft  = color.RGBA{0x5c, 0x66, 0x70, 0xff}
	Line  = color.RGBA{0xd5, 0xda, 0xe0, 0xff}
	White = color.RGBA{0xff, 0xff, 0xff, 0xff}
)

// Series are colours for lines and points that belong together, told apart by
// people who do not see all colours: those of Okabe and Ito 2008 (Color universal
// design), the yellow left out.
var Series = []color.RGBA{
	{0x00, 0x72, 0xb2, 0xff},
	{0xd5, 0x5e, 0x00, 0xff},
	{0x00, 0x9e, 0x73, 0xff},
	{0xcc, 0x79, 0xa7, 0xff},
	{0xe6, 0x9f, 0x00, 0xff},
	{0x56, 0xb4, 0xe9, 0xff},
}

// NewPlot is an empty plot in the style of reports.
func NewPlot(title, x, y string) *plot.Plot {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	p.Title.Padding = vg.Points(5)
	p.Title.TextStyle = Style(9, Ink)
	p.Title.TextStyle.XAlign, p.Title.TextStyle.YAlign = draw.XCenter, draw.YTop
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Color, a.Tick.Color = Soft, Soft
		a.Width, a.Tick.Width = vg.Points(.6), vg.Points(.6)
		a.Padding = vg.Points(3)
		setFont(&a.Label.TextStyle, 8.5)
		setFont(&a.Tick.Label, 8)
		a.Label.TextStyle.Color, a.Tick.Label.Color = Ink, Ink
		a.Tick.Length = vg.Points(3)
	}
	setFont(&p.Legend.TextStyle, 8)
	p.Legend.TextStyle.Color = Ink
	return p
}

func setFont(s *text.Style, size vg.Length) {
	s.Font = font.From(font.Font{Typeface: plot.DefaultFont.Typeface, Variant: "Sans"}, size)
}

// Style is that of text in pictures: sans-serif, of a size in points, from a
// point to the right, about its height.
func Style(size vg.Length, c color.Color) text.Style {
	s := text.Style{Color: c, XAlign: draw.XLeft, YAlign: draw.YCenter, Handler: plot.DefaultTextHandler}
	setFont(&s, size)
	return s
}

// Draw is a picture of plots side by side in rows, each of the given width and
// height in points; nil leaves a place free.
func Draw(width, height vg.Length, rows ...[]*plot.Plot) []byte {
	columns := 0
	for _, r := range rows {
		columns = max(columns, len(r))
	}
	const gap = 10
	return Picture(vg.Length(columns)*(width+gap)-gap, vg.Length(len(rows))*(height+gap)-gap, func(c draw.Canvas) {
		for i, r := range rows {
			for j, p := range r {
				if p == nil {
					continue
				}
				own := c
				own.Min.X = c.Min.X + vg.Length(j)*(width+gap)
				own.Max.X = own.Min.X + width
				own.Max.Y = c.Max.Y - vg.Length(i)*(height+gap)
				own.Min.Y = own.Max.Y - height
				p.Draw(own)
			}
		}
	})
}

// Picture is what a function draws on white of a size in points, as SVG.
func Picture(width, height vg.Length, paint func(draw.Canvas)) []byte {
	canvas := vgsvg.New(width, height)
	c := draw.New(canvas)
	c.SetColor(White)
	c.Fill(c.Path())
	paint(c)
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		panic("report: writing to memory failed")
	}
	// The typeface may be absent: these have letters of the same widths. Images
	// are PNG.
	return []byte(strings.NewReplacer(
		"font-family:Liberation Sans", "font-family:'Liberation Sans',Arial,Helvetica,sans-serif",
		"data:image/jpg;", "data:image/png;",
	).Replace(b.String()))
}
