// Package alert tells which published structural alerts fire on a molecule, and
// on which atoms: groups that react, interfere with assays or are toxic. The
// catalogues hold the patterns of their authors in the form of RDKit's
// FilterCatalog, and fire as that does.
//
// An alert is a reason to look twice, not a verdict: many drugs have one.
package alert

import (
	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/smarts"
)

// Alert is a pattern that is not wanted.
type Alert struct {
	Catalogue string // name of the catalogue it comes from
	Name      string // as its authors call it
	Pattern   *smarts.Pattern
	Min       int    // fires when there are that many matches, 1 or more
	Note      string // what its authors say about it, if anything
}

// Catalogue is a list of alerts. It is immutable and may be shared.
type Catalogue struct {
	Name      string
	Scope     string // what the alerts are meant for
	Reference string // where they were published
	Alerts    []Alert

	set *smarts.Set
}

// Hit is an alert that fires on a molecule.
type Hit struct {
	*Alert
	// Matches are the groups it fires on, one for each set of atoms: the atoms of
	// the molecule in the order of the pattern, in the order of smarts.
	Matches [][]int
}

// Join makes one catalogue of several; searching it is faster than searching
// one after the other.
func Join(name string, parts ...*Catalogue) *Catalogue {
	c := &Catalogue{Name: name}
	for i, p := range parts {
		if i > 0 {
			c.Scope += "; "
			c.Reference += "; "
		}
		c.Scope += p.Scope
		c.Reference += p.Reference
		c.Alerts = append(c.Alerts, p.Alerts...)
	}
	c.prepare()
	return c
}

func (c *Catalogue) prepare() {
	patterns := make([]*smarts.Pattern, len(c.Alerts))
	for i := range c.Alerts {
		patterns[i] = c.Alerts[i].Pattern
	}
	c.set = smarts.NewSet(patterns)
}

// Fired appends to dst the indices of the alerts that fire on the target, in
// ascending order. It does not allocate once dst and the target's scratch
// memory have grown.
func (c *Catalogue) Fired(dst []int, t *smarts.Target) []int {
	start := len(dst)
	dst = c.set.Find(dst, t)
	kept := dst[:start]
	for _, i := range dst[start:] {
		if a := &c.Alerts[i]; a.Min <= 1 || t.Count(a.Pattern) >= a.Min {
			kept = append(kept, i)
		}
	}
	return kept
}

// Hits lists the alerts that fire on m, which must be perceived, in the order
// of the catalogue.
func (c *Catalogue) Hits(m *chem.Mol) []Hit {
	t := smarts.NewTarget(m)
	var hits []Hit
	for _, i := range c.Fired(nil, t) {
		a := &c.Alerts[i]
		hits = append(hits, Hit{Alert: a, Matches: t.FindAll(a.Pattern, smarts.FindOptions{})})
	}
	return hits
}
