package chem

// perceiveStereo finds out which stereo marks mean something, and removes the
// others: tetrahedral marks on atoms that are no stereocentres, double-bond
// configurations between like substituents. It works as RDKit's legacy
// stereochemistry assignment with cleaning.
func (w *workspace) perceiveStereo(m *Mol) {
	atoms, bonds := m.dropImpossibleMarks()
	if !atoms && !bonds {
		return
	}
	s := stereoSearch{m: m, label: resize(w.labels, len(m.Atoms)), cip: &w.cip, ends: w.ends}
	defer func() { w.labels, w.ends = s.label, s.ends }()
	s.collect()
	s.cip.start(m, s.told)
	s.run(atoms, bonds)
	s.cleanAtoms()
}

// dropImpossibleMarks removes marks from wildcards and atoms that are not sp3 and geometries
// that do not suit the number of neighbours, and tells whether marked atoms and bonds remain.
func (m *Mol) dropImpossibleMarks() (atoms, bonds bool) {
	for i := range m.Atoms {
		a := &m.Atoms[i]
		if a.Geometry != NoGeometry {
			if d := m.totalDegree(i); d < 2 || d > a.Geometry.Places() || int(a.Arrangement) > a.Geometry.Arrangements() {
				a.Geometry, a.Arrangement = NoGeometry, 0
			}
		}
		if a.Chirality == Achiral {
			continue
		}
		if a.Element == 0 || a.Hybridization == HybridS || a.Hybridization == SP || a.Hybridization == SP2 || m.totalDegree(i) > 4 {
			m.unmark(i)
			continue
		}
		atoms = true
	}
	for i := range m.Bonds {
		b := &m.Bonds[i]
		if b.Direction != NoDirection {
			bonds = true
		}
		if b.Stereo != NoStereo {
			if b.Order != Double || m.BondBetween(int(b.A), int(b.StereoAtoms[0])) < 0 ||
				m.BondBetween(int(b.B), int(b.StereoAtoms[1])) < 0 {
				b.Stereo, b.StereoAtoms = NoStereo, [2]int32{}
				continue
			}
			bonds = true
		}
	}
	return atoms, bonds
}

// unmark makes atom i achiral. A hydrogen that was written only for the sake
// of the mark becomes an implicit one again, or goes where a half bond outside
// rings takes its place, as in B:[B@H](B)B. RDKit then leaves an unpaired
// electron that it does not read back.
func (m *Mol) unmark(i int) {
	a := &m.Atoms[i]
	a.Chirality = Achiral
	if a.ExplicitH != 1 || a.Charge != 0 || a.Aromatic {
		return
	}
	a.ExplicitH, a.NoImplicit = 0, false
	explicit, aromatic := m.explicitValenceAromatic(i)
	h, err := m.implicitHydrogens(i, explicit, aromatic)
	if err != nil {
		h = 0
	}
	a.ImplicitH = uint8(h)
	if a.Element != 0 && err != nil {
		a.Radical = uint8(a.radicals(m.kekuleValence(i) + h))
	}
}

// stereoSearch assigns labels to marked atoms and bonds in turn until nothing
// new is found.
type stereoSearch struct {
	m     *Mol
	label []byte // by atom: 'R', 'S' or 0
	cip   *cipRanks
	ends  []int32 // atoms whose neighbours must be told apart
	full  bool    // rank on even if they are
}

// collect lists the atoms whose neighbours must be told apart: those with a
// mark, and the ends of double bonds.
func (s *stereoSearch) collect() {
	s.ends = s.ends[:0]
	for i := range s.m.Atoms {
		if s.m.Atoms[i].Chirality != Achiral {
			s.ends = append(s.ends, int32(i))
		}
	}
	for i := range s.m.Bonds {
		b := &s.m.Bonds[i]
		if b.Order == Double && (b.Stereo != NoStereo || s.m.marked(i, int(b.A)) && s.m.marked(i, int(b.B))) {
			s.ends = append(s.ends, b.A, b.B)
		}
	}
}

// told tells whether the ranks so far tell all of them apart.
func (s *stereoSearch) told() bool {
	if s.full {
		return false
	}
	for _, i := range s.ends {
		nbrs := s.m.Neighbors(int(i))
		for x := range nbrs {
			for y := range x {
				if s.cip.rank[nbrs[x].Atom] == s.cip.rank[nbrs[y].Atom] {
					return false
				}
			}
		}
	}
	return true
}

// run labels, from the ranks of the constitution on.
func (s *stereoSearch) run(atoms, bonds bool) {
	// Configurations given as such are looked at like written ones.
	given := make(map[int32]BondStereo)
	for i := range s.m.Bonds {
		if b := &s.m.Bonds[i]; b.Stereo != NoStereo {
			given[int32(i)] = b.Stereo
			b.Stereo = NoStereo
		}
	}
	for atoms || bonds {
		changed := false
		if atoms {
			var c bool
			atoms, c = s.labelAtoms()
			changed = changed || c
		}
		if bonds {
			var c bool
			bonds, c = s.labelBonds(given)
			changed = changed || c
		}
		if !changed || !atoms && !bonds {
			break
		}
		s.cip.rerank(s.m, s.label, s.told)
	}
}

// labelAtoms labels the marked atoms whose neighbours differ; open tells
// whether some were left, changed whether any was labelled.
func (s *stereoSearch) labelAtoms() (open, changed bool) {
	for i := range s.m.Atoms {
		a := &s.m.Atoms[i]
		if a.Chirality == Achiral || s.label[i] != 0 {
			continue
		}
		legal, dupes := s.m.stereoKind(i, s.cip.rank)
		switch {
		case legal && !dupes:
			s.label[i] = s.atomLabel(i)
			changed = true
		case legal:
			open = true
		}
	}
	return open, changed
}

// atomLabel is the label of a marked atom with different neighbours. The
// hydrogen ranks below three neighbours, and below two (at phosphorus and
// arsenic) so do hydrogen and lone pair. Beside three neighbours the lone pair
// is taken as RDKit's first perception takes it, not by rank: its labels of
// sulfoxides are the opposite of those that IUPAC's rules give.
func (s *stereoSearch) atomLabel(i int) byte {
	nbrs := s.m.Neighbors(i)
	odd := false
	degree := 0
	for x := range nbrs {
		if !steric(&s.m.Bonds[nbrs[x].Bond], int32(i)) {
			continue
		}
		degree++
		for y := range x {
			if steric(&s.m.Bonds[nbrs[y].Bond], int32(i)) && s.cip.rank[nbrs[y].Atom] > s.cip.rank[nbrs[x].Atom] {
				odd = !odd
			}
		}
	}
	if h := s.m.Atoms[i].Hydrogens(); degree == 3 && h == 1 || degree == 2 && h > 0 {
		odd = !odd
	}
	if (s.m.Atoms[i].Chirality == Clockwise) != odd {
		return 'R'
	}
	return 'S'
}

// steric tells whether the neighbour at the other end of a bond of atom i counts
// for its configuration: not over a bond of unknown order, nor on the donor's
// side of a dative one.
func steric(b *Bond, i int32) bool { return b.TwiceValence(b.Order, i) > 0 }

// stereoKind tells whether atom i is of a kind that can be a tetrahedral
// stereocentre, and whether two of its neighbours have the same rank. The
// kinds are RDKit's: phosphorus and arsenic always; with three neighbours also
// those with one hydrogen, sulfoxides and sulfonium, selenium likewise, and
// nitrogen in three-membered rings and at bridgeheads.
func (m *Mol) stereoKind(i int, rank []int32) (legal, dupes bool) {
	a := &m.Atoms[i]
	nbrs := m.Neighbors(i)
	degree := 0
	for x := range nbrs {
		if steric(&m.Bonds[nbrs[x].Bond], int32(i)) {
			degree++
		}
	}
	if d := degree + a.Hydrogens(); d < 3 || d > 4 {
		return false, false
	}
	for x := range nbrs {
		for y := range x {
			if rank[nbrs[x].Atom] == rank[nbrs[y].Atom] && steric(&m.Bonds[nbrs[x].Bond], int32(i)) &&
				steric(&m.Bonds[nbrs[y].Bond], int32(i)) {
				return true, true
			}
		}
	}
	switch {
	case a.Element == 15 || a.Element == 33:
		return true, false
	case degree < 3:
		return false, false
	case degree == 3 && a.Hydrogens() != 1:
		switch a.Element {
		case 7:
			return m.inRingOfSize(i, 3) || m.Bridgehead(i), false
		case 16, 34:
			v := m.kekuleValence(i)
			return v == 4 || v == 3 && a.Charge == 1, false
		}
		return false, false
	}
	return true, false
}

// cleanAtoms removes the marks that got no label, save those that name the
// relative configuration of two or more atoms of a ring system.
func (s *stereoSearch) cleanAtoms() {
	m := s.m
	var open []int32
	for i := range m.Atoms {
		if m.Atoms[i].Chirality != Achiral && s.label[i] == 0 {
			open = append(open, int32(i))
		}
	}
	if open == nil {
		return
	}
	cand := make([]bool, len(m.Atoms))
	for _, i := range open {
		cand[i] = m.ringStereoKind(int(i), s.cip.rank)
	}
	keep := make([]bool, len(m.Atoms))
	for _, i := range open {
		keep[i] = cand[i] && s.hasRingPartner(i, cand)
	}
	for _, i := range open {
		if !keep[i] {
			m.unmark(int(i))
		}
	}
}

// hasRingPartner tells whether another candidate can be reached along ring
// bonds.
func (s *stereoSearch) hasRingPartner(from int32, cand []bool) bool {
	seen := make([]bool, len(s.m.Atoms))
	seen[from] = true
	queue := []int32{from}
	for q := 0; q < len(queue); q++ {
		for _, nb := range s.m.Neighbors(int(queue[q])) {
			if seen[nb.Atom] || !s.m.Bonds[nb.Bond].InRing {
				continue
			}
			if cand[nb.Atom] {
				return true
			}
			seen[nb.Atom] = true
			queue = append(queue, nb.Atom)
		}
	}
	return false
}

// ringStereoKind tells whether a ring atom can have a configuration relative
// to other ring atoms although two of its neighbours are alike.
func (m *Mol) ringStereoKind(i int, rank []int32) bool {
	a := &m.Atoms[i]
	if !a.InRing {
		return false
	}
	if a.Element == 7 && m.Degree(i) == 3 && !m.inRingOfSize(i, 3) && !m.Bridgehead(i) {
		return false
	}
	var outside []int32
	ring, distinct := 0, 0
	nbrs := m.Neighbors(i)
	for x, nb := range nbrs {
		if !m.Bonds[nb.Bond].InRing {
			outside = append(outside, nb.Atom)
			continue
		}
		ring++
		fresh := true
		for _, o := range nbrs[:x] {
			if m.Bonds[o.Bond].InRing && rank[o.Atom] == rank[nb.Atom] {
				fresh = false
			}
		}
		if fresh {
			distinct++
		}
	}
	switch len(outside) {
	case 2:
		return rank[outside[0]] != rank[outside[1]]
	case 1:
		return ring >= 2
	case 0:
		return ring == 4 && distinct == 3 || ring == 3 && distinct == 2
	}
	return false
}
