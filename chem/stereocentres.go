package chem

// StereoCentre is an atom that is or could be a tetrahedral stereocentre.
type StereoCentre struct {
	Atom  int
	Label byte // 'R' or 'S' by the ranks of perception, '?' where no mark is given
}

// StereoCentres lists the tetrahedral stereocentres of a perceived molecule in
// the order of atoms, marked or not, as RDKit's
// FindMolChiralCenters(includeUnassigned=True) with its legacy perception.
func StereoCentres(m *Mol) []StereoCentre {
	w := workspaces.Get().(*workspace)
	defer workspaces.Put(w)
	s := stereoSearch{m: m, label: resize(w.labels, len(m.Atoms)), cip: &w.cip, full: true}
	w.labels = s.label
	s.cip.start(m, s.told)
	var out []StereoCentre
	possible := make([]bool, len(m.Atoms))
	marks, bonds := false, false
	for i := range m.Atoms {
		marks = marks || m.Atoms[i].Chirality != Achiral
		legal, dupes := m.stereoKind(i, s.cip.rank)
		possible[i] = legal && !dupes
	}
	for i := range m.Bonds {
		bonds = bonds || m.Bonds[i].Stereo != NoStereo
	}
	if marks || bonds {
		c := m.Clone()
		s.m = c
		s.run(marks, bonds)
		s.cip.rerank(c, s.label, s.told)
		for i := range c.Atoms { // unmarked atoms between mirror images
			legal, dupes := c.stereoKind(i, s.cip.rank)
			possible[i] = possible[i] || legal && !dupes
		}
	}
	for i := range m.Atoms {
		switch {
		case s.label[i] != 0:
			out = append(out, StereoCentre{i, s.label[i]})
		case possible[i]:
			out = append(out, StereoCentre{i, '?'})
		}
	}
	return out
}
