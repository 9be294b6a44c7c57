package molfile

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/molsculpt/molsculpt/chem"
)

// Options say how molecules are written. The zero value writes V2000 where it
// has room.
type Options struct {
	// V3000 writes that format always. It is written anyway for more than 999
	// atoms or bonds, dative bonds, and numbers that V2000 has no columns for.
	V3000 bool
}

// Writer writes records to an SD file.
type Writer struct {
	out *bufio.Writer
	o   Options
	buf []byte
}

// NewWriter returns a writer to w. Flush must be called at the end.
func NewWriter(w io.Writer, o Options) *Writer {
	return &Writer{out: bufio.NewWriter(w), o: o}
}

// Write writes a record: its name, molecule, coordinates and data fields.
func (w *Writer) Write(rec *Record) error {
	out, err := Append(w.buf[:0], rec, w.o)
	if err != nil {
		return err
	}
	for _, f := range rec.Fields {
		if out, err = appendField(out, f); err != nil {
			return err
		}
	}
	w.buf = append(out, "$$$$\n"...)
	if _, err := w.out.Write(w.buf); err != nil {
		return fmt.Errorf("molfile: write: %w", err)
	}
	return nil
}

// Flush writes what is still held back.
func (w *Writer) Flush() error {
	if err := w.out.Flush(); err != nil {
		return fmt.Errorf("molfile: write: %w", err)
	}
	return nil
}

// Append appends a record as a molfile, without its data fields.
//
// Aromatic bonds are localised. Tetrahedral stereo is shown by the wedges that
// package wedge chooses, double-bond stereo by the coordinates; a double bond of
// unknown configuration is crossed. Coordinates with some Z speak for themselves:
// no wedges are drawn, and a reader finds the stereo that they have. Without
// coordinates, tetrahedral stereo stands in the parities of the atoms, which this
// package and Open Babel read and RDKit reads on demand
// (AssignAtomChiralTagsFromMolParity), and double-bond stereo is lost. So are
// geometries that are not tetrahedral.
func Append(dst []byte, rec *Record, o Options) ([]byte, error) {
	if strings.ContainsAny(rec.Name, "\r\n") || strings.HasPrefix(rec.Name, "$$$$") {
		return nil, fmt.Errorf("molfile: write: the name %q has a line end or begins with $$$$", rec.Name)
	}
	s, err := newSheet(rec)
	if err != nil {
		return nil, err
	}
	dst = append(dst, rec.Name...)
	dst = append(dst, "\n  molsculp          "...) // program in 8 columns, no date
	dst = append(dst, s.label...)
	dst = append(dst, "\n\n"...)
	if o.V3000 || !s.fitsV2000() {
		return s.appendV3000(dst), nil
	}
	return s.appendV2000(dst), nil
}

// symbol is the symbol of an element; R is the wildcard.
func symbol(z uint8) string {
	if z == 0 {
		return "R"
	}
	return chem.Symbol(z)
}

// radicalKind is the format's number for unpaired electrons; 0 for more than it
// can tell.
func radicalKind(unpaired uint8) int {
	switch unpaired {
	case 1:
		return 2
	case 2:
		return 3
	}
	return 0
}

// appendInt appends an integer, right-aligned in a column.
func appendInt(dst []byte, n, width int) []byte {
	var buf [20]byte
	text := strconv.AppendInt(buf[:0], int64(n), 10)
	for range width - len(text) {
		dst = append(dst, ' ')
	}
	return append(dst, text...)
}

// appendCoordinate appends a number with four decimals, right-aligned in a
// column; -0 is written as 0.
func appendCoordinate(dst []byte, x float64, width int) []byte {
	var buf [32]byte
	if x > -5e-5 && x < 5e-5 {
		x = 0
	}
	text := strconv.AppendFloat(buf[:0], x, 'f', 4, 64)
	for range width - len(text) {
		dst = append(dst, ' ')
	}
	return append(dst, text...)
}
