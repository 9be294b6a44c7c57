package config

import (
	"fmt"
	"strings"
)

// Allow says which molecules a campaign wants. The zero value is all of them.
type Allow struct {
	Scaffold Text        // SMILES of what every molecule grows from; empty for none
	Forbid   []Forbidden // fragments of the vocabulary that do not occur
	Min, Max int         // fragments of a molecule, 0 for no bound
	Size     Mark        // of the bounds
}

// Forbidden names fragments of a vocabulary.
type Forbidden struct {
	Text
	SMARTS bool // every fragment that matches the pattern, instead of the one of that SMILES
}

// Given tells whether anything is asked for.
func (a *Allow) Given() bool {
	return a.Scaffold.Value != "" || len(a.Forbid) > 0 || a.Min > 0 || a.Max > 0
}

const allowHint = "allow: {scaffold: c1ccc2[nH]ccc2c1, forbid: [C=O], fragments: {min: 3, max: 7}}"

func parseAllow(f map[string]node) Allow {
	var a Allow
	n, ok := f["allow"]
	if !ok {
		return a
	}
	a.Size = n.mark()
	before := len(n.src.errs)
	g := n.fields("allow", "scaffold", "forbid", "fragments")
	if v, ok := g["scaffold"]; ok {
		a.Scaffold = v.text("scaffold")
	}
	if v, ok := g["forbid"]; ok {
		for _, item := range v.items("forbid") {
			a.Forbid = append(a.Forbid, parseForbidden(item))
		}
	}
	if v, ok := g["fragments"]; ok {
		a.Size = v.mark()
		h := v.fields("fragments", "min", "max")
		if least, ok := h["min"]; ok {
			a.Min = least.integer("the fewest fragments", 1, MaxFragments)
		}
		if most, ok := h["max"]; ok {
			a.Max = most.integer("the most fragments", 1, MaxFragments)
		}
	}
	if !a.Given() && len(n.src.errs) == before {
		n.fail(allowHint, "allow says nothing")
	}
	return a
}

// parseForbidden reads C=O, or {smarts: "[N+](=O)[O-]"}.
func parseForbidden(n node) Forbidden {
	if kindOf(n.n) != "a mapping" {
		return Forbidden{Text: n.text("a forbidden fragment")}
	}
	if v, ok := n.fields("a forbidden fragment", "smarts")["smarts"]; ok {
		return Forbidden{Text: v.text("smarts"), SMARTS: true}
	}
	return Forbidden{}
}

// plan writes what is asked for.
func (a *Allow) plan(line func(string, ...any)) {
	if !a.Given() {
		return
	}
	line("allow:")
	if a.Scaffold.Value != "" {
		line("  scaffold: %s", quoted(a.Scaffold.Value))
	}
	if len(a.Forbid) > 0 {
		list := make([]string, len(a.Forbid))
		for i, x := range a.Forbid {
			list[i] = quoted(x.Value)
			if x.SMARTS {
				list[i] = "{smarts: " + list[i] + "}"
			}
		}
		line("  forbid: [%s]", strings.Join(list, ", "))
	}
	var bounds []string
	if a.Min > 0 {
		bounds = append(bounds, fmt.Sprintf("min: %d", a.Min))
	}
	if a.Max > 0 {
		bounds = append(bounds, fmt.Sprintf("max: %d", a.Max))
	}
	if bounds != nil {
		line("  fragments: {%s}", strings.Join(bounds, ", "))
	}
}
