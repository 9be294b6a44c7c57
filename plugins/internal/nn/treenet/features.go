package treenet

import (
	"fmt"
	"math"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/descriptor"
	"github.com/molsculpt/molsculpt/chem/fragment"
)

// Features is what the network is told of a vocabulary. It is computed once,
// when training begins, and stored with the weights, so that a model does not
// change when descriptors do.
type Features struct {
	Fragments int // and as many rows of Fragment
	Sites     int // sites of all fragments; Site has two rows more, for the start and for Stop
	Columns   int // site classes; Column has padded rows

	Fragment []float32 // Fragments+1 rows of FragmentWidth; the last one, for the tree's token, is zero
	Site     []float32 // Sites+2 rows of SiteWidth
	Column   []float32 // pad(Columns) rows of FragmentWidth+SiteWidth

	// Sums over a tree tell its token what the molecule is like so far: of the
	// first FragmentSums features of its fragments, of the features of its open
	// sites (one per row of its table), and of those of its used sites. They
	// are divided by Scale.
	Scale []float32

	siteStart []int32 // of each fragment
	column    []fragmentSite
}

type fragmentSite struct{ fragment, site int32 }

// Widths of the feature tables.
const (
	FragmentWidth = 32
	FragmentSums  = 22
	SiteWidth     = 16
	SumWidth      = FragmentSums + 2*SiteWidth
	sumBins       = 12
)

// NewFeatures describes the fragments of a vocabulary.
func NewFeatures(v *fragment.Vocabulary) *Features {
	f := layout(v)
	f.Fragment = make([]float32, (f.Fragments+1)*FragmentWidth)
	f.Site = make([]float32, (f.Sites+2)*SiteWidth)
	f.Column = make([]float32, pad(f.Columns)*(FragmentWidth+SiteWidth))
	f.Scale = make([]float32, SumWidth)
	for i := range f.Fragments {
		fr := v.Fragment(i)
		row := f.Fragment[i*FragmentWidth : (i+1)*FragmentWidth]
		describeFragment(fr, row)
		for k := range FragmentSums {
			f.Scale[k] += float32(math.Abs(float64(row[k])))
		}
		for s, atom := range fr.Sites {
			site := f.Site[(int(f.siteStart[i])+s)*SiteWidth:][:SiteWidth]
			describeSite(fr.Mol, atom, site)
			for k, v := range site {
				f.Scale[FragmentSums+k] += float32(math.Abs(float64(v)))
			}
		}
	}
	for k := range FragmentSums + SiteWidth { // so that five average fragments sum to one
		f.Scale[k] = max(5*f.Scale[k]/float32(f.Fragments), 0.25)
	}
	for k := range SiteWidth { // five fragments have eight used sites
		mean := f.Scale[FragmentSums+k] / 5 * float32(f.Fragments) / float32(f.Sites)
		f.Scale[FragmentSums+SiteWidth+k] = max(8*mean, 0.25)
	}
	for c, at := range f.column {
		row := f.Column[c*(FragmentWidth+SiteWidth):][:FragmentWidth+SiteWidth]
		copy(row, f.Fragment[at.fragment*FragmentWidth:][:FragmentWidth])
		copy(row[FragmentWidth:], f.Site[(f.siteStart[at.fragment]+at.site)*SiteWidth:][:SiteWidth])
	}
	return f
}

// layout fills in what follows from the vocabulary's shape alone.
func layout(v *fragment.Vocabulary) *Features {
	f := &Features{Fragments: v.Len(), Columns: v.Columns()}
	for i := range v.Len() {
		f.siteStart = append(f.siteStart, int32(f.Sites))
		f.Sites += len(v.Fragment(i).Sites)
	}
	for c := range v.Columns() {
		fr, s := v.Column(c)
		f.column = append(f.column, fragmentSite{int32(fr), int32(s)})
	}
	return f
}

// RestoreFeatures puts stored tables to use for a vocabulary.
func RestoreFeatures(v *fragment.Vocabulary, fragments, sites, columns, scale []float32) (*Features, error) {
	f := layout(v)
	f.Fragment, f.Site, f.Column, f.Scale = fragments, sites, columns, scale
	if len(fragments) != (f.Fragments+1)*FragmentWidth || len(sites) != (f.Sites+2)*SiteWidth ||
		len(columns) != pad(f.Columns)*(FragmentWidth+SiteWidth) || len(scale) != SumWidth {
		return nil, fmt.Errorf("treenet: the stored features are not of this vocabulary (%d fragments, %d sites, %d columns)", f.Fragments, f.Sites, f.Columns)
	}
	return f, nil
}

// describeFragment fills a row; its first FragmentSums entries add up over a
// tree.
func describeFragment(fr *fragment.Fragment, row []float32) {
	m := fr.Mol
	a := descriptor.New(m)
	count := func(ok func(a chem.Atom) bool) float64 {
		n := 0
		for i := range m.Atoms {
			if ok(m.Atoms[i]) {
				n++
			}
		}
		return float64(n)
	}
	element := func(zs ...uint8) float64 {
		return count(func(a chem.Atom) bool {
			for _, z := range zs {
				if a.Element == z {
					return true
				}
			}
			return false
		})
	}
	sp3 := count(func(a chem.Atom) bool { return a.Element == 6 && a.Hybridization == chem.SP3 })
	values := []float64{
		1,
		float64(m.HeavyAtoms()) / 5,
		descriptor.MolWt(m) / 70,
		a.LogP(),
		a.Refractivity() / 20,
		a.TPSA() / 20,
		float64(a.HBD()),
		float64(a.HBA()),
		float64(a.RotatableBonds()),
		float64(descriptor.Rings(m)),
		float64(descriptor.AromaticRings(m)),
		count(func(a chem.Atom) bool { return a.Aromatic }) / 5,
		sp3 / 3,
		element(7),
		element(8),
		element(16, 15),
		element(9, 17, 35, 53),
		count(func(a chem.Atom) bool { return a.Charge != 0 }),
		float64(a.StereoCentres()),
		float64(descriptor.Spiro(m) + descriptor.Bridgeheads(m)),
		float64(len(fr.Sites)) / 3,
		0, // 1 for a fragment that is a ring system
		// from here on not summed
		math.Log1p(float64(fr.Count)) / 10,
		float64(fr.Columns) / 3,
	}
	if len(m.Rings) > 0 {
		values[21] = 1
	}
	for i, v := range values {
		row[i] = float32(v)
	}
}

func describeSite(m *chem.Mol, atom int, row []float32) {
	a := m.Atoms[atom]
	flag := func(b bool) float32 {
		if b {
			return 1
		}
		return 0
	}
	hetero, smallest := 0, 0
	for _, n := range m.Neighbors(atom) {
		if z := m.Atoms[n.Atom].Element; z != 6 {
			hetero++
		}
	}
	for _, r := range m.Rings {
		for _, i := range r {
			if int(i) == atom && (smallest == 0 || len(r) < smallest) {
				smallest = len(r)
			}
		}
	}
	copy(row, []float32{
		1, flag(a.Element == 6), flag(a.Element == 7), flag(a.Element == 8), flag(a.Element == 16),
		flag(a.Aromatic), flag(a.InRing), flag(a.Conjugated), flag(a.Hybridization == chem.SP3),
		float32(a.Hydrogens()) / 2, float32(m.Degree(atom)) / 2, float32(hetero), float32(a.Charge),
		flag(smallest == 5), flag(smallest == 6), flag(smallest == 3 || smallest == 4),
	})
}
