package molfile

import "github.com/molsculpt/molsculpt/chem"

// Record is a molecule of a file with what stands beside it.
type Record struct {
	Number int // of the record in the stream, from 1; 0 where it was not read from one
	Line   int // of the stream on which the record begins, from 1

	Name string // first line of the molfile
	Mol  *chem.Mol

	// Points are the coordinates of the atoms of Mol, in the file's unit, mostly
	// angstroms. Without them (nil) a molfile is written with zeros.
	Points []Point

	Fields []Field // in the order of the file
}

// Point is a place in space; Z is 0 in a drawing.
type Point struct{ X, Y, Z float64 }

// Field is a data field of an SD record. Value may have several lines, apart by
// line feeds. Bytes are kept as they are, whether or not they are UTF-8.
type Field struct{ Name, Value string }

// Field is the value of the first data field with that name; ok tells whether
// there is one.
func (r *Record) Field(name string) (value string, ok bool) {
	for _, f := range r.Fields {
		if f.Name == name {
			return f.Value, true
		}
	}
	return "", false
}
