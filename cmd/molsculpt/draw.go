package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/molsculpt/molsculpt/chem/depict"
	"github.com/molsculpt/molsculpt/chem/smarts"
	"github.com/molsculpt/molsculpt/chem/smiles"
	"github.com/spf13/cobra"
)

// Sizes of drawings in pixels.
const (
	cellWidth, cellHeight = 300, 250 // of a molecule in a grid
	pngDots               = 2        // dots of a PNG file per pixel
)

// drawing is what the flags of draw say.
type drawing struct {
	out        string
	columns    int
	most       int
	highlights []string
	mono       bool
	unknown    bool
}

func (a *app) drawCommand() *cobra.Command {
	var d drawing
	c := &cobra.Command{
		Use:   "draw MOLECULE...",
		Short: "Draw molecules as SVG or PNG",
		Long: `Draws molecules. Each argument is a SMILES, or a file with one SMILES per line and
perhaps a name after a space or tab (- is standard input, .gz is unpacked).
Several molecules are drawn as a grid, each with its name below. A line that is
no molecule is reported and does not stop the run.

Without --out the picture goes to standard output as SVG. The name of the file
tells its format: .svg or .png.`,
		Example: `  molsculpt draw 'CC(=O)Oc1ccccc1C(=O)O' > aspirin.svg
  molsculpt draw candidates.smi --grid 5 --max 25 --out candidates.png
  molsculpt draw hits.smi --highlight 'C(=O)[OH]' --highlight 'c1ccncc1' --out hits.svg`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			switch {
			case d.columns < 1:
				return usagef("--grid is %d; it needs at least one column", d.columns)
			case d.most < 1:
				return usagef("--max is %d; it must be at least 1", d.most)
			}
			switch ext := strings.ToLower(filepath.Ext(d.out)); {
			case d.out != "" && ext != ".svg" && ext != ".png":
				return usagef("--out is %q; its name must end in .svg or .png", d.out)
			}
			return a.draw(&d, args)
		},
	}
	c.Flags().StringVarP(&d.out, "out", "o", "", "file to write, .svg or .png (default: SVG to standard output)")
	c.Flags().IntVar(&d.columns, "grid", 4, "columns of the grid")
	c.Flags().IntVar(&d.most, "max", 100, "most molecules to draw")
	c.Flags().StringArrayVar(&d.highlights, "highlight", nil, "SMARTS of a substructure to colour; may be given more than once")
	c.Flags().BoolVar(&d.mono, "mono", false, "no colours of elements")
	c.Flags().BoolVar(&d.unknown, "unknown", false, "wavy bonds at stereocentres that are not specified")
	return c
}

func (a *app) draw(d *drawing, args []string) error {
	var patterns []*smarts.Pattern
	for _, text := range d.highlights {
		p, err := smarts.Compile(text)
		if err != nil {
			return usagef("--highlight %s: %v", text, err)
		}
		patterns = append(patterns, p)
	}
	lines, left, err := a.moleculeLines(args, d.most)
	if err != nil {
		return err
	}
	single := len(lines) == 1
	var pictures []*depict.Picture
	for _, l := range lines {
		m, _, err := parseMolecule(firstField(l.text), false)
		if err != nil {
			var syntax *smiles.SyntaxError
			if errors.As(err, &syntax) {
				err = fmt.Errorf("%w\n%s", err, syntax.Caret())
			}
			fmt.Fprintf(a.Err, "molsculpt: %s: %v\n", l.where, err)
			continue
		}
		o := depict.Options{Monochrome: d.mono, MarkUnknown: d.unknown}
		if name := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(l.text), firstField(l.text))); name != "" {
			o.Captions = []string{name}
		}
		if !single {
			o.MaxWidth, o.MaxHeight = cellWidth, cellHeight
		}
		for k, p := range patterns {
			h := depict.Highlight{Color: depict.Palette[k%len(depict.Palette)]}
			for _, match := range p.FindAll(m, smarts.FindOptions{}) {
				h.Atoms = append(h.Atoms, match...)
			}
			if len(h.Atoms) > 0 {
				h.Legend = d.highlights[k]
				o.Highlights = append(o.Highlights, h)
			}
		}
		pictures = append(pictures, depict.Draw(m, o))
	}
	if len(pictures) == 0 {
		return errors.New("there is no molecule to draw")
	}
	if left {
		fmt.Fprintf(a.Err, "molsculpt: only the first %d lines are drawn; --max draws more\n", d.most)
	}
	picture := pictures[0]
	if !single {
		picture = depict.Grid(pictures, d.columns)
	}
	return a.writePicture(d.out, picture)
}

// inputLine is a line to draw and where it came from.
type inputLine struct{ text, where string }

// moleculeLines are the arguments that are SMILES and the lines of those that are
// files, not more than most; left tells whether there are more.
func (a *app) moleculeLines(args []string, most int) (lines []inputLine, left bool, err error) {
	for _, arg := range args {
		if info, err := os.Stat(arg); arg != "-" && (err != nil || info.IsDir()) {
			if looksLikeFile(arg) {
				return nil, false, fmt.Errorf("open input: %w", err)
			}
			lines = append(lines, inputLine{arg, arg})
			continue
		}
		in, err := a.openInput(arg)
		if err != nil {
			return nil, false, err
		}
		r := bufio.NewReader(in)
		for n := 1; ; n++ {
			line, cut, err := readLine(r)
			if n == 1 {
				line = strings.TrimPrefix(line, byteOrderMark)
			}
			if cut {
				in.Close()
				return nil, false, fmt.Errorf("%s: line %d is longer than %d bytes", arg, n, maxLine)
			}
			if strings.TrimSpace(line) != "" {
				lines = append(lines, inputLine{line, fmt.Sprintf("%s: line %d", arg, n)})
			}
			if errors.Is(err, io.EOF) || len(lines) > most {
				break
			}
			if err != nil {
				in.Close()
				return nil, false, fmt.Errorf("read input: %w", err)
			}
		}
		in.Close()
	}
	if len(lines) > most {
		return lines[:most], true, nil
	}
	return lines, false, nil
}

// looksLikeFile tells whether an argument that names no file was meant to: no
// SMILES ends like this.
func looksLikeFile(arg string) bool {
	for _, ext := range []string{".smi", ".smiles", ".txt", ".csv", ".tsv", ".gz"} {
		if strings.HasSuffix(strings.ToLower(arg), ext) {
			return true
		}
	}
	return false
}

func (a *app) writePicture(name string, p *depict.Picture) error {
	if name == "" {
		return p.WriteSVG(a.Out)
	}
	f, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("write picture: %w", err)
	}
	w := bufio.NewWriter(f)
	if strings.EqualFold(filepath.Ext(name), ".png") {
		err = writePNG(w, p, pngDots)
	} else {
		err = p.WriteSVG(w)
	}
	if err == nil {
		err = w.Flush()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}
