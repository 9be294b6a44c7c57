package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Error is a mistake in a file that a user wrote.
type Error struct {
	File   string // as the user named it
	Line   int    // from 1; 0 where the file as a whole is meant
	Column int    // from 1, in characters
	Msg    string
	Hint   string // what to do, may be empty
	Source string // the line of the file
}

// Error gives place, message, the line with a caret, and the hint.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", e.Line, e.Column)
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	b.WriteString(e.Msg)
	if e.Line > 0 && e.Source != "" {
		prefix := fmt.Sprintf("%5d | ", e.Line)
		line, before := excerpt(e.Source, e.Column-1)
		fmt.Fprintf(&b, "\n%s%s\n%s| %s^", prefix, line, strings.Repeat(" ", len(prefix)-2), caretIndent(line, before))
	}
	if e.Hint != "" {
		b.WriteString("\ntry: " + e.Hint)
	}
	return b.String()
}

// An excerpt of a long line shows this many characters before and behind the
// place.
const (
	excerptBefore = 80
	excerptBehind = 40
)

// excerpt is what is shown of a line around character at, with "..." where it is
// cut and "?" for what a terminal could take for a command, and the place of
// the character in it.
func excerpt(line string, at int) (string, int) {
	all := []rune(line)
	for i, r := range all {
		if r != '\t' && !unicode.IsPrint(r) {
			all[i] = '?'
		}
	}
	from, to := max(0, min(at, len(all))-excerptBefore), min(len(all), max(at, 0)+excerptBehind)
	if len(all) <= excerptBefore+excerptBehind {
		from, to = 0, len(all)
	}
	text, at := string(all[from:to]), at-from
	if from > 0 {
		text, at = "..."+text, at+len("...")
	}
	if to < len(all) {
		text += "..."
	}
	return text, at
}

// caretIndent is n characters wide and keeps the tabs of the line above.
func caretIndent(line string, n int) string {
	var b strings.Builder
	for i, r := range []rune(line) {
		if i >= n {
			break
		}
		if r == '\t' {
			b.WriteByte('\t')
		} else {
			b.WriteByte(' ')
		}
	}
	b.WriteString(strings.Repeat(" ", max(0, n-utf8.RuneCountInString(line))))
	return b.String()
}

// Errors are all mistakes found in a file, in the order of their places.
type Errors []*Error

// Error lists the mistakes, a blank line between them.
func (e Errors) Error() string {
	parts := make([]string, len(e))
	for i, x := range e {
		parts[i] = x.Error()
	}
	return strings.Join(parts, "\n\n")
}

// Unwrap gives the single errors.
func (e Errors) Unwrap() []error {
	out := make([]error, len(e))
	for i, x := range e {
		out[i] = x
	}
	return out
}

// join makes one error of many: nil, the only one, or Errors in order.
func join(all []*Error) error {
	slices.SortStableFunc(all, func(a, b *Error) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	}
	return Errors(all)
}

// Collect joins mistakes that were found after reading, in the order of their
// places; errors of other kinds follow. It returns nil for none.
func Collect(errs ...error) error {
	var placed []*Error
	var others []error
	for _, err := range errs {
		var one *Error
		var many Errors
		switch {
		case err == nil:
		case errors.As(err, &many):
			placed = append(placed, many...)
		case errors.As(err, &one):
			placed = append(placed, one)
		default:
			others = append(others, err)
		}
	}
	first := join(placed)
	if len(others) == 0 {
		return first
	}
	if first != nil {
		others = append([]error{first}, others...)
	}
	return errors.Join(others...)
}
