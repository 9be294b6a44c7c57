package config

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// source is a file being read, with the mistakes found so far.
type source struct {
	name  string
	lines []string
	errs  []*Error
	meant map[string]bool // keys that mistyped ones most likely stand for
}

// Mark is a place in a file.
type Mark struct {
	src          *source
	Line, Column int // from 1
}

// Errorf is a mistake at the place.
func (m Mark) Errorf(format string, args ...any) *Error {
	e := &Error{Line: m.Line, Column: m.Column, Msg: fmt.Sprintf(format, args...)}
	if m.src != nil {
		e.File = m.src.name
		if m.Line >= 1 && m.Line <= len(m.src.lines) {
			e.Source = m.src.lines[m.Line-1]
		}
	}
	return e
}

// Text is a string of a file that knows where each of its bytes stands.
type Text struct {
	Mark
	Value string
	lead  int // characters of the file before the first of Value: 1 for a quote
}

// Literal is a text that does not come from a file, but from a command line for
// example; name is what errors call it.
func Literal(name, value string) Text {
	src := &source{name: name, lines: []string{value}}
	return Text{Mark: Mark{src: src, Line: 1, Column: 1}, Value: value}
}

// At is the place of byte offset off of the value. It is exact for strings
// written on one line without escapes.
func (t Text) At(off int) Mark {
	m := t.Mark
	off = min(max(off, 0), len(t.Value))
	m.Column += t.lead + len([]rune(t.Value[:off]))
	return m
}

// node is a part of the file with the key path that leads to it.
type node struct {
	src *source
	n   ast.Node
	at  Mark // of the key, where the value itself has no place
}

func (x node) mark() Mark {
	if x.n == nil {
		return x.at
	}
	n := x.n
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		n = m.Values[0].Key // a block mapping begins where its first key does
	} else if mv, ok := n.(*ast.MappingValueNode); ok {
		n = mv.Key
	}
	t := n.GetToken()
	if t == nil || t.Position == nil {
		return x.at
	}
	return Mark{src: x.src, Line: t.Position.Line, Column: t.Position.Column}
}

func (x node) fail(hint, format string, args ...any) {
	e := x.mark().Errorf(format, args...)
	e.Hint = hint
	x.src.errs = append(x.src.errs, e)
}

// open reads a YAML file's only document.
func open(name string, data []byte) (*source, node, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // some editors put a byte order mark before the text
	src := &source{name: name, meant: map[string]bool{}, lines: strings.Split(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n")}
	f, err := parser.ParseBytes(data, 0)
	if err != nil {
		var ye yaml.Error
		if errors.As(err, &ye) {
			m := Mark{src: src}
			if t := ye.GetToken(); t != nil && t.Position != nil {
				m.Line, m.Column = t.Position.Line, t.Position.Column
			}
			return src, node{}, m.Errorf("not YAML: %s", ye.GetMessage())
		}
		return src, node{}, Mark{src: src}.Errorf("not YAML: %v", err)
	}
	var body ast.Node
	for _, d := range f.Docs {
		if d.Body == nil {
			continue
		}
		if body != nil {
			return src, node{}, node{src: src, n: d.Body}.mark().Errorf("a second document; a file holds one")
		}
		body = d.Body
	}
	if body == nil {
		return src, node{}, Mark{src: src}.Errorf("the file is empty")
	}
	return src, node{src: src, n: body, at: Mark{src: src, Line: 1, Column: 1}}, nil
}

// read is open on a file's content.
func read(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, errors.Unwrap(err))
	}
	return data, nil
}

// entry is a key of a mapping with its value.
type entry struct {
	key   string
	keyAt Mark
	value node
}

// entries lists the keys of a mapping in the order of the file.
func (x node) entries(what string) []entry {
	var values []*ast.MappingValueNode
	switch m := x.n.(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	default:
		x.fail("", "%s must be a mapping (key: value), not %s", what, kindOf(x.n))
		return nil
	}
	out := make([]entry, 0, len(values))
	for _, v := range values {
		k := node{src: x.src, n: v.Key, at: x.at}
		name := v.Key.String()
		if s, ok := v.Key.(*ast.StringNode); ok {
			name = s.Value
		}
		out = append(out, entry{key: name, keyAt: k.mark(), value: node{src: x.src, n: v.Value, at: k.mark()}})
	}
	return out
}

// fields are a mapping's values by key; it reports the keys that are not known.
func (x node) fields(what string, known ...string) map[string]node {
	out := map[string]node{}
	for _, e := range x.entries(what) {
		if !slices.Contains(known, e.key) {
			err := e.keyAt.Errorf("unknown key %q in %s", e.key, what)
			err.Hint = didYouMean(e.key, known)
			x.src.errs = append(x.src.errs, err)
			x.src.meant[Nearest(e.key, known)] = true
			continue
		}
		out[e.key] = e.value
	}
	return out
}

// items are the entries of a sequence.
func (x node) items(what string) []node {
	s, ok := x.n.(*ast.SequenceNode)
	if !ok {
		x.fail("", "%s must be a list, not %s", what, kindOf(x.n))
		return nil
	}
	out := make([]node, len(s.Values))
	for i, v := range s.Values {
		out[i] = node{src: x.src, n: v, at: x.mark()}
	}
	return out
}

// text is a string.
func (x node) text(what string) Text {
	t := Text{Mark: x.mark()}
	switch s := x.n.(type) {
	case *ast.StringNode:
		t.Value = s.Value
		if o := s.GetToken().Origin; strings.HasPrefix(strings.TrimLeft(o, " \n"), `"`) || strings.HasPrefix(strings.TrimLeft(o, " \n"), `'`) {
			t.lead = 1
		}
	case *ast.LiteralNode:
		t.Value = strings.TrimSpace(s.Value.Value)
		t.Line++ // the text begins on the line after | or >
		if i := t.Line - 1; i < len(x.src.lines) {
			t.Column = 1 + len(x.src.lines[i]) - len(strings.TrimLeft(x.src.lines[i], " "))
		}
	default:
		x.fail("", "%s must be a text, not %s", what, kindOf(x.n))
	}
	if t.Value == "" && len(x.src.errs) == 0 {
		x.fail("", "%s is empty", what)
	}
	return t
}

func (x node) isNumber() bool {
	switch x.n.(type) {
	case *ast.IntegerNode, *ast.FloatNode:
		return true
	}
	_, ok := scientific(x.n)
	return ok
}

var scientificRule = regexp.MustCompile(`^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)[eE][-+]?[0-9]+$`)

// scientific is a number such as 1e-3, which the YAML parser takes for a text.
func scientific(n ast.Node) (float64, bool) {
	s, ok := n.(*ast.StringNode)
	if !ok || s.GetToken().Type != token.StringType || !scientificRule.MatchString(s.Value) {
		return 0, false // in quotes it is a text
	}
	v, err := strconv.ParseFloat(s.Value, 64)
	return v, err == nil
}

// almostNumber tells whether the value was meant as a number: in quotes, or not
// finite.
func (x node) almostNumber() bool {
	switch s := x.n.(type) {
	case *ast.InfinityNode, *ast.NanNode:
		return true
	case *ast.StringNode:
		_, err := strconv.ParseFloat(s.Value, 64)
		return err == nil || errors.Is(err, strconv.ErrRange)
	}
	return false
}

// whole is the value as a whole number from 0 on, if it is one.
func (x node) whole() (uint64, bool) {
	switch s := x.n.(type) {
	case *ast.IntegerNode:
		switch i := s.Value.(type) {
		case int64:
			return uint64(i), i >= 0
		case uint64:
			return i, true
		}
	case *ast.StringNode:
		if v, ok := scientific(s); ok && v >= 0 && v <= 1<<53 && v == math.Trunc(v) {
			return uint64(v), true
		}
	}
	return 0, false
}

// number is a number between lo and hi, both allowed.
func (x node) number(what string, lo, hi float64) float64 {
	var v float64
	switch s := x.n.(type) {
	case *ast.IntegerNode:
		switch i := s.Value.(type) {
		case int64:
			v = float64(i)
		case uint64:
			v = float64(i)
		}
	case *ast.FloatNode:
		v = s.Value
	case *ast.StringNode:
		var ok bool
		if v, ok = scientific(s); ok {
			break
		}
		x.fail("", "%s must be a number, not %s", what, kindOf(x.n))
		return lo
	case *ast.InfinityNode, *ast.NanNode:
		x.fail("", "%s is %s; it must be a finite number", what, x.n.String())
		return lo
	default:
		x.fail("", "%s must be a number, not %s", what, kindOf(x.n))
		return lo
	}
	if v < lo || v > hi || math.IsNaN(v) {
		x.fail("", "%s is %v; it must be %s", what, v, interval(lo, hi))
		return lo
	}
	return v
}

// integer is a whole number between lo and hi, both allowed.
func (x node) integer(what string, lo, hi int) int {
	v, ok := x.whole()
	if s, is := x.n.(*ast.IntegerNode); is && !ok {
		x.fail("", "%s is %d; it must be %s", what, s.Value, interval(float64(lo), float64(hi)))
		return lo
	}
	if !ok {
		x.fail("", "%s must be a whole number, not %s", what, kindOf(x.n))
		return lo
	}
	if v < uint64(max(lo, 0)) || v > uint64(hi) {
		x.fail("", "%s is %d; it must be %s", what, v, interval(float64(lo), float64(hi)))
		return lo
	}
	return int(v)
}

// seed is a whole number of 64 bits.
func (x node) seed(what string) uint64 {
	if v, ok := x.whole(); ok {
		return v
	}
	x.fail("", "%s must be a whole number from 0 on, not %s", what, kindOf(x.n))
	return 0
}

// choice is one of the given words.
func (x node) choice(what string, choices ...string) string {
	t := x.text(what)
	if t.Value != "" && !slices.Contains(choices, t.Value) {
		x.fail(didYouMean(t.Value, choices), "%s cannot be %q", what, t.Value)
		return choices[0]
	}
	return t.Value
}

func interval(lo, hi float64) string {
	switch {
	case math.IsInf(hi, 1):
		return fmt.Sprintf("at least %v", shortNumber(lo))
	case math.IsInf(lo, -1):
		return fmt.Sprintf("at most %v", shortNumber(hi))
	}
	return fmt.Sprintf("between %v and %v", shortNumber(lo), shortNumber(hi))
}

func shortNumber(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return fmt.Sprintf("%d", int64(v))
	}
	return fmt.Sprintf("%g", v)
}

func kindOf(n ast.Node) string {
	switch n := n.(type) {
	case nil, *ast.NullNode:
		return "nothing"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.StringNode:
		if _, ok := scientific(n); ok {
			return "the number " + n.Value
		}
		return fmt.Sprintf("the text %q", n.Value)
	case *ast.InfinityNode, *ast.NanNode:
		return "the number " + n.String()
	case *ast.LiteralNode:
		return "a text"
	case *ast.IntegerNode, *ast.FloatNode:
		return "the number " + n.String()
	case *ast.BoolNode:
		return "true or false"
	case *ast.AnchorNode, *ast.AliasNode:
		return "an anchor or alias (& and * begin one; put the value in quotes)"
	case *ast.TagNode:
		return "a tagged value"
	}
	return "something else"
}
