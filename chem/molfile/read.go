package molfile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
)

// MaxRecord is the size in bytes of the largest record that Read takes in; a
// larger one is an error like any other, and Read goes on behind it.
const MaxRecord = 64 << 20

// Read streams the records of an SD file, in order, one in memory at a time. A
// record that cannot be read comes as an *Error, with its number and line, and
// those behind it follow. Any other error is one of r, and the last.
func Read(r io.Reader) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		s := splitter{in: bufio.NewReaderSize(r, 1<<16)}
		for number := 1; ; number++ {
			first := s.line + 1
			err := s.next()
			if err == nil && blank(s.text) && s.ended {
				return
			}
			var rec *Record
			if err == nil {
				rec, err = parse(s.text, first)
			}
			var bad *Error
			switch {
			case errors.As(err, &bad):
				bad.Record = number
			case err != nil:
				yield(nil, fmt.Errorf("molfile: read: %w", err))
				return
			default:
				rec.Number = number
			}
			if !yield(rec, err) || s.ended {
				return
			}
		}
	}
}

// Parse reads a molfile, or the first record of an SD file. Errors are *Error.
func Parse(text []byte) (*Record, error) {
	rec, err := parse(text, 1)
	if err != nil {
		return nil, err
	}
	rec.Line = 1
	return rec, nil
}

// parse reads one record that begins on the given line of its stream.
func parse(text []byte, first int) (*Record, error) {
	l := &lines{rest: text, at: first - 1}
	rec := &Record{Line: first}
	var head [3][]byte
	for k, what := range [...]string{"its name", "the line of the program", "the comment"} {
		var err error
		if head[k], err = l.must(what); err != nil {
			return nil, err
		}
	}
	rec.Name = string(head[0])
	t, err := readTable(l, head[1])
	if err != nil {
		return nil, err
	}
	if rec.Fields, err = readFields(l); err != nil {
		return nil, err
	}
	rec.Mol, rec.Points, err = t.build()
	if err != nil {
		return nil, err
	}
	return rec, nil
}

// splitter cuts a stream into records.
type splitter struct {
	in    *bufio.Reader
	line  int    // lines read so far
	text  []byte // of the record, without the line $$$$
	ended bool   // nothing follows
}

// next reads up to the next line that begins with $$$$, or to the end.
func (s *splitter) next() error {
	first := s.line + 1
	s.text = s.text[:0]
	tooLong := false
	for ends := false; !ends && !s.ended; {
		s.line++
		for begin, whole := true, false; !whole; begin = false {
			part, err := s.in.ReadSlice('\n')
			s.ended = errors.Is(err, io.EOF)
			whole = err == nil || s.ended
			if !whole && !errors.Is(err, bufio.ErrBufferFull) {
				return err
			}
			if begin {
				ends = bytes.HasPrefix(part, []byte("$$$$"))
			}
			if tooLong = tooLong || len(s.text)+len(part) > MaxRecord; !tooLong && !ends {
				s.text = append(s.text, part...)
			}
		}
	}
	if tooLong {
		return formatError(first, "the record is longer than %d bytes", MaxRecord)
	}
	return nil
}
