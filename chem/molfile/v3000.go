package molfile

import (
	"bytes"
	"slices"
	"strings"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/wedge"
)

// v3000 reads the lines M  V30 of a connection table.
type v3000 struct {
	*lines
	t      *table
	number map[int]int32 // of an atom in the file: its index
	first  int           // number of the first of the lines that make up the last one
}

// readV3000 reads the table behind the counts line, up to M  END.
func (t *table) readV3000(l *lines) error {
	r := v3000{lines: l, t: t, number: map[int]int32{}}
	if err := r.read(); err != nil {
		return err
	}
	end, err := l.must("M  END")
	if err != nil {
		return err
	}
	if !hasPrefix(end, "M  END") {
		return formatError(l.at, "%s stands where M  END should", clip(end))
	}
	return t.checkRepeats()
}

const v30 = "M  V30 "

// line is the next line, with those that continue it behind a final hyphen.
func (r *v3000) line() (string, error) {
	var text []byte
	for more := true; more; {
		line, err := r.must("END CTAB")
		if err != nil {
			return "", err
		}
		if text == nil {
			r.first = r.at
		}
		if !hasPrefix(line, v30) {
			return "", formatError(r.at, "%s does not begin with M  V30", clip(line))
		}
		line = line[len(v30):]
		if more = bytes.HasSuffix(line, []byte{'-'}); more {
			line = line[:len(line)-1]
		}
		text = append(text, line...)
	}
	return string(bytes.TrimSpace(text)), nil
}

// words is the next line, which must begin with the given words, and what
// follows them.
func (r *v3000) words(want string) (rest string, err error) {
	text, err := r.line()
	if err != nil {
		return "", err
	}
	if !begins(text, want) {
		return "", formatError(r.first, "%s stands where %s should", clip([]byte(text)), want)
	}
	return text[len(want):], nil
}

// begins tells whether a line begins with words in any case.
func begins(text, words string) bool {
	return len(text) >= len(words) && strings.EqualFold(text[:len(words)], words)
}

func (r *v3000) read() error {
	if _, err := r.words("BEGIN CTAB"); err != nil {
		return err
	}
	rest, err := r.words("COUNTS ")
	if err != nil {
		return err
	}
	counts := strings.Fields(rest)
	if len(counts) < 2 {
		return formatError(r.first, "the counts line %s is too short", clip([]byte(rest)))
	}
	var n [5]int // atoms, bonds, S-groups, constraints, chiral flag
	for i, count := range counts[:min(len(counts), len(n))] {
		var ok bool
		if n[i], ok = integer(count); !ok || n[i] < 0 {
			return formatError(r.first, "%s in the counts line is no count", clip([]byte(count)))
		}
	}
	if err := r.block("ATOM", n[0], r.atom); err != nil {
		return err
	}
	if err := r.block("BOND", n[1], r.bond); err != nil {
		return err
	}
	g := groups{}
	for {
		text, err := r.line()
		switch {
		case err != nil:
			return err
		case begins(text, "END CTAB"):
			return g.apply(r.t)
		case begins(text, "LINKNODE"):
			return queryError(r.first, "a link node")
		case begins(text, "BEGIN SGROUP"):
			err = r.until("END SGROUP", func(text string) error { return r.group(g, text) })
		case begins(text, "BEGIN "): // collections, constraints
			name, _, _ := strings.Cut(text[len("BEGIN "):], " ")
			err = r.until("END "+name, func(string) error { return nil })
		default:
			return formatError(r.first, "%s stands where END CTAB should", clip([]byte(text)))
		}
		if err != nil {
			return err
		}
	}
}

// block reads a block of so many lines; there may be none where there is
// nothing in it.
func (r *v3000) block(name string, count int, read func(words []string) error) error {
	if count == 0 {
		return nil
	}
	if _, err := r.words("BEGIN " + name); err != nil {
		return err
	}
	for range count {
		text, err := r.line()
		if err != nil {
			return err
		}
		if begins(text, "END ") {
			return formatError(r.first, "the block has fewer lines than the counts say")
		}
		if err := read(split(text)); err != nil {
			return err
		}
	}
	_, err := r.words("END " + name)
	return err
}

// until reads lines up to the one that begins with end.
func (r *v3000) until(end string, read func(text string) error) error {
	for {
		text, err := r.line()
		if err != nil || begins(text, end) {
			return err
		}
		if err := read(text); err != nil {
			return err
		}
	}
}

// split cuts a line at its spaces, those in quotes and parentheses aside. The
// quotes go.
func split(text string) []string {
	var out []string
	var word []byte
	quoted, depth, some := false, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"' && quoted && i+1 < len(text) && text[i+1] == '"':
			word = append(word, '"')
			i++
		case c == '"':
			quoted, some = !quoted, true
		case (c == ' ' || c == '\t') && !quoted && depth == 0:
			if len(word) > 0 || some {
				out = append(out, string(word))
			}
			word, some = word[:0], false
		default:
			if !quoted && c == '(' {
				depth++
			}
			if !quoted && c == ')' && depth > 0 {
				depth--
			}
			word = append(word, c)
		}
	}
	if len(word) > 0 || some {
		out = append(out, string(word))
	}
	return out
}

// atom reads index, symbol, x, y, z, map number and properties NAME=value.
func (r *v3000) atom(words []string) error {
	at := r.first
	if len(words) > 1 && strings.EqualFold(words[1], "NOT") {
		return queryError(at, "an atom list")
	}
	if len(words) < 6 {
		return formatError(at, "the atom line is too short")
	}
	index, ok := integer(words[0])
	if !ok || index < 1 {
		return formatError(at, "%s is no number of an atom", clip([]byte(words[0])))
	}
	if _, again := r.number[index]; again {
		return formatError(at, "there is an atom %d already", index)
	}
	a := tableAtom{line: at}
	if err := a.setSymbol(words[1], at); err != nil {
		return err
	}
	for k, to := range []*float64{&a.at.X, &a.at.Y, &a.at.Z} {
		if *to, ok = coordinate(words[2+k]); !ok {
			return formatError(at, "%s is no coordinate", clip([]byte(words[2+k])))
		}
	}
	number, ok := integer(words[5])
	if !ok {
		return formatError(at, "%s is no map number", clip([]byte(words[5])))
	}
	if err := a.setMap(number, at); err != nil {
		return err
	}
	for _, w := range words[6:] {
		if err := a.setProperty(w, at); err != nil {
			return err
		}
	}
	r.number[index] = int32(len(r.t.atoms))
	r.t.atoms = append(r.t.atoms, a)
	return nil
}

// queryProperties are the properties of atoms in queries.
var queryProperties = []string{"HCOUNT", "UNSAT", "RBCNT", "SUBST"}

// setProperty reads NAME=value of an atom; names that say nothing about the
// molecule are passed over.
func (a *tableAtom) setProperty(word string, at int) error {
	name, value, ok := strings.Cut(word, "=")
	if !ok {
		return formatError(at, "%s is no property", clip([]byte(word)))
	}
	name = strings.ToUpper(name)
	number := 0
	switch name {
	case "CHG", "RAD", "CFG", "VAL", "HCOUNT", "UNSAT", "RBCNT", "SUBST":
		if number, ok = integer(value); !ok {
			return formatError(at, "%s is no number", clip([]byte(value)))
		}
	}
	switch {
	case name == "CHG":
		return a.setCharge(number, at)
	case name == "RAD":
		return a.setRadical(number, at)
	case name == "MASS":
		mass, ok := coordinate(value) // some write 13.003
		if !ok {
			return formatError(at, "%s is no mass", clip([]byte(value)))
		}
		return a.setIsotope(int(mass), at)
	case name == "CFG":
		if number < 0 || number > 3 {
			return formatError(at, "there is no configuration %d", number)
		}
		a.parity = number % 3
	case name == "VAL":
		a.valence = number
		if number < 0 || number == 15 {
			a.valence = noValence
		}
	case name == "RGROUPS":
		list := strings.Fields(strings.Trim(value, "()"))
		if a.Element != 0 {
			return queryError(at, "an R-group on an element")
		}
		for _, w := range list[min(1, len(list)):] {
			n, ok := integer(w)
			if !ok {
				return formatError(at, "%s is no R-group", clip([]byte(w)))
			}
			if err := a.setIsotope(n, at); err != nil {
				return err
			}
		}
	case slices.Contains(queryProperties, name) && number != 0:
		return queryError(at, "%s", word)
	}
	return nil
}

// bond reads index, type, two atoms and properties NAME=value.
func (r *v3000) bond(words []string) error {
	at := r.first
	if len(words) < 4 {
		return formatError(at, "the bond line is too short")
	}
	var n [4]int
	for k := range n {
		var ok bool
		if n[k], ok = integer(words[k]); !ok {
			return formatError(at, "%s is no number", clip([]byte(words[k])))
		}
	}
	order, err := bondOrder(n[1], at)
	if err != nil {
		return err
	}
	b := tableBond{a: -1, b: -1, order: order, line: at}
	if i, ok := r.number[n[2]]; ok {
		b.a = i
	}
	if i, ok := r.number[n[3]]; ok {
		b.b = i
	}
	for _, w := range words[4:] {
		name, value, ok := strings.Cut(w, "=")
		if !ok {
			return formatError(at, "%s is no property", clip([]byte(w)))
		}
		switch strings.ToUpper(name) {
		case "CFG":
			switch value {
			case "0":
			case "1":
				b.mark = wedge.Up
			case "2":
				if order == chem.Single || order == chem.Double {
					b.mark = wedge.Either
				}
			case "3":
				b.mark = wedge.Down
			default:
				return formatError(at, "there is no configuration %s", clip([]byte(value)))
			}
		case "TOPO":
			if value != "0" {
				return queryError(at, "bond topology %s", value)
			}
		}
	}
	return r.t.addBond(b)
}

// group reads a line of the S-group block: index, type, external index and
// properties.
func (r *v3000) group(g groups, text string) error {
	words := split(text)
	if len(words) < 2 || !strings.EqualFold(words[1], "DAT") {
		return nil
	}
	index, ok := integer(words[0])
	if !ok {
		return formatError(r.first, "%s is no number of an S-group", clip([]byte(words[0])))
	}
	s := g.at(index, r.first)
	for _, w := range words[2:] {
		name, value, _ := strings.Cut(w, "=")
		switch strings.ToUpper(name) {
		case "FIELDNAME":
			s.field = value
		case "FIELDDATA":
			s.data += value
		case "QUERYTYPE":
			if strings.TrimSpace(value) != "" {
				return queryError(r.first, "an S-group with query %s", value)
			}
		case "ATOMS":
			list := strings.Fields(strings.Trim(value, "()"))
			for _, w := range list[min(1, len(list)):] {
				n, ok := integer(w)
				i, known := r.number[n]
				if !ok || !known {
					return formatError(r.first, "%s is no atom", clip([]byte(w)))
				}
				s.atoms = append(s.atoms, int(i))
			}
		}
	}
	return nil
}
