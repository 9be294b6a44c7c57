package depict

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/molsculpt/molsculpt/chem"
)

// SVG writes the picture of a perceived molecule.
func SVG(w io.Writer, m *chem.Mol, o Options) error { return Draw(m, o).WriteSVG(w) }

// WriteSVG writes the picture as a stand-alone SVG 1.1 document on a white
// ground. Strokes of the same kind that follow each other share a path.
func (p *Picture) WriteSVG(w io.Writer) error {
	var b bytes.Buffer
	width, height := math.Ceil(max(1, p.Width)), math.Ceil(max(1, p.Height))
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" font-family="Helvetica,Arial,'Liberation Sans',sans-serif">`+"\n", width, height, width, height)
	if p.Title != "" {
		b.WriteString("<title>")
		escape(&b, p.Title)
		b.WriteString("</title>\n")
	}
	b.WriteString(`<rect width="100%" height="100%" fill="#ffffff"/>` + "\n")
	for i := 0; i < len(p.Shapes); i++ {
		s := &p.Shapes[i]
		switch s.Kind {
		case Stroke:
			fmt.Fprintf(&b, `<path fill="none" stroke="%s" stroke-width="%s" stroke-linecap="round" stroke-linejoin="round" d="`, s.Color, number(s.Width))
			path(&b, s.Points)
			for i+1 < len(p.Shapes) && p.Shapes[i+1].Kind == Stroke && p.Shapes[i+1].Color == s.Color && p.Shapes[i+1].Width == s.Width {
				i++
				path(&b, p.Shapes[i].Points)
			}
			b.WriteString("\"/>\n")
		case Fill:
			fmt.Fprintf(&b, `<path fill="%s" d="`, s.Color)
			path(&b, s.Points)
			b.WriteString("Z\"/>\n")
		case Disc:
			fmt.Fprintf(&b, `<circle cx="%s" cy="%s" r="%s" fill="%s"/>`+"\n", number(s.Points[0].X), number(s.Points[0].Y), number(s.Width/2), s.Color)
		case Text:
			fmt.Fprintf(&b, `<text x="%s" y="%s" font-size="%s"`, number(s.Points[0].X), number(s.Points[0].Y), number(s.Size))
			if s.Bold {
				b.WriteString(` font-weight="bold"`)
			}
			if s.Color != black {
				fmt.Fprintf(&b, ` fill="%s"`, s.Color)
			}
			b.WriteByte('>')
			escape(&b, s.Text)
			b.WriteString("</text>\n")
		}
	}
	b.WriteString("</svg>\n")
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("depict: write SVG: %w", err)
	}
	return nil
}

// path writes an open line, with the first place absolute and the others
// relative.
func path(b *bytes.Buffer, points []Point) {
	var x, y float64
	for i, p := range points {
		px, py := round(p.X), round(p.Y)
		if i == 0 {
			b.WriteByte('M')
		} else {
			b.WriteByte('l')
		}
		b.WriteString(number(px - x))
		if dy := number(py - y); dy[0] == '-' {
			b.WriteString(dy)
		} else {
			b.WriteByte(' ')
			b.WriteString(dy)
		}
		x, y = px, py
	}
}

func round(x float64) float64 { return math.Round(x*10) / 10 }

// number writes a length to a tenth of a pixel.
func number(x float64) string {
	x = round(x)
	if x == 0 {
		x = 0 // no minus sign
	}
	return strconv.FormatFloat(x, 'f', -1, 64)
}

func escape(b *bytes.Buffer, text string) { _ = xml.EscapeText(b, []byte(text)) } // into memory
