package host

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	longName = 100     // bytes of a name or version, more is an error
	longText = 500     // bytes that are kept of one line for people
	longNote = 8 << 10 // bytes that are kept of a text of several lines
)

// Line makes foreign text one line that is safe to print: valid UTF-8, no
// control characters, at most some 500 bytes.
func Line(s string) string { return cut(clean(s), longText) }

// Text makes foreign text of several lines safe to print: each as [Line], all
// of them at most some 8 KiB.
func Text(s string) string {
	lines := strings.Split(cut(s, longNote), "\n")
	for i, l := range lines {
		lines[i] = Line(l)
	}
	return strings.Join(lines, "\n")
}

// cut is the beginning of s, and a word on how much is left out.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	end := most
	for end > 0 && !utf8.RuneStart(s[end]) && most-end < utf8.UTFMax {
		end--
	}
	return fmt.Sprintf("%s ... (%d bytes more)", s[:end], len(s)-end)
}

// clean makes foreign text safe to print on a terminal: valid UTF-8, no control
// characters.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n':
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r): // Cf turns text around
			return -1
		default:
			return r
		}
	}, strings.ToValidUTF8(s, "?"))
}

// unfit says why a text cannot be a name, which is compared and stored as it
// is; empty where it can.
func unfit(s string) string {
	switch {
	case len(s) > longName:
		return fmt.Sprintf("has %d bytes, at most %d are possible", len(s), longName)
	case clean(s) != s:
		return fmt.Sprintf("%q has characters that cannot be printed", s)
	}
	return ""
}
