package chem

// Symbol is the symbol of the element with atomic number z, "*" for the
// wildcard 0, and "" where there is no such element.
func Symbol(z uint8) string {
	if int(z) >= len(symbols) {
		return ""
	}
	return symbols[z]
}

// AtomicNumber is the atomic number of an element symbol ("Cl", "*"), with the
// usual upper and lower case; ok tells whether there is such an element.
func AtomicNumber(symbol string) (z uint8, ok bool) {
	if len(symbol) == 0 || len(symbol) > 2 {
		return 0, false
	}
	for i := range symbols {
		if symbols[i] == symbol {
			return uint8(i), true
		}
	}
	return 0, false
}

// Valences lists the valences that an element may show, in increasing order.
// An element without a known valence has an empty list; a trailing -1 means
// that anything above is allowed too. The slice is shared: do not change it.
// The values are those of RDKit's periodic table.
func Valences(z uint8) []int8 {
	if int(z) >= len(valences) {
		return nil
	}
	return valences[z]
}

// OuterElectrons is the number of valence electrons of a neutral atom.
func OuterElectrons(z uint8) int {
	if int(z) >= len(outerElectrons) {
		return 0
	}
	return int(outerElectrons[z])
}

// defaultValence is an element's first valence, or -1 where none is known.
func defaultValence(z int) int {
	if z < 0 || z >= len(valences) || len(valences[z]) == 0 {
		return -1
	}
	return int(valences[z][0])
}

// earlyElement tells whether an element stands left of carbon in the sense of
// the valence model: a positive charge takes a bond away instead of adding one.
func earlyElement(z uint8) bool {
	switch {
	case z >= 3 && z <= 5, z >= 11 && z <= 13, z >= 19 && z <= 22, z >= 30 && z <= 32,
		z >= 37 && z <= 41, z >= 48 && z <= 51, z >= 55 && z <= 61, z == 72, z == 73,
		z >= 80 && z <= 83, z >= 87 && z <= 93, z >= 104 && z <= 118:
		return true
	}
	return false
}

var symbols = [...]string{
	"*", "H", "He", "Li", "Be", "B", "C", "N", "O", "F", "Ne", "Na", "Mg", "Al", "Si", "P",
	"S", "Cl", "Ar", "K", "Ca", "Sc", "Ti", "V", "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn",
	"Ga", "Ge", "As", "Se", "Br", "Kr", "Rb", "Sr", "Y", "Zr", "Nb", "Mo", "Tc", "Ru", "Rh",
	"Pd", "Ag", "Cd", "In", "Sn", "Sb", "Te", "I", "Xe", "Cs", "Ba", "La", "Ce", "Pr", "Nd",
	"Pm", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu", "Hf", "Ta", "W", "Re",
	"Os", "Ir", "Pt", "Au", "Hg", "Tl", "Pb", "Bi", "Po", "At", "Rn", "Fr", "Ra", "Ac", "Th",
	"Pa", "U", "Np", "Pu", "Am", "Cm", "Bk", "Cf", "Es", "Fm", "Md", "No", "Lr", "Rf", "Db",
	"Sg", "Bh", "Hs", "Mt", "Ds", "Rg", "Cn", "Nh", "Fl", "Mc", "Lv", "Ts", "Og",
}

var valences = [119][]int8{
	1: {1}, 2: {0}, 3: {1}, 4: {2}, 5: {3}, 6: {4}, 7: {3}, 8: {2}, 9: {1}, 10: {0}, 11: {1},
	12: {2, -1}, 13: {3, 6}, 14: {4, 6}, 15: {3, 5, 7}, 16: {2, 4, 6}, 17: {1}, 18: {0},
	19: {1}, 20: {2, -1}, 31: {3}, 32: {4}, 33: {3, 5, 7}, 34: {2, 4, 6}, 35: {1}, 36: {0},
	37: {1}, 38: {2, -1}, 49: {3}, 50: {2, 4}, 51: {3, 5, 7}, 52: {2, 4, 6}, 53: {1, 3, 5},
	54: {0, 2, 4, 6}, 55: {1}, 56: {2, -1}, 81: {3}, 82: {2, 4}, 83: {3, 5, 7}, 84: {2, 4, 6},
	85: {1, 3, 5}, 86: {0}, 87: {1}, 88: {2, -1},
}

var outerElectrons = [...]uint8{
	0, 1, 2, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
	11, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3,
	4, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 4, 5, 6, 7, 8, 9, 10, 11, 2, 3, 4, 5, 6,
	7, 8, 1, 2, 3, 4, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 2, 2, 2, 2, 2, 2, 2, 2, 2,
	2, 2, 2, 2, 2, 2,
}

// commonIsotope is the mass number of the most common isotope.
var commonIsotope = [...]uint16{
	0, 1, 4, 7, 9, 11, 12, 14, 16, 19, 20, 23, 24, 27, 28, 31, 32, 35, 40, 39, 40, 45, 48, 50,
	52, 55, 56, 59, 58, 63, 64, 69, 74, 75, 80, 79, 84, 85, 88, 89, 90, 93, 98, 97, 102, 103,
	106, 107, 114, 115, 120, 121, 130, 127, 132, 133, 138, 139, 140, 141, 142, 145, 152, 153,
	158, 159, 164, 165, 166, 169, 174, 175, 180, 181, 184, 187, 192, 193, 195, 197, 202, 205,
	208, 209, 209, 210, 211, 223, 223, 227, 232, 231, 238, 236, 238, 241, 243, 247, 249, 252,
	257, 258, 259, 262, 267, 268, 271, 270, 269, 278, 281, 281, 285, 284, 289, 288, 293, 292,
	294,
}
