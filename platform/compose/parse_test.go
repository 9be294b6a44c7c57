package compose_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/molsculpt/molsculpt/platform/compose"
	"pgregory.net/rapid"
)

func TestParsePrintsTheShortestForm(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, want string }{
		{"a", "a"},
		{" ( (a) ) ", "a"},
		{"a&b", "a & b"},
		{"a-b", "a - b"},
		{"a&{.3}b", "a &{0.3} b"},
		{"a -{ 5e-2 } b", "a -{0.05} b"},
		{"a & b & c", "a & b & c"},
		{"(a & b) & c", "(a & b) & c"},
		{"a & (b & c)", "a & (b & c)"},
		{"(a & b) - c", "(a & b) - c"},
		{"a & b | c", "a & b | c"},
		{"a & (b | c)", "a & (b | c)"},
		{"a | (b | c)", "a | (b | c)"},
		{"0.7a|0.3 b", "0.7 a | 0.3 b"},
		{"0.7 a & b | 0.3 (c | d)", "0.7 a & b | 0.3 (c | d)"},
		{"a^2 & b", "a^2 & b"},
		{"(a & b)^2", "(a & b)^2"},
		{"(a^2)^3", "(a^2)^3"},
		{"obs(a,b)", "obs(a, b)"},
		{"obs(a, a; over a, b, c)", "obs(a, a; over a, b, c)"},
		{"obs(a^2, b{0.3}; over 0.2 a, 0.8 b)", "obs(a^2, b{0.3}; over 0.2 a, 0.8 b)"},
		{"obs(a{1,2,3}; over a, b, c)", "obs(a{1, 2, 3}; over a, b, c)"},
		{"harmonic(a, b & c, d | e)", "harmonic(a, b & c, d | e)"},
		{"product(a^2, b)", "product(a^2, b)"},
		{"0 a | 1 b", "0 a | 1 b"},
		{"a -{1} b", "a -{1} b"},
		{"harmonic(2 a, 3 b & c, 1 (a|b))", "harmonic(2 a, 3 b & c, 1 (a | b))"},
		{"harmonic(2 a | 3 b, c)", "harmonic(2 a | 3 b, c)"},
		{"qed.v2 & _x1 - (ü)", ""},
		{"obs & over", "obs & over"},
		{"a\n& b", "a & b"},
	} {
		e, err := compose.Parse(test.text)
		if test.want == "" {
			if err == nil {
				t.Errorf("%q parses", test.text)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", test.text, err)
			continue
		}
		if got := e.String(); got != test.want {
			t.Errorf("%q prints as %q, want %q", test.text, got, test.want)
		}
	}
}

func TestParseErrorsPointAndAdvise(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text   string
		caret  string // under the text
		say    string // part of the message
		advise string // part of the hint
	}{
		{"", "^", "ends where a model", ""},
		{"a &", "   ^", "ends where a model", ""},
		{"a b", "  ^", `found "b" where an operator`, ""},
		{"a & b - c", "      ^", "need parentheses", "write (a & b) - ... or a & (b - ...)"},
		{"a - b & c", "      ^", "need parentheses", "write (a - b) & ... or a - (b & ...)"},
		{"a - b - c", "      ^", "chain of -", "write (a - b) - ..."},
		{"a &{1} b", "    ^", "alpha must lie between 0 and 1", ""},
		{"a &{0} b", "    ^", "alpha must lie between 0 and 1", ""},
		{"a -{-0.3} b", "    ^~~~", "alpha must lie between 0 and 1", ""},
		{"a &{0.3} b & c", "   ^~~~~", "alpha belongs to a composition of two, not of 3", "parentheses"},
		{"a &{} b", "    ^", "where alpha is expected", ""},
		{"0 a | 0 b", "^~~~~~~~~", "every weight of the mixture is 0", ""},
		{"0 a", "^", "a weight without a mixture", ""},
		{"a -{0} b", "    ^", "alpha must lie between 0 and 1", ""},
		{"harmonic(2 a, b)", "              ^", "without a weight", "or none"},
		{"harmonic(0 a, 1 b)", "         ^", "must be positive", "leave the operand out"},
		{"product(2 a, b)", "        ^", "a weight without a mixture", ""},
		{"-1 a | 2 b", "^", "needs an operand on its left", "a - b"},
		{"1e999 a | 1 b", "^~~~~", "must be positive and finite", ""},
		{"0.7 a | b", "        ^", "without a weight", "or none"},
		{"a | 0.7 b & c", "^", "without a weight", "or none"},
		{"0.7 a", "^~~", "a weight without a mixture", "0.7 a | 0.3 b"},
		{"a & 0.7 b", "    ^~~", "where a model is expected", "head of a mixture"},
		{"a + b", "  ^", `found "+"`, "a | b"},
		{"a * b", "  ^", `found "*"`, "product(a, b)"},
		{"a && b", "   ^", `found "&"`, "a & b"},
		{"a and b", "  ^~~", `found "and"`, "a & b"},
		{"a OR b", "  ^~", `found "OR"`, "a | b"},
		{"- b", "^", "needs an operand on its left", "a - b"},
		{"(a & b", "      ^", "ends where an operator or )", ""},
		{"a & b)", "     ^", `found ")"`, ""},
		{"a^0", "  ^", "an exponent must be positive", ""},
		{"a^2^3", "   ^", "power of a power", "write (a^2)^..."},
		{"a^b", "  ^", "where an exponent is expected", ""},
		{"harmnic(a, b)", "^~~~~~~", `unknown function "harmnic"`, "harmonic?"},
		{"harmonic(a)", "^~~~~~~~~~~", "needs two operands", ""},
		{"obs(a)", "^~~~~~", "one model alone", "obs(a; over a, ...)"},
		{"obs(a, a)", "^~~~~~~~~", "one model alone", ""},
		{"obs(c; over a, b)", "    ^", "c is not in the universe", ""},
		{"obs(a; over a, b, a)", "                  ^", "listed twice", ""},
		{"obs(a; in a, b)", "       ^~", `found "in"`, ""},
		{"obs(a{0.3}; over a, b, c)", "     ^~~~~", "a prior over 3 models has 1 weights", ""},
		{"obs(a{1.3}, b)", "     ^~~~~", "alpha must lie", ""},
		{"obs(a; over 0.3 a, b)", "                ^", "a weight is missing", ""},
		{"obs(a & b, c)", "      ^", `found "&"`, ""},
		{"obs(harmonic(a, b), c)", "    ^~~~~~~~", "a call where a model is expected", ""},
		{"ä & ?", "    ^", `found "?"`, ""},
		{"a \xff", "  ^", `found "\xff"`, ""},
		{strings.Repeat("(", 200) + "a", strings.Repeat(" ", 100) + "^", "nests more than 100 deep", ""},
	} {
		_, err := compose.Parse(test.text)
		var e *compose.Error
		if !errors.As(err, &e) {
			t.Errorf("%q: error %v", test.text, err)
			continue
		}
		if got, want := e.Caret(), test.text+"\n"+test.caret; got != want {
			t.Errorf("%q: %s, caret\n%s\nwant\n%s", test.text, e.Message, got, want)
		}
		if !strings.Contains(e.Message, test.say) || !strings.Contains(e.Hint, test.advise) {
			t.Errorf("%q: %s (%s), want %q and %q", test.text, e.Message, e.Hint, test.say, test.advise)
		}
	}
}

func TestErrorNamesLineAndColumn(t *testing.T) {
	t.Parallel()
	_, err := compose.Parse("a &\n  b +")
	if got, want := err.Error(), `compose: line 2, column 5: found "+" where an operator or the end is expected (a mixture is written a | b)`; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	var e *compose.Error
	if errors.As(err, &e) && e.Caret() != "  b +\n    ^" {
		t.Errorf("caret\n%s", e.Caret())
	}
}

func TestUnknownModelSuggestsTheNearest(t *testing.T) {
	t.Parallel()
	known := []string{"qed", "sa", "esol"}
	for _, test := range []struct{ text, want string }{
		{"qed & as", `compose: column 7: unknown model "as" (did you mean sa?)`},
		{"QED | sa", `compose: column 1: unknown model "QED" (did you mean qed?)`},
		{"sa - zzzzzz", `compose: column 6: unknown model "zzzzzz" (known models: qed, sa, esol)`},
		{"obs(sa; over sa, esoll)", `compose: column 18: unknown model "esoll" (did you mean esol?)`},
	} {
		e, err := compose.Parse(test.text)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Check(known); err == nil || err.Error() != test.want {
			t.Errorf("%s: %v\nwant %s", test.text, err, test.want)
		}
		if _, err := compose.Compile(e, known, nil); err == nil || err.Error() != test.want {
			t.Errorf("%s compiles: %v", test.text, err)
		}
	}
	if e, _ := compose.Parse("qed & sa"); e.Check(known) != nil {
		t.Errorf("known models are refused")
	}
}

func TestModelsAreListedOnceInOrder(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"b & a & b":                {"b", "a"},
		"obs(b; over a, b, c) | d": {"a", "b", "c", "d"},
		"obs(b, a)":                {"b", "a"},
	} {
		e, err := compose.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, e.Models()); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

// tree draws any expression that the language can write.
func tree(t *rapid.T, depth int) compose.Expr {
	name := rapid.SampledFrom([]string{"a", "b", "c", "qed", "sa_2", "x.y", "obs", "over", "e1"})
	kinds := 8
	if depth == 0 {
		kinds = 1
	}
	positive := rapid.Float64Range(1e-6, 1e6)
	alpha := func() float64 {
		if rapid.Bool().Draw(t, "bare") {
			return 0
		}
		return rapid.Float64Range(1e-9, 1-1e-9).Draw(t, "alpha")
	}
	several := func() []compose.Expr {
		out := make([]compose.Expr, rapid.IntRange(2, 4).Draw(t, "operands"))
		for i := range out {
			out[i] = tree(t, depth-1)
		}
		return out
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 1:
		e := &compose.Mix{}
		weighted := rapid.Bool().Draw(t, "weighted")
		for _, o := range several() {
			term := compose.Term{Of: o}
			if weighted && (len(e.Terms) == 0 || rapid.Bool().Draw(t, "takes part")) {
				term.Weight = positive.Draw(t, "weight")
			}
			e.Terms = append(e.Terms, term)
		}
		return e
	case 2:
		e := &compose.And{Operands: several()}
		if len(e.Operands) == 2 {
			e.Alpha = alpha()
		}
		return e
	case 3:
		return &compose.Contrast{Left: tree(t, depth-1), Right: tree(t, depth-1), Alpha: alpha()}
	case 4:
		e := &compose.Harmonic{Operands: several()}
		if rapid.Bool().Draw(t, "weighted") {
			e.Weights = rapid.SliceOfN(positive, len(e.Operands), len(e.Operands)).Draw(t, "weights")
		}
		return e
	case 5:
		return &compose.Product{Operands: several()}
	case 6:
		return &compose.Power{Base: tree(t, depth-1), Exponent: positive.Draw(t, "exponent")}
	case 7:
		e := &compose.Obs{}
		universe := []string{"a", "b", "c"}
		weighted := rapid.Bool().Draw(t, "weighted")
		for _, u := range universe {
			m := compose.Member{Model: &compose.Model{Name: u}}
			if weighted {
				m.Weight = positive.Draw(t, "weight")
			}
			e.Over = append(e.Over, m)
		}
		for range rapid.IntRange(1, 4).Draw(t, "labels") {
			l := compose.Label{Model: &compose.Model{Name: rapid.SampledFrom(universe).Draw(t, "label")}}
			if rapid.Bool().Draw(t, "tempered") {
				l.Exponent = positive.Draw(t, "kappa")
			}
			if rapid.Bool().Draw(t, "prior") {
				l.Alpha = rapid.SliceOfN(positive, 3, 3).Draw(t, "alpha")
			}
			e.Labels = append(e.Labels, l)
		}
		return e
	}
	return &compose.Model{Name: name.Draw(t, "name")}
}

func TestParsingAPrintedTreeGivesTheTreeBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := tree(t, 3)
		e, err := compose.Parse(want.String())
		if err != nil {
			t.Fatalf("%s: %v", want, err)
		}
		if diff := cmp.Diff(want, e.Root, cmpopts.IgnoreTypes(compose.Span{})); diff != "" {
			t.Fatalf("%s: %s", want, diff)
		}
	})
}

func TestSpansCoverTheTextOfTheirNodes(t *testing.T) {
	t.Parallel()
	text := " 0.2 obs(a; over a, b) | 0.8 (x &{0.3} y)^2 "
	e, err := compose.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	m := e.Root.(*compose.Mix)
	for _, test := range []struct {
		node compose.Expr
		want string
	}{
		{m, strings.TrimSpace(text)},
		{m.Terms[0].Of, "obs(a; over a, b)"},
		{m.Terms[1].Of, "(x &{0.3} y)^2"},
		{m.Terms[1].Of.(*compose.Power).Base, "x &{0.3} y"},
	} {
		if s := test.node.At(); text[s.Start:s.End] != test.want {
			t.Errorf("span %q, want %q", text[s.Start:s.End], test.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, form := range forms {
		f.Add(form.text)
	}
	f.Add("0.7 a & b | 0.3 (c - d)^2e-1")
	f.Add("((((")
	f.Add("obs(a{1,2}^3; over")
	f.Fuzz(func(t *testing.T, text string) {
		e, err := compose.Parse(text)
		if err != nil {
			var at *compose.Error
			if !errors.As(err, &at) {
				t.Fatalf("%q: error of type %T", text, err)
			}
			_, _ = at.Caret(), at.Error()
			return
		}
		printed := e.String()
		again, err := compose.Parse(printed)
		if err != nil {
			t.Fatalf("%q prints as %q: %v", text, printed, err)
		}
		if again.String() != printed {
			t.Fatalf("%q prints as %q, then as %q", text, printed, again)
		}
		known := compose.Normalisers{}
		for _, n := range compose.Nested(e) {
			known[n.String()] = -1
		}
		c, err := compose.Compile(e, nil, known)
		if err != nil {
			t.Fatalf("%q: %v", printed, err)
		}
		l := make([]float64, len(c.Models()))
		for i := range l {
			l[i] = -float64(i)
		}
		if v := c.LogDensity(l, -3); math.IsNaN(v) {
			t.Fatalf("%q: log density %g", printed, v)
		}
		c.Explain()
		c.Bound()
	})
}
