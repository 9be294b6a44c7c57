package smiles

// senses groups bonds whose directions depend on each other, and knows for any
// two of a group whether they are written alike: disjoint sets with parity
// (R. E. Tarjan, J. ACM 22 (1975) 215).
type senses struct {
	parent []int32
	odd    []bool // written unlike the parent
}

// reset makes every one of n bonds a group of its own.
func (s *senses) reset(n int) {
	s.parent = fill(s.parent, n, 0)
	s.odd = fill(s.odd, n, false)
	for i := range s.parent {
		s.parent[i] = int32(i)
	}
}

// find is the representative of a bond's group, and whether the bond is written
// unlike it.
func (s *senses) find(bond int32) (root int32, odd bool) {
	p := s.parent[bond]
	if p == bond {
		return bond, false
	}
	root, odd = s.find(p)
	s.odd[bond] = s.odd[bond] != odd
	s.parent[bond] = root
	return root, s.odd[bond]
}

// relation tells whether two bonds are written unlike each other; known is false
// where they belong to different groups.
func (s *senses) relation(a, b int32) (unlike, known bool) {
	rootA, oddA := s.find(a)
	rootB, oddB := s.find(b)
	return oddA != oddB, rootA == rootB
}

// relate joins the groups of two bonds that are to be written alike or unlike.
// Bonds of one group stay as they are.
func (s *senses) relate(a, b int32, unlike bool) {
	rootA, oddA := s.find(a)
	rootB, oddB := s.find(b)
	if rootA != rootB {
		s.parent[rootA] = rootB
		s.odd[rootA] = (oddA != oddB) != unlike
	}
}
