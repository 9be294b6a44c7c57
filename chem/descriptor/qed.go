package descriptor

import (
	"iter"
	"math"
	"math/bits"
	"sync"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/smarts"
)

// QEDParts are the eight properties that QED weighs. HBA and AromaticRings are
// QED's own counts and differ from the descriptors of that name.
type QEDParts struct {
	MolWt          float64 // Da
	LogP           float64
	HBA            int     // sum over the acceptor patterns
	HBD            int     // as the function HBD
	TPSA           float64 // square angstroms
	RotatableBonds int     // as the function RotatableBonds
	AromaticRings  int     // rings left without aliphatic ring atoms
	Alerts         int     // unwanted groups
}

// desirability is an asymmetric double sigmoid, QED's model of how a property
// is distributed among drugs, scaled by its maximum.
type desirability struct{ a, b, c, d, e, f, max float64 }

func (p desirability) at(x float64) float64 {
	rise := 1 + math.Exp(-(x-p.c+p.d/2)/p.e)
	fall := 1 + math.Exp(-(x-p.c-p.d/2)/p.f)
	return (p.a + p.b/rise*(1-1/fall)) / p.max
}

// qedModel holds, in the order of QEDParts, the published curves and the mean
// weights of the best thousand weightings.
var qedModel = [8]struct {
	weight float64
	curve  desirability
}{
	{0.66, desirability{2.817065973, 392.5754953, 290.7489764, 2.419764353, 49.22325677, 65.37051707, 104.9805561}},
	{0.46, desirability{3.172690585, 137.8624751, 2.534937431, 4.581497897, 0.822739154, 0.576295591, 131.3186604}},
	{0.05, desirability{2.948620388, 160.4605972, 3.615294657, 4.435986202, 0.290141953, 1.300669958, 148.7763046}},
	{0.61, desirability{1.618662227, 1010.051101, 0.985094388, 0.000000001, 0.713820843, 0.920922555, 258.1632616}},
	{0.06, desirability{1.876861559, 125.2232657, 62.90773554, 87.83366614, 12.01999824, 28.51324732, 104.5686167}},
	{0.65, desirability{0.010000000, 272.4121427, 2.558379970, 1.565547684, 1.271567166, 2.758063707, 105.4420403}},
	{0.48, desirability{3.217788970, 957.7374108, 2.274627939, 0.000000001, 1.317690384, 0.375760881, 312.3372610}},
	{0.95, desirability{0.010000000, 1199.094025, -0.09002883, 0.000000001, 0.185904477, 0.875193782, 417.7253140}},
}

type qedTables struct {
	acceptors []*smarts.Pattern
	alerts    *smarts.Set
	aliphatic *smarts.Pattern
}

var qedPatterns = sync.OnceValue(func() *qedTables {
	t := &qedTables{aliphatic: smarts.MustCompile("[A;R][!a]")}
	for _, s := range qedAcceptors {
		t.acceptors = append(t.acceptors, smarts.MustCompile(s))
	}
	var alerts []*smarts.Pattern
	for _, s := range qedAlerts {
		alerts = append(alerts, smarts.MustCompile(s))
	}
	t.alerts = smarts.NewSet(alerts)
	return t
})

// QED is the quantitative estimate of drug-likeness, from 0 to 1: the geometric
// mean of eight desirabilities with mean weights (Bickerton, Paolini, Besnard,
// Muresan and Hopkins, Nature Chemistry 2012, 4, 90).
func QED(m *chem.Mol) float64 { return New(m).QED() }

// QED is the function of that name.
func (a *Analysis) QED() float64 {
	p := a.QEDParts()
	sum, weights := 0.0, 0.0
	for i, x := range [8]float64{
		p.MolWt, p.LogP, float64(p.HBA), float64(p.HBD), p.TPSA,
		float64(p.RotatableBonds), float64(p.AromaticRings), float64(p.Alerts),
	} {
		q := &qedModel[i]
		sum += q.weight * math.Log(q.curve.at(x))
		weights += q.weight
	}
	return math.Exp(sum / weights)
}

// QEDParts are the properties that QED is made of.
func (a *Analysis) QEDParts() QEDParts {
	if a.done.parts {
		return a.parts
	}
	a.done.parts = true
	patterns := qedPatterns()
	t := a.Target()
	p := QEDParts{
		MolWt:          MolWt(a.mol),
		LogP:           a.LogP(),
		HBD:            a.HBD(),
		TPSA:           a.TPSA(),
		RotatableBonds: a.RotatableBonds(),
		AromaticRings:  a.aromaticCycles(patterns.aliphatic),
	}
	for _, q := range patterns.acceptors {
		p.HBA += t.Count(q)
	}
	a.alerts = patterns.alerts.Find(a.alerts[:0], t)
	p.Alerts = len(a.alerts)
	a.parts = p
	return p
}

// aromaticCycles is the number of independent rings that are left when the
// aliphatic ring atoms next to non-aromatic ones are taken out: bonds less
// atoms plus components.
func (a *Analysis) aromaticCycles(aliphatic *smarts.Pattern) int {
	if len(a.mol.Rings) == 0 {
		return 0
	}
	out := a.heads(aliphatic)
	if size(out) == 0 {
		return len(a.mol.Rings) // symmetric rings included, as in RDKit
	}
	left := func(i int32) bool { return a.mol.Atoms[i].InRing && !has(out, i) }
	// Each bond joins two components or closes a ring.
	root := make([]int32, len(a.mol.Atoms))
	for i := range root {
		root[i] = int32(i)
	}
	find := func(i int32) int32 {
		for root[i] != i {
			root[i] = root[root[i]]
			i = root[i]
		}
		return i
	}
	cycles := 0
	for k := range a.mol.Bonds {
		b := &a.mol.Bonds[k]
		if !b.InRing || !left(b.A) || !left(b.B) {
			continue
		}
		if x, y := find(b.A), find(b.B); x == y {
			cycles++
		} else {
			root[x] = y
		}
	}
	return cycles
}

// members ranges over the bits of a word.
func members(set uint64) iter.Seq[int] {
	return func(yield func(int) bool) {
		for ; set != 0; set &= set - 1 {
			if !yield(bits.TrailingZeros64(set)) {
				return
			}
		}
	}
}
