package compose

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Error says what is wrong with an expression, where, and what to write
// instead. The offsets let a caller that took the expression out of a file point
// into that file.
type Error struct {
	Source  string // the whole expression
	Span    Span   // the place, in bytes of Source
	Message string // what is wrong
	Hint    string // what to do about it; may be empty
}

// Error is the message on one line, with the column and the hint.
func (e *Error) Error() string {
	line, column := e.position()
	place := fmt.Sprintf("column %d", column)
	if line > 1 {
		place = fmt.Sprintf("line %d, column %d", line, column)
	}
	if e.Hint == "" {
		return fmt.Sprintf("compose: %s: %s", place, e.Message)
	}
	return fmt.Sprintf("compose: %s: %s (%s)", place, e.Message, e.Hint)
}

// Caret is the line of the expression where the error is and, under it, a caret
// with a tail as long as the place.
func (e *Error) Caret() string {
	start, end := e.clamped()
	from := strings.LastIndexByte(e.Source[:start], '\n') + 1
	to := len(e.Source)
	if i := strings.IndexByte(e.Source[start:], '\n'); i >= 0 {
		to = start + i
	}
	end = max(start, min(end, to))
	blank := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, e.Source[from:start])
	tail := strings.Repeat("~", max(0, utf8.RuneCountInString(e.Source[start:end])-1))
	return e.Source[from:to] + "\n" + blank + "^" + tail
}

// position is the line and column, both from 1, columns in characters.
func (e *Error) position() (line, column int) {
	start, _ := e.clamped()
	before := e.Source[:start]
	line = 1 + strings.Count(before, "\n")
	column = 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	return line, column
}

func (e *Error) clamped() (start, end int) {
	start = min(max(e.Span.Start, 0), len(e.Source))
	return start, min(max(e.Span.End, start), len(e.Source))
}

// nearest is the name of known that a writer of name most likely meant, or "".
func nearest(name string, known []string) string {
	best, least := "", max(1, utf8.RuneCountInString(name)/2)+1
	for _, k := range known {
		if d := editDistance(strings.ToLower(name), strings.ToLower(k)); d < least {
			best, least = k, d
		}
	}
	return best
}

// editDistance counts the insertions, deletions, substitutions and exchanges of
// neighbours that turn a into b (optimal string alignment).
func editDistance(a, b string) int {
	s, t := []rune(a), []rune(b)
	before, last := make([]int, len(t)+1), make([]int, len(t)+1)
	for j := range last {
		last[j] = j
	}
	for i := range s {
		row := make([]int, len(t)+1)
		row[0] = i + 1
		for j := range t {
			change := last[j]
			if s[i] != t[j] {
				change++
			}
			row[j+1] = min(change, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && s[i] == t[j-1] && s[i-1] == t[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(t)]
}

// Check reports the first model of the expression that is not among known, with
// the nearest name that is; nil where all are.
func (e *Expression) Check(known []string) error {
	var err error
	walk(e.Root, func(n Expr) {
		m, ok := n.(*Model)
		if !ok || slices.Contains(known, m.Name) || err != nil {
			return
		}
		hint := "no models are known"
		if near := nearest(m.Name, known); near != "" {
			hint = fmt.Sprintf("did you mean %s?", near)
		} else if len(known) > 0 {
			hint = "known models: " + strings.Join(known, ", ")
		}
		err = &Error{e.Source, m.Span, fmt.Sprintf("unknown model %q", m.Name), hint}
	})
	return err
}
