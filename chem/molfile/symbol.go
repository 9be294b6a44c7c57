package molfile

import (
	"slices"
	"strings"

	"github.com/molsculpt/molsculpt/chem"
)

// querySymbols are the symbols that stand for several elements.
var querySymbols = []string{"A", "AH", "Q", "QH", "X", "XH", "M", "MH", "L"}

// setSymbol makes the atom what its symbol says: an element, D or T, or a
// wildcard, which R-groups (R, R#, R1), stars, lone pairs and polymer beads are.
func (a *tableAtom) setSymbol(symbol string, line int) error {
	switch symbol {
	case "D":
		a.Element, a.Isotope = 1, 2
		return nil
	case "T":
		a.Element, a.Isotope = 1, 3
		return nil
	case "*", "R", "R#", "LP", "Pol", "Mod":
		a.NoImplicit = symbol == "*" || symbol == "R"
		return nil
	}
	if number, ok := strings.CutPrefix(symbol, "R"); ok && len(number) <= 2 {
		if n, ok := integer(number); ok && n >= 0 {
			a.Isotope = uint16(n)
			return nil
		}
	}
	if slices.Contains(querySymbols, symbol) || strings.HasPrefix(symbol, "[") || strings.HasPrefix(strings.ToUpper(symbol), "NOT") {
		return queryError(line, "atom %s", symbol)
	}
	if len(symbol) == 2 && symbol[1] >= 'A' && symbol[1] <= 'Z' {
		symbol = symbol[:1] + strings.ToLower(symbol[1:])
	}
	z, ok := chem.AtomicNumber(symbol)
	if !ok {
		return formatError(line, "there is no element %s", clip([]byte(symbol)))
	}
	a.Element = z
	return nil
}
