package report

import (
	"errors"
	"image"
	"image/color"
	"math"

	"gonum.org/v1/plot/palette/brewer"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Panel is a matrix as a map of colours: Values[x][y], x to the right and y
// upwards, 0 or more.
type Panel struct {
	Values [][]float64
	Note   string // below it
}

// PanelRow is maps side by side on one scale of colours: from 0 to the largest
// value of the first of them, what is above it having the same colour. A panel
// without values is left free.
type PanelRow struct {
	Label  string // to the left; a line break is \n
	Panels []Panel
	// Power is what values, as shares of the largest, are raised to before they
	// become colours; 0 means 1. Below 1 what is small can be seen.
	Power float64
}

// Sizes of panels in points.
const (
	panelLabel = 118
	panelSide  = 132
	panelGap   = 12
	panelHead  = 20
	panelNote  = 15
)

// Panels is a picture of rows of maps, with headings above their columns.
func Panels(headings []string, rows []PanelRow) ([]byte, error) {
	for _, r := range rows {
		if len(r.Panels) != len(headings) {
			return nil, errors.New("report: draw panels: a row has not as many as there are headings")
		}
		if largest(r.Panels[0].Values) <= 0 {
			return nil, errors.New("report: draw panels: the first of a row has nothing to see")
		}
	}
	width := vg.Length(panelLabel + len(headings)*(panelSide+panelGap) - panelGap + 1)
	height := vg.Length(panelHead + len(rows)*(panelSide+panelNote+panelGap))
	return Picture(width, height, func(c draw.Canvas) {
		head := Style(9.5, Ink)
		head.XAlign = draw.XCenter
		for i, h := range headings {
			c.FillText(head, vg.Point{X: c.Min.X + vg.Length(panelLabel+i*(panelSide+panelGap)+panelSide/2), Y: c.Max.Y - panelHead/2}, h)
		}
		for j, r := range rows {
			top := c.Max.Y - vg.Length(panelHead+j*(panelSide+panelNote+panelGap))
			label := Style(9, Ink)
			c.FillText(label, vg.Point{X: c.Min.X, Y: top - panelSide/2}, r.Label)
			high := largest(r.Panels[0].Values)
			for i, p := range r.Panels {
				if p.Values == nil {
					continue
				}
				box := vg.Rectangle{Min: vg.Point{X: c.Min.X + vg.Length(panelLabel+i*(panelSide+panelGap)), Y: top - panelSide}}
				box.Max = vg.Point{X: box.Min.X + panelSide, Y: box.Min.Y + panelSide}
				c.DrawImage(box, heat(p.Values, high, r.Power))
				frame(c, box)
				note := Style(8, Soft)
				note.XAlign = draw.XCenter
				c.FillText(note, vg.Point{X: (box.Min.X + box.Max.X) / 2, Y: box.Min.Y - panelNote/2}, p.Note)
			}
		}
	}), nil
}

// frame draws the edge of a box.
func frame(c draw.Canvas, box vg.Rectangle) {
	line := draw.LineStyle{Color: Line, Width: vg.Points(.6)}
	c.StrokeLines(line, []vg.Point{box.Min, {X: box.Max.X, Y: box.Min.Y}, box.Max, {X: box.Min.X, Y: box.Max.Y}, box.Min})
}

func largest(values [][]float64) float64 {
	var high float64
	for _, column := range values {
		for _, v := range column {
			high = max(high, v)
		}
	}
	return high
}

// heat is a matrix as an image of as many pixels to a value that they stay
// squares where the image is enlarged.
func heat(values [][]float64, high, power float64) image.Image {
	const most = 320 // pixels on a side
	scale := max(1, most/max(1, len(values)))
	if power == 0 {
		power = 1
	}
	out := image.NewPaletted(image.Rect(0, 0, scale*len(values), scale*len(values[0])), shades)
	bottom := out.Rect.Max.Y
	for x, column := range values {
		for y, v := range column {
			level := math.Pow(max(0, min(1, v/high)), power)
			i := uint8(math.Round(level * float64(len(shades)-1)))
			for dx := range scale {
				for dy := range scale {
					out.SetColorIndex(x*scale+dx, bottom-1-y*scale-dy, i)
				}
			}
		}
	}
	return out
}

// shades go from near white to dark blue: ColorBrewer's YlGnBu (Brewer 2002),
// which prints in grey as well, with the steps between its colours filled in.
var shades = func() color.Palette {
	p, err := brewer.GetPalette(brewer.TypeSequential, "YlGnBu", 9)
	if err != nil {
		panic("report: there are no colours")
	}
	colors := append([]color.Color{White}, p.Colors()...)
	const n = 256
	out := make(color.Palette, n)
	for i := range out {
		at := float64(i) / (n - 1) * float64(len(colors)-1)
		k := min(int(at), len(colors)-2)
		out[i] = between(colors[k], colors[k+1], at-float64(k))
	}
	return out
}()

// between is a colour on the way from one to another.
func between(a, b color.Color, share float64) color.RGBA {
	ar, ag, ab, _ := a.RGBA()
	br, bg, bb, _ := b.RGBA()
	mix := func(x, y uint32) uint8 { return uint8(math.Round(((1-share)*float64(x) + share*float64(y)) / 257)) }
	return color.RGBA{mix(ar, br), mix(ag, bg), mix(ab, bb), 0xff}
}
