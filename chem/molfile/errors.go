package molfile

import "fmt"

// Error says which record and line cannot be read, and why.
type Error struct {
	Record int // number of the record in the stream, from 1; 0 for a single molfile
	Line   int // line of the stream, from 1

	// Err is the reason: a *FormatError, a *QueryError, a *chem.ValenceError or
	// a *chem.KekulizeError. The atom indices of the latter two are those of the
	// file, from 0, hydrogens included.
	Err error
}

// Error names the place and the reason.
func (e *Error) Error() string {
	if e.Record == 0 {
		return fmt.Sprintf("molfile: read line %d: %v", e.Line, e.Err)
	}
	return fmt.Sprintf("molfile: read record %d: line %d: %v", e.Record, e.Line, e.Err)
}

// Unwrap is the reason.
func (e *Error) Unwrap() error { return e.Err }

// FormatError says what is wrong with a line.
type FormatError struct{ Message string }

// Error is the message.
func (e *FormatError) Error() string { return e.Message }

// QueryError says that a file holds a query and not a molecule.
type QueryError struct{ Feature string } // as "atom A" or "bond type 5"

// Error names the feature.
func (e *QueryError) Error() string { return e.Feature + " belongs to a query, not to a molecule" }

// formatError makes the error of a line that breaks the format.
func formatError(line int, format string, args ...any) error {
	return &Error{Line: line, Err: &FormatError{fmt.Sprintf(format, args...)}}
}

// queryError makes the error of a line with a feature of queries.
func queryError(line int, format string, args ...any) error {
	return &Error{Line: line, Err: &QueryError{fmt.Sprintf(format, args...)}}
}
