package fragment

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

// BuildOptions says how a [Builder] counts and what it keeps. The zero value
// gives the numbers in brackets.
type BuildOptions struct {
	Size         int // fragments to keep (256)
	MaxAtoms     int // heavy atoms of a fragment (16)
	MaxFragments int // molecules with more fragments count for nothing (9)

	// MinSite is how often an atom must be seen with so many bonds to other
	// fragments before it gets so many sites (1). Equivalent atoms count
	// together.
	MinSite int

	// ByFrequency keeps the most frequent fragments instead of those that
	// together rebuild most molecules.
	ByFrequency bool

	Workers  int             // goroutines that count (GOMAXPROCS)
	Progress func(lines int) // called now and then from any goroutine, may be nil
}

func (o *BuildOptions) defaults() {
	set := func(x *int, v int) {
		if *x <= 0 {
			*x = v
		}
	}
	set(&o.Size, 256)
	set(&o.MaxAtoms, 16)
	set(&o.MaxFragments, 9)
	set(&o.MinSite, 1)
	set(&o.Workers, runtime.GOMAXPROCS(0))
}

// Builder counts the fragments that molecules are made of under the rule
// [RingAcyclic], and makes a vocabulary of them. Fragments with a net charge
// are left out, so that every molecule built is its own neutral form.
type Builder struct {
	opt    BuildOptions
	shards [64]shard
	mols   [][]*kind // the fragments of each molecule
	totals Counted
	lines  atomic.Int64
	mu     sync.Mutex // of mols and totals
}

// Counted is what a [Builder] has seen.
type Counted struct {
	Lines     int // SMILES read
	Unread    int // of these, not molecules
	Molecules int // counted
	Kinds     int // distinct fragments
	Fragments int // fragments of all molecules
}

type shard struct {
	mu    sync.Mutex
	kinds map[uint64][]*kind
}

// kind is one distinct fragment. Its symmetric atoms share a colour.
type kind struct {
	hash    uint64
	graph   *graph // hydrogens in place of the bonds cut
	colours []uint64
	mol     *chem.Mol // one molecule that has it
	atoms   []int32   // and which atoms of it
	ncut    []uint8   // and how many bonds are cut at each
	count   int
	use     map[uint64][]int // by colour: occurrences with at most 1, 2, ... bonds at such an atom
}

// NewBuilder returns a builder.
func NewBuilder(opt BuildOptions) *Builder {
	opt.defaults()
	b := &Builder{opt: opt}
	for i := range b.shards {
		b.shards[i].kinds = make(map[uint64][]*kind)
	}
	return b
}

// Prepare makes the molecule that the rule is for: the largest component of m
// (by heavy atoms, then by atomic numbers, then the first), neutralised,
// without stereo.
func Prepare(m *chem.Mol) (*chem.Mol, error) {
	m, err := largestComponent(m)
	if err != nil {
		return nil, err
	}
	m, err = chem.Neutralize(m)
	if err != nil {
		return nil, fmt.Errorf("fragment: prepare molecule: %w", err)
	}
	return chem.StripStereo(m), nil
}

func prepareSMILES(s string) (*chem.Mol, error) {
	m, err := smiles.Parse(s)
	if err != nil {
		return nil, err
	}
	return Prepare(m)
}

// Count reads SMILES, prepares the molecules (see [Prepare]) and counts their
// fragments. It may be called several times. Lines that are not molecules are
// counted as such; the error is that of the sequence or of ctx.
func (b *Builder) Count(ctx context.Context, lines iter.Seq2[string, error]) error {
	jobs := make(chan []string, 2*b.opt.Workers)
	var wg sync.WaitGroup
	for range b.opt.Workers {
		wg.Go(func() {
			for batch := range jobs {
				b.countBatch(batch)
			}
		})
	}
	err := feed(ctx, lines, jobs)
	close(jobs)
	wg.Wait()
	if err != nil {
		return fmt.Errorf("fragment: count fragments: %w", err)
	}
	return nil
}

// feed sends the lines in batches.
func feed(ctx context.Context, lines iter.Seq2[string, error], jobs chan<- []string) error {
	const size = 256
	batch := make([]string, 0, size)
	send := func() error {
		select {
		case jobs <- batch:
			batch = make([]string, 0, size)
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	for s, err := range lines {
		if err != nil {
			return err
		}
		batch = append(batch, s)
		if len(batch) == size {
			if err := send(); err != nil {
				return err
			}
		}
	}
	return send()
}

func (b *Builder) countBatch(batch []string) {
	var mols [][]*kind
	c := Counted{Lines: len(batch)}
	for _, s := range batch {
		m, err := prepareSMILES(s)
		if err != nil {
			c.Unread++
			continue
		}
		list := b.kindsOf(m)
		c.Molecules++
		c.Fragments += len(list)
		mols = append(mols, list)
	}
	b.mu.Lock()
	b.mols = append(b.mols, mols...)
	b.totals.Lines += c.Lines
	b.totals.Unread += c.Unread
	b.totals.Molecules += c.Molecules
	b.totals.Fragments += c.Fragments
	b.mu.Unlock()
	n := b.lines.Add(int64(len(batch)))
	if b.opt.Progress != nil {
		b.opt.Progress(int(n))
	}
}

// kindsOf cuts a molecule and counts its fragments.
func (b *Builder) kindsOf(m *chem.Mol) []*kind {
	p := newPartition(m, func(x *chem.Bond) bool { return cuttable(m, x) })
	list := make([]*kind, len(p.pieces))
	for i, atoms := range p.pieces {
		g := p.skeleton(i)
		for j, a := range atoms {
			h := m.Atoms[a].Hydrogens() + int(p.ncut[a])
			g.label[j] |= atomLabel(0, 0, 0, false, h)
		}
		hash, colours := g.invariant(), g.colours()
		s := &b.shards[hash%uint64(len(b.shards))]
		s.mu.Lock()
		k := s.find(hash, g, colours)
		if k == nil {
			k = &kind{hash: hash, graph: g, colours: colours, mol: m, atoms: atoms, ncut: p.ncut, use: make(map[uint64][]int)}
			s.kinds[hash] = append(s.kinds[hash], k)
		}
		k.count++
		k.addUse(p, atoms, colours)
		s.mu.Unlock()
		list[i] = k
	}
	return list
}

// charge is the net charge of the fragment.
func (k *kind) charge() int {
	sum := 0
	for _, a := range k.atoms {
		sum += int(k.mol.Atoms[a].Charge)
	}
	return sum
}

// find is the kind of a graph, nil if it is new.
func (s *shard) find(hash uint64, g *graph, colours []uint64) *kind {
	for _, k := range s.kinds[hash] {
		same := false
		match(g, k.graph, colours, k.colours, nil, func([]int32) bool {
			same = true
			return false
		})
		if same {
			return k
		}
	}
	return nil
}

// addUse counts an occurrence by the most bonds that an atom of each colour has.
func (k *kind) addUse(p *partition, atoms []int32, colours []uint64) {
	for j, a := range atoms {
		n := int(p.ncut[a])
		if n == 0 {
			continue
		}
		first := true // the atom with most bonds of its colour speaks for it
		for i, x := range atoms {
			if y := int(p.ncut[x]); colours[i] == colours[j] && (y > n || y == n && i < j) {
				first = false
			}
		}
		if !first {
			continue
		}
		u := k.use[colours[j]]
		for len(u) < n {
			u = append(u, 0)
		}
		u[n-1]++
		k.use[colours[j]] = u
	}
}

// Counted is what has been seen so far.
func (b *Builder) Counted() Counted {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.totals
	for i := range b.shards {
		for _, l := range b.shards[i].kinds {
			c.Kinds += len(l)
		}
	}
	return c
}

// Vocabulary keeps the best fragments and makes a vocabulary of them, the most
// frequent first. rebuilt is the number of counted molecules that consist of
// them, sites aside.
func (b *Builder) Vocabulary(name, source string) (v *Vocabulary, rebuilt int, err error) {
	kinds, mols := b.eligible()
	if len(kinds) == 0 {
		return nil, 0, fmt.Errorf("fragment: build vocabulary: no fragments were counted; give a file with molecules of at most %d fragments", b.opt.MaxFragments)
	}
	sel := newSelection(kinds, mols)
	if b.opt.ByFrequency {
		sel.mostFrequent(b.opt.Size)
	} else {
		sel.best(b.opt.Size)
	}
	var entries []Entry
	for i, k := range kinds {
		if !sel.kept[i] {
			continue
		}
		e, err := k.entry(b.opt.MinSite)
		if err != nil {
			return nil, 0, fmt.Errorf("fragment: build vocabulary: %w", err)
		}
		if len(e.Sites) > 0 {
			entries = append(entries, e)
		}
	}
	slices.SortFunc(entries, func(x, y Entry) int {
		if x.Count != y.Count {
			return y.Count - x.Count
		}
		return strings.Compare(x.SMILES, y.SMILES)
	})
	v, err = New(name, source, RingAcyclic, entries)
	return v, sel.covered(), err
}

// eligible lists the kinds that may be kept, in an order that does not depend
// on that of counting, and the molecules that consist of them.
func (b *Builder) eligible() ([]*kind, [][]int32) {
	var kinds []*kind
	for i := range b.shards {
		for _, l := range b.shards[i].kinds {
			for _, k := range l {
				if len(k.atoms) <= b.opt.MaxAtoms && len(k.use) > 0 && k.charge() == 0 {
					kinds = append(kinds, k)
				}
			}
		}
	}
	slices.SortFunc(kinds, func(x, y *kind) int {
		switch {
		case x.count != y.count:
			return y.count - x.count
		case x.hash < y.hash:
			return -1
		case x.hash > y.hash:
			return 1
		}
		return 0
	})
	index := make(map[*kind]int32, len(kinds))
	for i, k := range kinds {
		index[k] = int32(i)
	}
	var mols [][]int32
	for _, l := range b.mols {
		if len(l) > b.opt.MaxFragments {
			continue
		}
		ids := make([]int32, 0, len(l))
		for _, k := range l {
			i, ok := index[k]
			if !ok {
				ids = nil
				break
			}
			ids = append(ids, i)
		}
		if ids != nil {
			slices.Sort(ids)
			mols = append(mols, slices.Compact(ids))
		}
	}
	return kinds, mols
}

// entry makes a vocabulary entry of a kind: its canonical SMILES, and sites on
// every atom of a colour that has been seen bonded.
func (k *kind) entry(minSite int) (Entry, error) {
	m, err := extract(k.mol, k.atoms, func(a int32) int { return int(k.ncut[a]) })
	if err != nil {
		return Entry{}, err
	}
	s := smiles.Canonical(m)
	parsed, err := parseFragment(s)
	if err != nil {
		return Entry{}, err
	}
	g, err := moleculeGraph(parsed, nil)
	if err != nil {
		return Entry{}, err
	}
	e := Entry{SMILES: s, Mol: parsed, Count: k.count}
	found := false
	match(g, k.graph, g.colours(), k.colours, nil, func(image []int32) bool {
		found = true
		for a := range g.label {
			seen := 0
			u := k.use[k.colours[image[a]]]
			for n := len(u); n > 0; n-- {
				seen += u[n-1]
				if seen >= minSite {
					for range n {
						e.Sites = append(e.Sites, a)
					}
					break
				}
			}
		}
		return false
	})
	if !found {
		return Entry{}, fmt.Errorf("the SMILES %s does not read back as the fragment it was written from", s)
	}
	return e, nil
}

// largestComponent is the largest connected part of m.
func largestComponent(m *chem.Mol) (*chem.Mol, error) {
	p := newPartition(m, func(*chem.Bond) bool { return false })
	if len(p.pieces) == 0 {
		return nil, fmt.Errorf("fragment: prepare molecule: it has no atoms")
	}
	if len(p.pieces) == 1 {
		return m, nil
	}
	best, size, weight := 0, -1, -1
	for i, atoms := range p.pieces {
		n, w := 0, 0
		for _, a := range atoms {
			if z := int(m.Atoms[a].Element); z != 1 {
				n++
				w += z
			}
		}
		if n > size || n == size && w > weight {
			best, size, weight = i, n, w
		}
	}
	return extract(m, p.pieces[best], func(int32) int { return 0 })
}

// Configure changes the options for what is still to come.
func (b *Builder) Configure(change func(*BuildOptions)) {
	change(&b.opt)
	b.opt.defaults()
}
