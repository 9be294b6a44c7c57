package compose

import (
	"strconv"
	"unicode"
	"unicode/utf8"
)

// kind is what a token is: a punctuation character stands for itself.
type kind rune

const (
	kindEnd kind = -(iota + 1)
	kindName
	kindNumber
	kindOther // a character that the language does not know
)

type token struct {
	Span
	kind  kind
	text  string
	value float64 // of a number
}

// ValidName reports whether a model of this name can be written in an
// expression: a letter or underscore, then letters, digits, underscores and
// dots.
func ValidName(name string) bool {
	for i, r := range name {
		if !nameRune(r, i == 0) {
			return false
		}
	}
	return name != ""
}

func nameRune(r rune, first bool) bool {
	return unicode.IsLetter(r) || r == '_' || !first && (unicode.IsDigit(r) || r == '.')
}

// scan splits the text into tokens, the last of which is kindEnd.
//
//	name   = letter { letter | digit | "." }      letters include "_"
//	number = digits [ "." digits ] [ ("e"|"E") [ "+"|"-" ] digits ]
func scan(source string) []token {
	var out []token
	for at := 0; at < len(source); {
		r, size := utf8.DecodeRuneInString(source[at:])
		end := at + size
		t := token{kind: kindOther}
		switch {
		case unicode.IsSpace(r):
			at = end
			continue
		case nameRune(r, true) && !(r == utf8.RuneError && size == 1):
			t.kind = kindName
			for end < len(source) {
				r, size := utf8.DecodeRuneInString(source[end:])
				if !nameRune(r, false) {
					break
				}
				end += size
			}
		case isDigit(source, at) || r == '.' && isDigit(source, end):
			end = scanNumber(source, at)
			// The only error of a text of this form is a value out of range,
			// which the parser reports as any other bad value.
			t.kind = kindNumber
			t.value, _ = strconv.ParseFloat(source[at:end], 64)
		case r < utf8.RuneSelf && isPunctuation(byte(r)):
			t.kind = kind(r)
		}
		t.Span, t.text = Span{at, end}, source[at:end]
		out = append(out, t)
		at = end
	}
	return append(out, token{Span: Span{len(source), len(source)}, kind: kindEnd})
}

func isPunctuation(c byte) bool {
	switch c {
	case '&', '-', '|', '^', '(', ')', '{', '}', ',', ';':
		return true
	}
	return false
}

func isDigit(s string, at int) bool { return at < len(s) && '0' <= s[at] && s[at] <= '9' }

func scanNumber(s string, at int) int {
	digits := func() {
		for isDigit(s, at) {
			at++
		}
	}
	digits()
	if at < len(s) && s[at] == '.' {
		at++
		digits()
	}
	if at < len(s) && (s[at] == 'e' || s[at] == 'E') {
		sign := at + 1
		if sign < len(s) && (s[sign] == '+' || s[sign] == '-') {
			sign++
		}
		if isDigit(s, sign) {
			at = sign
			digits()
		}
	}
	return at
}
