package chem

// Mol is a molecule: a labelled multigraph of heavy atoms (and of those
// hydrogens that must be nodes) with what perception found about it.
//
// A Mol is built by a parser or field by field, perceived once, and read from
// then on: a perceived Mol may be shared between goroutines.
type Mol struct {
	Atoms []Atom
	Bonds []Bond

	// Rings is the symmetrised smallest set of smallest rings, as in RDKit's
	// ring info (cubane has six), each a cycle of atom indices in bond order.
	// Those that symmetry adds come last; see SmallestRings. It is filled by
	// perception.
	Rings [][]int32

	basis int        // number of rings in Rings before those that symmetry adds
	start []int32    // start[i]:start[i+1] are atom i's entries of nbrs
	nbrs  []Neighbor // adjacency, in bond order
}

// Atom is one atom. The first group of fields is what was written, the second
// what perception computed.
type Atom struct {
	Element    uint8     // atomic number, 0 for a wildcard
	Charge     int8      // formal charge, e
	Isotope    uint16    // mass number, 0 for the natural mixture
	Map        uint32    // atom-map number, 0 for none
	ExplicitH  uint8     // hydrogens written inside the brackets
	NoImplicit bool      // a bracket atom: gets no implicit hydrogens
	Chirality  Chirality // tetrahedral mark, relative to the order of Neighbors

	// Geometry and Arrangement are the mark of a centre that is not tetrahedral.
	// Arrangement is OpenSMILES's number for the neighbours in the order of
	// Neighbors, then hydrogens that are no nodes, then places left free; it is
	// 0 where it is not known.
	Geometry    Geometry
	Arrangement uint8

	ImplicitH     uint8 // hydrogens that the valence model adds
	Radical       uint8 // unpaired electrons
	Aromatic      bool
	InRing        bool
	Conjugated    bool // on at least one conjugated bond
	Hybridization Hybridization
}

// Hydrogens is the number of hydrogens on the atom that are not nodes.
func (a Atom) Hydrogens() int { return int(a.ExplicitH) + int(a.ImplicitH) }

// Chirality is a tetrahedral stereo mark as in SMILES: seen from the first
// neighbour, the others run counter-clockwise (@) or clockwise (@@). The
// neighbours stand in the order of Neighbors, that is of their bonds; a
// hydrogen that is no node, or a lone pair, counts as the last one.
type Chirality uint8

// The tetrahedral marks.
const (
	Achiral          Chirality = iota
	CounterClockwise           // @
	Clockwise                  // @@
)

// Mirror is the opposite mark.
func Mirror(c Chirality) Chirality {
	switch c {
	case CounterClockwise:
		return Clockwise
	case Clockwise:
		return CounterClockwise
	default:
		return c
	}
}

// Hybridization is the hybridisation of an atom's orbitals as RDKit assigns it.
type Hybridization uint8

// Hybridisations, in RDKit's order.
const (
	HybridUnknown Hybridization = iota
	HybridS
	SP
	SP2
	SP3
	SP2D
	SP3D
	SP3D2
)

// String names the hybridisation, as in sp3; ? where it is unknown.
func (h Hybridization) String() string {
	return [...]string{"?", "s", "sp", "sp2", "sp3", "sp2d", "sp3d", "sp3d2"}[min(h, SP3D2)]
}

// Order is a bond's order.
type Order uint8

// Bond orders. Aromatic stands in Bond.Order only; Bond.Kekule is never it.
const (
	Unspecified Order = iota
	Single
	Double
	Triple
	Quadruple
	Aromatic
	Dative // from A to B
	Zero   // of unknown order (~ in SMILES): adds nothing to valences
)

// Direction is the mark of a single bond next to a stereo double bond, seen
// from Bond.A to Bond.B.
type Direction uint8

// Bond directions.
const (
	NoDirection Direction = iota
	Up                    // /
	Down                  // \
)

// BondStereo is the configuration of a double bond relative to its stereo
// atoms.
type BondStereo uint8

// Double-bond configurations.
const (
	NoStereo BondStereo = iota
	Cis                 // the two StereoAtoms lie on the same side
	Trans
)

// Bond is a bond between the atoms with indices A and B.
type Bond struct {
	A, B      int32
	Order     Order     // Aromatic where aromaticity was perceived
	Kekule    Order     // the localised order: Single, Double, Triple, Quadruple, Dative or Zero
	Direction Direction // as written

	Stereo      BondStereo
	StereoAtoms [2]int32 // neighbours of A and of B that Stereo speaks of
	InRing      bool
	Aromatic    bool // between neighbours in an aromatic ring; Order may be Triple, Dative or Zero even so
	Conjugated  bool
}

// Other is the bond's end that is not atom i.
func (b Bond) Other(i int) int {
	if int(b.A) == i {
		return int(b.B)
	}
	return int(b.A)
}

// Neighbor is an entry of an atom's adjacency list.
type Neighbor struct {
	Atom int32 // the neighbouring atom
	Bond int32 // the bond that leads there
}

// Neighbors lists the neighbours of atom i in the order of their bonds. The
// slice belongs to m.
func (m *Mol) Neighbors(i int) []Neighbor { return m.nbrs[m.start[i]:m.start[i+1]] }

// Degree is the number of explicit neighbours of atom i.
func (m *Mol) Degree(i int) int { return int(m.start[i+1] - m.start[i]) }

// BondBetween is the index of the bond between atoms i and j, or -1.
func (m *Mol) BondBetween(i, j int) int {
	for _, n := range m.Neighbors(i) {
		if int(n.Atom) == j {
			return int(n.Bond)
		}
	}
	return -1
}

// HeavyAtoms counts the atoms that are not hydrogen.
func (m *Mol) HeavyAtoms() int {
	n := 0
	for i := range m.Atoms {
		if m.Atoms[i].Element != 1 {
			n++
		}
	}
	return n
}

// Connect rebuilds the adjacency lists from Bonds. It must be called after
// Atoms or Bonds change and before anything reads neighbours.
func (m *Mol) Connect() {
	n := len(m.Atoms)
	m.start = make([]int32, n+1)
	for _, b := range m.Bonds {
		m.start[b.A+1]++
		m.start[b.B+1]++
	}
	for i := range n {
		m.start[i+1] += m.start[i]
	}
	m.nbrs = make([]Neighbor, 2*len(m.Bonds))
	next := append([]int32(nil), m.start[:n]...)
	for k, b := range m.Bonds {
		m.nbrs[next[b.A]] = Neighbor{Atom: b.B, Bond: int32(k)}
		next[b.A]++
		m.nbrs[next[b.B]] = Neighbor{Atom: b.A, Bond: int32(k)}
		next[b.B]++
	}
}

// Clone is a deep copy of m.
func (m *Mol) Clone() *Mol {
	c := &Mol{
		Atoms: append([]Atom(nil), m.Atoms...),
		Bonds: append([]Bond(nil), m.Bonds...),
		basis: m.basis,
		start: append([]int32(nil), m.start...),
		nbrs:  append([]Neighbor(nil), m.nbrs...),
	}
	if m.Rings != nil {
		var r ringList
		for _, ring := range m.Rings {
			r.add(ring)
		}
		c.Rings = r.copyOut()
	}
	return c
}
