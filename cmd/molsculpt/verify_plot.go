package main

import (
	"fmt"
	"image/color"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/molsculpt/molsculpt/platform/verify"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/palette"
	"gonum.org/v1/plot/palette/moreland"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// plotFolder takes pictures of laws on grids.
type plotFolder struct{ path string }

func newPlotFolder(path string) (*plotFolder, error) {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, fmt.Errorf("make folder for plots: %w", err)
	}
	return &plotFolder{path}, nil
}

// add writes a picture as SVG and as PNG.
func (f *plotFolder) add(p verify.Picture) error {
	fig, err := newLawFigure(p)
	if err != nil {
		return fmt.Errorf("plot %s by %s: %w", p.Target, p.Method, err)
	}
	base := filepath.Join(f.path, plotName(p))
	for extension, canvas := range map[string]interface {
		vg.CanvasSizer
		io.WriterTo
	}{
		".svg": vgsvg.New(figureWidth, figureHeight),
		".png": vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(figureWidth, figureHeight), vgimg.UseDPI(120))},
	} {
		fig.draw(draw.New(canvas))
		if _, err := replaceFile(base+extension, func(w io.Writer) error { _, err := canvas.WriteTo(w); return err }); err != nil {
			return fmt.Errorf("write plot: %w", err)
		}
	}
	return nil
}

// plotName is the file name of a picture, without its extension: letters and
// digits of what it shows, signs of the algebra in words.
func plotName(p verify.Picture) string {
	words := strings.NewReplacer("&", " and ", "-", " not ", "|", " or ", "^", " power ").Replace(p.Target)
	var b strings.Builder
	for _, part := range []string{p.Domain, words, p.Method} {
		if b.Len() > 0 {
			b.WriteString("--")
		}
		b.WriteString(strings.Join(strings.FieldsFunc(strings.ToLower(part), func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '.'
		}), "-"))
	}
	return b.String()
}

const (
	figureWidth  = 11 * vg.Inch
	figureHeight = 3.7 * vg.Inch
	barWidth     = .95 * vg.Inch // of a colour scale with its numbers
	titleHeight  = .42 * vg.Inch
)

// lawFigure shows a law, the frequencies of samples on the same colour scale,
// and their difference on one of its own, even about zero.
type lawFigure struct {
	title                 string
	truth, samples, off   *plot.Plot
	probability, distance *plot.Plot // colour scales
}

func newLawFigure(p verify.Picture) (*lawFigure, error) {
	var top, most, l1 float64
	off := make([][]float64, p.Side)
	for x := range off {
		off[x] = make([]float64, p.Side)
		for y := range off[x] {
			off[x][y] = p.Samples[x][y] - p.Truth[x][y]
			top = max(top, p.Truth[x][y], p.Samples[x][y])
			most = max(most, math.Abs(off[x][y]))
			l1 += math.Abs(off[x][y])
		}
	}
	if math.IsNaN(l1) || top == 0 {
		return nil, fmt.Errorf("there are no probabilities to draw")
	}
	most = max(most, top*1e-6) // a difference of nothing still needs a scale
	sequential, diverging := moreland.Kindlmann(), moreland.SmoothBlueRed()
	sequential.SetMin(0)
	sequential.SetMax(top)
	diverging.SetMin(-most)
	diverging.SetMax(most)
	f := &lawFigure{title: fmt.Sprintf("%s on %s, %s: L1 %.3f of %d draws; of as many independent ones %.3f", p.Target, p.Domain, p.Method, l1, p.Draws, p.Floor)}
	for _, panel := range []struct {
		into   **plot.Plot
		title  string
		values [][]float64
		colors palette.ColorMap
	}{
		{&f.truth, "truth", p.Truth, sequential},
		{&f.samples, "samples", p.Samples, sequential},
		{&f.off, "samples − truth", off, diverging},
	} {
		*panel.into = heatMap(panel.title, panel.values, panel.colors)
	}
	f.probability = colourScale("probability", sequential)
	f.distance = colourScale("difference", diverging)
	return f, nil
}

// shades is how many colours a scale has.
const shades = 255

// heatMap is a map of values at [x][y], one square each.
func heatMap(title string, values [][]float64, colors palette.ColorMap) *plot.Plot {
	p := sansPlot(title)
	p.X.Label.Text, p.Y.Label.Text = "z1", "z2"
	p.Add(cells{values, colors})
	side := float64(len(values))
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = -.5, side-.5, -.5, side-.5
	marks := plot.ConstantTicks{}
	step := max(1, len(values)/4)
	for z := 0; z < len(values); z += step {
		marks = append(marks, plot.Tick{Value: float64(z), Label: fmt.Sprint(z)})
	}
	p.X.Tick.Marker, p.Y.Tick.Marker = marks, marks
	p.X.Padding, p.Y.Padding = 0, 0
	return p
}

func colourScale(label string, colors palette.ColorMap) *plot.Plot {
	p := sansPlot(label)
	p.Add(&plotter.ColorBar{ColorMap: colors, Vertical: true, Colors: shades})
	p.HideX()
	p.Y.Padding = 0
	return p
}

// sansPlot is an empty plot with all text in a sans-serif font.
func sansPlot(title string) *plot.Plot {
	p := plot.New()
	p.Title.Text = title
	p.Title.Padding = vg.Points(4)
	for _, s := range []*text.Style{&p.Title.TextStyle, &p.X.Label.TextStyle, &p.Y.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label} {
		s.Font.Variant = "Sans"
	}
	return p
}

// cells draws values at [x][y] as squares about whole numbers. plotter.HeatMap
// leaves hairlines between them; here each reaches a little under the next.
type cells struct {
	values [][]float64
	colors palette.ColorMap
}

// Plot implements [plot.Plotter].
func (h cells) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	shade := h.colors.Palette(shades).Colors()
	low, high := h.colors.Min(), h.colors.Max()
	overlap := vg.Points(.5)
	for x, column := range h.values {
		for y, v := range column {
			i := int(float64(shades) * (v - low) / (high - low))
			c.SetColor(shade[max(0, min(shades-1, i))])
			var path vg.Path
			left, bottom := toX(float64(x)-.5), toY(float64(y)-.5)
			right := min(c.Max.X, toX(float64(x)+.5)+overlap)
			top := min(c.Max.Y, toY(float64(y)+.5)+overlap)
			path.Move(vg.Point{X: left, Y: bottom})
			path.Line(vg.Point{X: right, Y: bottom})
			path.Line(vg.Point{X: right, Y: top})
			path.Line(vg.Point{X: left, Y: top})
			path.Close()
			c.Fill(path)
		}
	}
}

// draw lays the figure out: truth, samples, their scale; difference, its scale.
func (f *lawFigure) draw(c draw.Canvas) {
	c.SetColor(color.White)
	c.Fill(c.Path())
	style := text.Style{
		Color: color.Black, Font: font.From(font.Font{Typeface: plot.DefaultFont.Typeface, Variant: "Sans"}, 13),
		XAlign: draw.XCenter, YAlign: draw.YCenter, Handler: plot.DefaultTextHandler,
	}
	c.FillText(style, vg.Point{X: c.Center().X, Y: c.Max.Y - titleHeight/2}, f.title)
	c.Max.Y -= titleHeight
	width := (c.Max.X - c.Min.X - 2*barWidth) / 3
	pad := vg.Points(4)
	left := c.Min.X
	next := func(width vg.Length) draw.Canvas {
		own := c
		own.Min.X, own.Max.X = left, left+width
		left += width
		return draw.Crop(own, pad, -pad, pad, -pad)
	}
	var data draw.Canvas // of the last map
	for _, part := range []struct{ panel, scale *plot.Plot }{{f.truth, nil}, {f.samples, f.probability}, {f.off, f.distance}} {
		own := next(width)
		// The map is square; what is too high is left free below.
		data = part.panel.DataCanvas(own)
		own.Min.Y += max(0, data.Size().Y-data.Size().X)
		data = part.panel.DataCanvas(own)
		part.panel.Draw(own)
		if part.scale != nil {
			// The scale stands on the same line.
			own = next(barWidth)
			own.Min.Y += data.Min.Y - part.scale.DataCanvas(own).Min.Y
			part.scale.Draw(own)
		}
	}
}
