package molfile

import (
	"bytes"
	"strconv"
	"strings"
)

// lines hands out the lines of a record without their ends.
type lines struct {
	rest []byte
	at   int // number of the line handed out last, from 1
}

// next is the next line; ok is false behind the last one.
func (l *lines) next() (line []byte, ok bool) {
	if len(l.rest) == 0 {
		return nil, false
	}
	l.at++
	end := bytes.IndexByte(l.rest, '\n')
	if end < 0 {
		line, l.rest = l.rest, nil
	} else {
		line, l.rest = l.rest[:end], l.rest[end+1:]
	}
	return bytes.TrimSuffix(line, []byte{'\r'}), true
}

// must is the next line, or an error that says what should have come.
func (l *lines) must(what string) ([]byte, error) {
	line, ok := l.next()
	if !ok {
		return nil, formatError(l.at, "the file ends before %s", what)
	}
	return line, nil
}

// column is a fixed column of a line, cut where the line ends.
func column(line []byte, from, width int) []byte {
	if from >= len(line) {
		return nil
	}
	return line[from:min(from+width, len(line))]
}

// number reads a fixed column as an integer; a blank or missing one is 0.
func number(line []byte, from, width int) (n int, ok bool) {
	text := bytes.Trim(column(line, from, width), " ")
	if len(text) == 0 {
		return 0, true
	}
	return integer(text)
}

// integer reads a decimal integer of at most nine digits.
func integer[T string | []byte](s T) (n int, ok bool) {
	i := 0
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		i = 1
	}
	if i == len(s) || len(s) > i+9 {
		return 0, false
	}
	for k := i; k < len(s); k++ {
		if s[k] < '0' || s[k] > '9' {
			return 0, false
		}
		n = 10*n + int(s[k]-'0')
	}
	if s[0] == '-' {
		n = -n
	}
	return n, true
}

// coordinate reads a decimal number that is finite and of a sane size.
func coordinate(s string) (x float64, ok bool) {
	s = strings.TrimSpace(s)
	if s == "" {
		return 0, true
	}
	x, err := strconv.ParseFloat(s, 64)
	return x, err == nil && x > -1e9 && x < 1e9
}

// hasPrefix tells whether a line begins with a text.
func hasPrefix(line []byte, text string) bool {
	return len(line) >= len(text) && string(line[:len(text)]) == text
}

// blank tells whether a line has nothing but white space.
func blank(line []byte) bool { return len(bytes.TrimSpace(line)) == 0 }

// clip is a line fit for a message.
func clip(line []byte) string {
	if len(line) > 60 {
		return strconv.Quote(string(line[:57])) + "..."
	}
	return strconv.Quote(string(line))
}
