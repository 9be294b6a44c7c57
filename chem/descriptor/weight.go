package descriptor

import (
	"slices"
	"strconv"
	"strings"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/mass"
)

// MolWt is the average molecular weight in Da; atoms with a mass number count
// with the mass of that isotope.
func MolWt(m *chem.Mol) float64 { return weigh(m, mass.Average) }

// ExactMass is the mass in Da with every element as its commonest isotope, or
// as the isotope that is written, less the electrons that a charge stands for.
func ExactMass(m *chem.Mol) float64 {
	const electron = 0.00054857991
	return weigh(m, mass.Common) - electron*float64(Charge(m))
}

// weigh adds up element by element, so that the order of atoms does not matter
// to the last digit.
func weigh(m *chem.Mol, of func(z uint8) float64) float64 {
	var counts [119]int
	isotopes := 0.0
	for i := range m.Atoms {
		a := &m.Atoms[i]
		if a.Isotope != 0 {
			isotopes += mass.Isotope(a.Element, a.Isotope)
		} else {
			counts[min(a.Element, 118)]++
		}
		counts[1] += a.Hydrogens()
	}
	sum := 0.0
	for z, n := range counts {
		if n > 0 {
			sum += float64(n) * of(uint8(z))
		}
	}
	return sum + isotopes
}

// Charge is the net formal charge in e.
func Charge(m *chem.Mol) int {
	q := 0
	for i := range m.Atoms {
		q += int(m.Atoms[i].Charge)
	}
	return q
}

// Formula is the molecular formula with carbon and hydrogen first, the other
// symbols in alphabetical order and the net charge at the end, as in C2H8N+ or
// O4S-2. This is RDKit's form; Hill's puts hydrogen first only beside carbon.
func Formula(m *chem.Mol) string {
	var counts [119]int
	for i := range m.Atoms {
		a := &m.Atoms[i]
		counts[min(a.Element, 118)]++
		counts[1] += a.Hydrogens()
	}
	var symbols []string
	byName := map[string]int{}
	for z, n := range counts {
		if n == 0 || z == 1 || z == 6 {
			continue
		}
		s := chem.Symbol(uint8(z))
		symbols = append(symbols, s)
		byName[s] = n
	}
	slices.Sort(symbols)
	var b strings.Builder
	write := func(symbol string, n int) {
		if n == 0 {
			return
		}
		b.WriteString(symbol)
		if n > 1 {
			b.WriteString(strconv.Itoa(n))
		}
	}
	write("C", counts[6])
	write("H", counts[1])
	for _, s := range symbols {
		write(s, byName[s])
	}
	switch q := Charge(m); {
	case q == 1:
		b.WriteString("+")
	case q == -1:
		b.WriteString("-")
	case q > 1:
		b.WriteString("+" + strconv.Itoa(q))
	case q < -1:
		b.WriteString(strconv.Itoa(q))
	}
	return b.String()
}

// HeavyAtoms is the number of atoms that are neither hydrogens nor wildcards.
func HeavyAtoms(m *chem.Mol) int {
	n := 0
	for i := range m.Atoms {
		if m.Atoms[i].Element > 1 {
			n++
		}
	}
	return n
}
