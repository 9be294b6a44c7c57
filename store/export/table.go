package export

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Table is text in columns, for the terminal.
type Table struct {
	Header []string
	Rows   [][]string
	Right  []bool // columns set flush right, as numbers are
}

// Write sets the table with two spaces between columns and none at the ends of
// lines.
func (t Table) Write(w io.Writer) error {
	width := make([]int, len(t.Header))
	lines := append([][]string{t.Header}, t.Rows...)
	for _, line := range lines {
		for i, cell := range line {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, line := range lines {
		var text strings.Builder
		for i, cell := range line {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			if i > 0 {
				text.WriteString("  ")
			}
			if i < len(t.Right) && t.Right[i] {
				text.WriteString(pad + cell)
			} else {
				text.WriteString(cell + pad)
			}
		}
		fmt.Fprintln(&b, strings.TrimRight(text.String(), " "))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
