// Package mass knows the weights of the elements and the masses of their
// isotopes, in unified atomic mass units (Da).
//
// The figures are those of RDKit 2022.09, which took them from the Blue Obelisk
// data repository; they were read out through its periodic table.
package mass

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"
)

//go:embed masses.txt
var text string

// entry is an element: its line in masses.txt reads symbol, average weight,
// mass of the commonest isotope, and number:mass for each known isotope.
type entry struct {
	weight, common float64
	isotopes       map[uint16]float64
}

var elements = sync.OnceValue(func() *[119]entry {
	var all [119]entry
	z := 0
	for line := range strings.Lines(text) {
		z++
		f := strings.Fields(line)
		e := &all[z]
		e.weight, e.common = number(f[1]), number(f[2])
		e.isotopes = make(map[uint16]float64, len(f)-3)
		for _, iso := range f[3:] {
			a, m, _ := strings.Cut(iso, ":")
			e.isotopes[uint16(number(a))] = number(m)
		}
	}
	return &all
})

func number(s string) float64 {
	x, err := strconv.ParseFloat(s, 64)
	if err != nil {
		panic("mass: the embedded table is damaged")
	}
	return x
}

// Average is the standard atomic weight of the element with atomic number z, 0
// for the wildcard and unknown elements.
func Average(z uint8) float64 {
	if z > 118 {
		return 0
	}
	return elements()[z].weight
}

// Common is the mass of the commonest isotope of element z, 0 if unknown.
func Common(z uint8) float64 {
	if z > 118 {
		return 0
	}
	return elements()[z].common
}

// Isotope is the mass of the isotope of element z with mass number a, and a
// itself where the isotope is not known; 0 for the wildcard.
func Isotope(z uint8, a uint16) float64 {
	if z == 0 || z > 118 {
		return 0
	}
	if m, ok := elements()[z].isotopes[a]; ok {
		return m
	}
	return float64(a)
}
