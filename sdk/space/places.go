package space

// AppendPlaces appends where each row of the action table at x is, two bytes
// per row: the node in canonical preorder, 255 at the empty tree, and the site
// on it. Requests to plugins carry it, so that a plugin need not find orbits.
func (s *Fragments) AppendPlaces(dst []byte, x State) []byte {
	for _, r := range s.RowSites(x) {
		dst = append(dst, byte(r.Node), byte(r.Site))
	}
	return dst
}
