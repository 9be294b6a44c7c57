package fragment

import (
	"fmt"

	"github.com/molsculpt/molsculpt/chem"
)

// Rule says which two sites may be joined. Joined fragments are always held by
// a single bond, and the bonds between fragments never close a ring.
type Rule string

const (
	// Any joins every open site with every open site. Different trees may
	// give the same molecule.
	Any Rule = "any"

	// RingAcyclic joins two sites where at least one is an atom of a ring.
	// Its fragments are ring systems, with what hangs on them by multiple
	// bonds, and acyclic pieces, so that cutting every single bond outside
	// rings that has a ring atom at one end gives the tree back: each
	// molecule has at most one tree.
	RingAcyclic Rule = "ring-acyclic"
)

// check says whether the rule is one that this package knows.
func (r Rule) check() error {
	if r == Any || r == RingAcyclic {
		return nil
	}
	return fmt.Errorf("unknown rule %q: use %q or %q", string(r), string(Any), string(RingAcyclic))
}

// OneToOne reports whether a molecule has at most one tree under the rule.
func (r Rule) OneToOne() bool { return r == RingAcyclic }

// joins reports whether a bond between two sites is legal, given whether each
// is a ring atom.
func (r Rule) joins(ringA, ringB bool) bool { return r == Any || ringA || ringB }

// cuttable reports whether bond b of a perceived molecule lies between two
// fragments under [RingAcyclic].
func cuttable(m *chem.Mol, b *chem.Bond) bool {
	return b.Order == chem.Single && !b.InRing && (m.Atoms[b.A].InRing || m.Atoms[b.B].InRing)
}
