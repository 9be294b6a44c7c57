package depict

// orientSteroid turns the skeleton of steroids as everybody draws it: ring B to
// the right of ring A, C and D above. It tells whether there is one such skeleton
// in the component.
func (s *sketch) orientSteroid() bool {
	var skeleton [][3]Point // the middles of A, B and C
	for _, b := range s.blocks {
		for _, d := range b.rings {
			if len(d) != 5 {
				continue
			}
			for _, c := range b.fusedTo(d) {
				for _, m := range b.fusedTo(c) {
					for _, a := range b.fusedTo(m) {
						if s.angular(a, m, c, d) {
							skeleton = append(skeleton, [3]Point{s.middle(a), s.middle(m), s.middle(c)})
						}
					}
				}
			}
		}
	}
	if len(skeleton) != 1 {
		return false
	}
	a, b, c := skeleton[0][0], skeleton[0][1], skeleton[0][2]
	back := b.sub(a).unit()
	above := back.cross(c.sub(b))
	back.Y = -back.Y
	for i, p := range s.at {
		s.at[i] = p.turned(back)
		if above < 0 {
			s.at[i].Y = -s.at[i].Y
		}
	}
	return true
}

// fusedTo lists the rings of six atoms that share just a bond with a ring.
func (b *block) fusedTo(ring []int) [][]int {
	var out [][]int
	for _, r := range b.rings {
		if len(r) == 6 && len(common(r, ring)) == 2 {
			out = append(out, r)
		}
	}
	return out
}

// angular tells whether rings A to D are fused one to the next as in gonane: at
// B on bonds that stand at an angle with one atom between on one side, so also
// at C, and no others of them in common.
func (s *sketch) angular(a, b, c, d []int) bool {
	if len(common(a, c)) > 0 || len(common(a, d)) > 0 || len(common(b, d)) > 0 {
		return false
	}
	return s.adjacentBonds(a, b, c) && s.adjacentBonds(b, c, d)
}

// adjacentBonds tells whether the bonds that ring y shares with x and with z are
// joined by a bond.
func (s *sketch) adjacentBonds(x, y, z []int) bool {
	for _, p := range common(x, y) {
		for _, q := range common(y, z) {
			for _, w := range s.nbr[p] {
				if w == q {
					return true
				}
			}
		}
	}
	return false
}

func common(x, y []int) (out []int) {
	for _, a := range x {
		for _, b := range y {
			if a == b {
				out = append(out, a)
			}
		}
	}
	return out
}

func (s *sketch) middle(ring []int) Point {
	var c Point
	for _, a := range ring {
		c = c.add(s.at[a].times(1 / float64(len(ring))))
	}
	return c
}
