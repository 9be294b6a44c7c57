// Package report makes pages for reading: one HTML file that needs nothing
// beside it, and the same in Markdown with its pictures as files.
//
// A [Page] is a title, a lead that says what was found, and sections of blocks:
// [Text], [Table] and [Figure]. Pictures are SVG; [Draw] makes them of plots of
// gonum, [Picture] of whatever is drawn. The same page gives the same bytes.
package report

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Page is a report.
type Page struct {
	Title    string
	Subtitle string // a line under it; may be empty
	Lead     []Text // what was found, in plain words
	Sections []Section
	// References are the works that the text names, one a line.
	References []Text
}

// Section is a part of a page with a heading.
type Section struct {
	Title  string
	Blocks []Block
}

// Block is a [Text], a [List], a *[Table] or a *[Figure].
type Block interface{ block() }

// Text is a paragraph. In it, `code` stands between backquotes, *emphasis*
// between stars and [words](address) is a link; these do not nest.
type Text string

// List is a list of paragraphs with bullets.
type List []Text

// Table is a table with a caption above.
type Table struct {
	Caption Text
	Columns []Column
	Rows    []Row
	Notes   []Text // below the table
}

// Column is a column of a table: numbers, unless it is of words.
type Column struct {
	// Group is a heading over columns that stand side by side and have the same
	// one; may be empty.
	Group string
	Name  string
	Note  string // a second line of the head, smaller: a unit, or what it is
	// Words are aligned to the left, numbers to the right.
	Words bool
	// Published says that the figures are those of others; they look different.
	Published bool
}

// Group is a heading over some columns of a table.
type Group struct {
	Name string
	Span int // number of columns
}

// Groups are the headings over columns in order, also those without a name; nil
// where none has one.
func (t *Table) Groups() []Group {
	var out []Group
	named := false
	for i, c := range t.Columns {
		named = named || c.Group != ""
		if i > 0 && c.Group == t.Columns[i-1].Group {
			out[len(out)-1].Span++
		} else {
			out = append(out, Group{c.Group, 1})
		}
	}
	if !named {
		return nil
	}
	return out
}

// Row is a row of a table: a cell for every column, or the heading of the rows
// below it where there are no cells.
type Row struct {
	Heading Text
	Cells   []Cell
}

// Cell is what stands in a column of a row; the zero value is nothing.
type Cell struct {
	Text   Text
	Strong bool // the one to look at
}

// Figure is a picture with a caption below.
type Figure struct {
	Name    string // of its file, without extension
	Caption Text
	SVG     []byte
	// Width is the share of the page's width that it takes, 0 for all of it.
	Width float64
}

func (Text) block()    {}
func (List) block()    {}
func (*Table) block()  {}
func (*Figure) block() {}

// Texts are the cells of words.
func Texts(words ...string) []Cell {
	out := make([]Cell, len(words))
	for i, w := range words {
		out[i].Text = Text(w)
	}
	return out
}

// Write writes a page into a folder: report.html, report.md and, for the latter,
// pictures/NAME.svg. It returns the path of the former.
func Write(folder string, p *Page) (string, error) {
	if err := p.check(); err != nil {
		return "", err
	}
	pictures := filepath.Join(folder, "pictures")
	if err := os.MkdirAll(pictures, 0o755); err != nil {
		return "", fmt.Errorf("report: make folder: %w", err)
	}
	for _, s := range p.Sections {
		for _, b := range s.Blocks {
			if f, ok := b.(*Figure); ok {
				if err := WriteFile(filepath.Join(pictures, FileName(f.Name)+".svg"), f.SVG); err != nil {
					return "", fmt.Errorf("report: write picture: %w", err)
				}
			}
		}
	}
	html, err := p.HTML()
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "report.html")
	if err := errors.Join(WriteFile(path, html), WriteFile(filepath.Join(folder, "report.md"), p.Markdown())); err != nil {
		return "", fmt.Errorf("report: write: %w", err)
	}
	return path, nil
}

// check finds rows that do not fit their table, and pictures of one name.
func (p *Page) check() error {
	names := map[string]bool{}
	for _, s := range p.Sections {
		for _, b := range s.Blocks {
			switch b := b.(type) {
			case *Table:
				for i, r := range b.Rows {
					if r.Cells != nil && len(r.Cells) != len(b.Columns) {
						return fmt.Errorf("report: %s, row %d of %q: %d cells for %d columns", s.Title, i+1, b.Caption, len(r.Cells), len(b.Columns))
					}
				}
			case *Figure:
				name := FileName(b.Name)
				if name == "" || names[name] {
					return fmt.Errorf("report: %s: a picture's name %q is empty, or that of another", s.Title, b.Name)
				}
				names[name] = true
			}
		}
	}
	return nil
}

// FileName is a name as a file has it: its letters and digits in lower case, with
// hyphens between them, and the signs of the algebra in words.
func FileName(name string) string {
	name = strings.NewReplacer("&", " and ", " - ", " not ", "-{", " not {", "|", " or ", "^", " power ").Replace(name)
	return strings.Join(strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '.'
	}), "-")
}

// WriteFile writes a file that is there whole, or as it was before.
func WriteFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
