package export

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/molsculpt/molsculpt/store"
)

// Where is a condition on candidates.
type Where struct{ root condition }

// WhereError says where a condition cannot be understood. Its text shows the
// condition with a caret under the place.
type WhereError struct {
	Text   string
	Offset int // in bytes
	What   string
	Hint   string
}

func (e *WhereError) Error() string {
	text := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		return r
	}, e.Text)
	s := fmt.Sprintf("export: where: %s\n  %s\n  %s^", e.What, text, strings.Repeat(" ", utf8.RuneCountInString(e.Text[:e.Offset])))
	if e.Hint != "" {
		s += "\n  try: " + e.Hint
	}
	return s
}

// ParseWhere reads a condition on the columns of [Columns]:
//
//	condition  = and { "or" and }
//	and        = not { "and" not }
//	not        = "not" not | "(" condition ")" | comparison
//	comparison = column operator number      qed >= 0.6, sa_desirability > 0.5, count = 1
//	           | NAME_status operator status sa_status = failed  (ok, failed, timed out, not applicable)
//	           | "complete"
//	operator   = ">=" | "<=" | ">" | "<" | "=" | "==" | "!="
//
// A comparison with a missing score is neither true nor false; so is "not" of
// it, while "and" and "or" follow Kleene's logic. Only what is true is kept.
// Empty text holds for every candidate.
func ParseWhere(text string, objectives []store.Objective) (*Where, error) {
	if strings.TrimSpace(text) == "" {
		return &Where{}, nil
	}
	p := &parser{text: text, columns: whereColumns(objectives)}
	p.next()
	root := p.or()
	if p.err == nil && p.kind != endToken {
		p.fail(p.at, fmt.Sprintf("%q was not expected here", p.token), "join conditions with and, or")
	}
	if p.err != nil {
		return nil, p.err
	}
	return &Where{root}, nil
}

// Holds says whether the condition is true of the candidate.
func (w *Where) Holds(c store.Candidate) bool { return w.root == nil || w.root(c) == isTrue }

type tokenKind int

const (
	endToken tokenKind = iota
	nameToken
	numberToken
	operatorToken
	parenToken
	badToken
)

// parser is a recursive-descent parser with one token of lookahead; it keeps
// its first error.
type parser struct {
	text    string
	columns map[string]whereColumn
	pos     int // behind the token

	kind  tokenKind
	token string
	at    int // where the token begins
	err   *WhereError
}

func (p *parser) fail(at int, what, hint string) {
	if p.err == nil {
		p.err = &WhereError{Text: p.text, Offset: at, What: what, Hint: hint}
	}
	p.kind, p.token, p.pos = endToken, "", len(p.text)
}

func nameByte(c byte) bool {
	return c == '_' || c >= 0x80 || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func (p *parser) next() {
	for p.pos < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.pos]) >= 0 {
		p.pos++
	}
	p.at = p.pos
	if p.pos == len(p.text) {
		p.kind, p.token = endToken, ""
		return
	}
	c := p.text[p.pos]
	numeric := '0' <= c && c <= '9' || c == '.' || c == '-' || c == '+'
	switch {
	case c == '"':
		if end := strings.IndexByte(p.text[p.pos+1:], '"'); end >= 0 {
			p.kind, p.token = nameToken, p.text[p.pos+1:p.pos+1+end]
			p.pos += end + 2
			return
		}
		p.fail(p.at, "the quote does not end", "")
		return
	case numeric:
		p.kind = numberToken
		for p.pos < len(p.text) && (nameByte(p.text[p.pos]) || strings.IndexByte(".+-", p.text[p.pos]) >= 0) {
			p.pos++
		}
	case nameByte(c):
		p.kind = nameToken
		for p.pos < len(p.text) && (nameByte(p.text[p.pos]) || strings.IndexByte(".-", p.text[p.pos]) >= 0) {
			p.pos++
		}
	case c == '(' || c == ')':
		p.kind = parenToken
		p.pos++
	case strings.IndexByte("<>=!", c) >= 0:
		p.kind = operatorToken
		for p.pos < len(p.text) && strings.IndexByte("<>=!", p.text[p.pos]) >= 0 {
			p.pos++
		}
	default:
		_, size := utf8.DecodeRuneInString(p.text[p.pos:])
		p.kind = badToken
		p.pos += size
	}
	p.token = p.text[p.at:p.pos]
}

// word says whether the token is that word, in any case, and passes it if so.
func (p *parser) word(w string) bool {
	if p.kind == nameToken && p.text[p.at] != '"' && strings.EqualFold(p.token, w) {
		p.next()
		return true
	}
	return false
}

func (p *parser) or() condition {
	all := []condition{p.and()}
	for p.word("or") {
		all = append(all, p.and())
	}
	return anyOf(all)
}

func (p *parser) and() condition {
	all := []condition{p.not()}
	for p.word("and") {
		all = append(all, p.not())
	}
	return allOf(all)
}

func (p *parser) not() condition {
	if p.word("not") {
		return negate(p.not())
	}
	if p.kind == parenToken && p.token == "(" {
		open := p.at
		p.next()
		inner := p.or()
		if p.kind != parenToken || p.token != ")" {
			p.fail(open, "this parenthesis is not closed", "")
			return inner
		}
		p.next()
		return inner
	}
	return p.comparison()
}

func (p *parser) comparison() condition {
	name, at := p.token, p.at
	switch {
	case p.kind == endToken:
		p.fail(at, "a condition is missing here", "qed >= 0.6")
		return nil
	case p.kind != nameToken:
		p.fail(at, fmt.Sprintf("%q was not expected here", name), "a column's name first, such as qed >= 0.6")
		return nil
	}
	col, ok := p.columns[name]
	if !ok {
		p.fail(at, fmt.Sprintf("there is no column %q", name), suggest(name, p.columns))
		return nil
	}
	p.next()
	if col.flag != nil {
		return col.flag
	}
	op, opAt := p.token, p.at
	holds, ok := operators[op]
	if p.kind != operatorToken || !ok {
		hint := "one of >= <= > < = !="
		p.fail(opAt, fmt.Sprintf("an operator should follow %q", name), hint)
		return nil
	}
	p.next()
	if col.status != nil {
		want, ok := p.status()
		if !ok {
			return nil
		}
		if op != "=" && op != "==" && op != "!=" {
			p.fail(opAt, "a status is equal or not", "= or !=")
			return nil
		}
		return func(c store.Candidate) truth {
			return truthOf((col.status(c) == want) == (op != "!="))
		}
	}
	value, valueAt := p.token, p.at
	bound, err := strconv.ParseFloat(value, 64)
	if p.kind != numberToken || err != nil {
		what := fmt.Sprintf("%q is not a number", value)
		if p.kind == endToken {
			what = "a number is missing here"
		}
		p.fail(valueAt, what, "")
		return nil
	}
	p.next()
	if p.kind == badToken && p.token == "," {
		p.fail(p.at, "a comma was not expected here", "a decimal point, and \"and\" between conditions")
		return nil
	}
	return func(c store.Candidate) truth {
		v, known := col.number(c)
		if !known {
			return unknown
		}
		return truthOf(holds(v, bound))
	}
}

// status reads a status, quoted or as one or two words.
func (p *parser) status() (want store.ScoreStatus, ok bool) {
	text, at := p.token, p.at
	for words := 1; p.kind == nameToken && words <= 2; words++ {
		known := want.UnmarshalText([]byte(strings.ToLower(text))) == nil
		p.next()
		if known {
			return want, true
		}
		if words == 1 && p.kind == nameToken {
			text += " " + p.token
		}
	}
	p.fail(at, fmt.Sprintf("%q is not a status", text), "ok, failed, timed out or not applicable")
	return want, false
}
