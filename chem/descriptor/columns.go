package descriptor

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/molsculpt/molsculpt/chem/fingerprint"
)

// Column is a property by name, for tables.
type Column struct {
	Name  string // as in the head of a table
	Unit  string // "" for a pure number
	About string // what it is, in a few words

	// Value is the number; it is nil for columns of text. A NaN means that the
	// property does not exist for the molecule.
	Value func(*Analysis) float64

	format func(*Analysis) string
}

// Text is the property as a table shows it; NA where there is none.
func (c Column) Text(a *Analysis) string { return c.format(a) }

// Columns lists all columns in the order of a table.
func Columns() []Column { return append([]Column(nil), columns...) }

// Find is the column with a name.
func Find(name string) (Column, bool) {
	for _, c := range columns {
		if c.Name == name {
			return c, true
		}
	}
	return Column{}, false
}

func decimal(name, unit, about string, decimals int, value func(*Analysis) float64) Column {
	return Column{Name: name, Unit: unit, About: about, Value: value, format: func(a *Analysis) string {
		x := value(a)
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return "NA"
		}
		s := strconv.FormatFloat(x, 'f', decimals, 64)
		if x <= 0 && strings.Trim(s, "-0.") == "" {
			s = strings.TrimPrefix(s, "-")
		}
		return s
	}}
}

func whole(name, about string, value func(*Analysis) int) Column {
	return Column{
		Name: name, About: about,
		Value:  func(a *Analysis) float64 { return float64(value(a)) },
		format: func(a *Analysis) string { return strconv.Itoa(value(a)) },
	}
}

func text(name, about string, value func(*Analysis) string) Column {
	return Column{Name: name, About: about, format: value}
}

var columns = []Column{
	whole("nfrag", "molecules that no bond joins", func(a *Analysis) int { return Components(a.mol) }),
	whole("heavy", "heavy atoms", func(a *Analysis) int { return HeavyAtoms(a.mol) }),
	text("formula", "molecular formula", func(a *Analysis) string { return Formula(a.mol) }),
	whole("charge", "net formal charge, e", func(a *Analysis) int { return Charge(a.mol) }),
	decimal("mw", "Da", "molecular weight", 4, func(a *Analysis) float64 { return MolWt(a.mol) }),
	decimal("exact_mw", "Da", "mass of the commonest isotopes", 6, func(a *Analysis) float64 { return ExactMass(a.mol) }),
	decimal("logp", "", "octanol-water partition coefficient (Wildman-Crippen)", 6, (*Analysis).LogP),
	decimal("mr", "cm3/mol", "molar refractivity (Wildman-Crippen)", 6, (*Analysis).Refractivity),
	decimal("tpsa", "A2", "topological polar surface area, N and O", 4, (*Analysis).TPSA),
	whole("hbd", "hydrogen-bond donors", (*Analysis).HBD),
	whole("hba", "hydrogen-bond acceptors", (*Analysis).HBA),
	whole("lip_hbd", "hydrogens on N and O (Lipinski)", func(a *Analysis) int { return LipinskiHBD(a.mol) }),
	whole("lip_hba", "N and O atoms (Lipinski)", func(a *Analysis) int { return LipinskiHBA(a.mol) }),
	whole("rotb", "rotatable bonds, strict", (*Analysis).RotatableBonds),
	whole("rings", "rings", func(a *Analysis) int { return Rings(a.mol) }),
	whole("arom_rings", "aromatic rings", func(a *Analysis) int { return AromaticRings(a.mol) }),
	decimal("fsp3", "", "share of carbons with four neighbours", 6, func(a *Analysis) float64 { return Fsp3(a.mol) }),
	decimal("qed", "", "drug-likeness, 0 to 1 (Bickerton 2012)", 8, (*Analysis).QED),
	whole("qed_hba", "acceptors as QED counts them", func(a *Analysis) int { return a.QEDParts().HBA }),
	whole("qed_hbd", "donors as QED counts them", func(a *Analysis) int { return a.QEDParts().HBD }),
	whole("qed_rotb", "rotatable bonds as QED counts them", func(a *Analysis) int { return a.QEDParts().RotatableBonds }),
	whole("qed_arom", "aromatic rings as QED counts them", func(a *Analysis) int { return a.QEDParts().AromaticRings }),
	whole("qed_alerts", "unwanted groups", func(a *Analysis) int { return a.QEDParts().Alerts }),
	decimal("sa", "", "synthetic accessibility, 1 easy to 10 hard (Ertl 2009)", 8, (*Analysis).SA),
	decimal("esol", "log mol/l", "aqueous solubility (Delaney 2004, with Wildman-Crippen logP)", 6, (*Analysis).ESOL),
	whole("spiro", "spiro atoms", func(a *Analysis) int { return Spiro(a.mol) }),
	whole("bridgehead", "bridgehead atoms", func(a *Analysis) int { return Bridgeheads(a.mol) }),
	whole("n_stereo", "tetrahedral stereocentres, marked or not", (*Analysis).StereoCentres),
	whole("n_stereo_assigned", "tetrahedral stereocentres with a mark", (*Analysis).AssignedStereoCentres),
	whole("n_stereo_db", "double bonds with a configuration", func(a *Analysis) int { return StereoBonds(a.mol) }),
	whole("symm_classes", "kinds of atoms by constitution", func(a *Analysis) int { return SymmetryClasses(a.mol) }),
	text("hcounts", "hydrogens on each atom that are no atoms themselves", hydrogenCounts),
	text("arom_atoms", "1 for each aromatic atom, else 0", aromaticFlags),
	text("morgan2_2048", "Morgan bits, radius 2, 2048 bits", func(a *Analysis) string { return onBits(a, 2) }),
	text("morgan3_2048", "Morgan bits, radius 3, 2048 bits", func(a *Analysis) string { return onBits(a, 3) }),
	text("morgan2_counts", "Morgan counts, radius 2, hash:count", morganCounts),
}

func hydrogenCounts(a *Analysis) string {
	var b strings.Builder
	for i := range a.mol.Atoms {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(a.mol.Atoms[i].Hydrogens()))
	}
	return b.String()
}

func aromaticFlags(a *Analysis) string {
	b := make([]byte, len(a.mol.Atoms))
	for i := range b {
		b[i] = '0'
		if a.mol.Atoms[i].Aromatic {
			b[i] = '1'
		}
	}
	return string(b)
}

func onBits(a *Analysis, radius int) string {
	var b strings.Builder
	for i, x := range fingerprint.MorganBits(a.mol, radius, 2048).On() {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(x))
	}
	return b.String()
}

func morganCounts(a *Analysis) string {
	var b strings.Builder
	for i, c := range a.Morgan() {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%d:%d", c.Hash, c.Count)
	}
	return b.String()
}
