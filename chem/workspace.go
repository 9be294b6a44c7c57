package chem

import "sync"

// workspace is the memory that perception works in. It is kept between calls
// so that perceiving a molecule allocates little beyond the result.
type workspace struct {
	// rings.go and ringsearch.go
	rings      ringList
	extra      ringList
	active     []bool  // by bond: lies on a cycle and is not trimmed yet
	depth, low []int32 // by atom
	parent     []int32
	cursor     []int32
	stack      []int32
	path       []int32
	system     []int32
	visited    []bool
	ringDegree []int32
	search     ringSearch

	// kekulize.go
	needs     []uint8 // by atom
	mate      []int32
	trail     []bool
	ringCount []int32 // by atom: rings of m.Rings that it is in
	marked    bool    // double bonds only where an aromatic bond is written

	arom aromaticity

	cip    cipRanks
	labels []byte
	ends   []int32
}

var workspaces = sync.Pool{New: func() any { return new(workspace) }}

// resize returns s with length n and all elements zero, reusing its memory.
func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/2+8)
	}
	s = s[:n]
	clear(s)
	return s
}
