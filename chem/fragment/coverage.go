package fragment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
)

// Coverage says what part of a set of compounds a vocabulary can rebuild.
type Coverage struct {
	Lines     int // SMILES read
	Unread    int // of these, not molecules
	Molecules int // prepared and cut, see [Prepare]
	Rebuilt   int // of these, those with a tree
	TooLarge  int // those of known fragments, but more than a tree may have

	Fragments int // fragments of the rebuilt molecules together

	// Where the rule is not one-to-one: rebuilt molecules with more than one
	// tree, the number of all their trees, and molecules where counting
	// stopped at the limit.
	Further, Trees, Stopped int

	// Missing are the parts that stop most molecules, the first 20.
	Missing []Missing
}

// Missing is a part of molecules that a vocabulary does not have.
type Missing struct {
	SMILES    string // with hydrogens in place of the bonds cut
	Molecules int    // that it is the first obstacle of
}

// waysLimit bounds the ways of cutting one molecule that are followed.
const waysLimit = 5000

// Cover reads SMILES and tries to rebuild each molecule, on all cores. The
// error is that of the sequence or of ctx. Progress is called now and then with
// the lines done, from any goroutine; it may be nil.
func (t *Trees) Cover(ctx context.Context, lines iter.Seq2[string, error], progress func(lines int)) (Coverage, error) {
	workers := runtime.GOMAXPROCS(0)
	jobs := make(chan []string, 2*workers)
	var (
		wg      sync.WaitGroup
		mu      sync.Mutex
		total   Coverage
		missing = make(map[string]int)
	)
	for range workers {
		wg.Go(func() {
			for batch := range jobs {
				c, parts := t.coverBatch(batch)
				mu.Lock()
				total.add(c)
				for _, p := range parts {
					missing[p]++
				}
				done := total.Lines
				mu.Unlock()
				if progress != nil {
					progress(done)
				}
			}
		})
	}
	err := feed(ctx, lines, jobs)
	close(jobs)
	wg.Wait()
	if err != nil {
		return Coverage{}, fmt.Errorf("fragment: measure coverage: %w", err)
	}
	for s, n := range missing {
		total.Missing = append(total.Missing, Missing{SMILES: s, Molecules: n})
	}
	slices.SortFunc(total.Missing, func(a, b Missing) int {
		return cmp.Or(cmp.Compare(b.Molecules, a.Molecules), cmp.Compare(a.SMILES, b.SMILES))
	})
	total.Missing = total.Missing[:min(len(total.Missing), 20)]
	return total, nil
}

func (c *Coverage) add(d Coverage) {
	c.Lines += d.Lines
	c.Unread += d.Unread
	c.Molecules += d.Molecules
	c.Rebuilt += d.Rebuilt
	c.TooLarge += d.TooLarge
	c.Fragments += d.Fragments
	c.Further += d.Further
	c.Trees += d.Trees
	c.Stopped += d.Stopped
}

// coverBatch also lists the missing part of each molecule that has one.
func (t *Trees) coverBatch(batch []string) (c Coverage, missing []string) {
	c.Lines = len(batch)
	for _, s := range batch {
		m, err := prepareSMILES(s)
		if err != nil {
			c.Unread++
			continue
		}
		c.Molecules++
		if !t.v.rule.OneToOne() {
			trees, complete := t.Decompose(m, waysLimit)
			if !complete {
				c.Stopped++
			}
			if len(trees) > 0 {
				c.Rebuilt++
				c.Fragments += trees[0].Size()
				c.Trees += len(trees)
			}
			if len(trees) > 1 {
				c.Further++
			}
			continue
		}
		x, err := t.Cut(m)
		var cut *CutError
		switch {
		case err == nil:
			c.Rebuilt++
			c.Trees++
			c.Fragments += x.Size()
		case errors.As(err, &cut) && cut.Part != "":
			missing = append(missing, cut.Part)
		default:
			c.TooLarge++
		}
	}
	return c, missing
}

// Ambiguity says how far from one-to-one trees and molecules are, on random
// trees.
type Ambiguity struct {
	Trees    int     // random trees looked at
	Further  int     // of these, those whose molecule has further trees
	Mean     float64 // number of further trees of a molecule, the mean over all random trees
	Stopped  int     // of Trees, those where counting stopped at a limit, so that Mean is too low
	Mismatch int     // of Trees, those not found among the trees of their molecule; always 0 unless chemistry changes a fragment
}

// MeasureAmbiguity draws n random trees, of sizes from 1 to the largest with
// equal probability, and counts the trees of their molecules.
func (t *Trees) MeasureAmbiguity(n int, r *rand.Rand) (Ambiguity, error) {
	a := Ambiguity{Trees: n}
	sum := 0
	for range n {
		x := t.Random(1+r.IntN(t.max), r)
		m, err := t.Assemble(x)
		if err != nil {
			return Ambiguity{}, err
		}
		trees, complete := t.Decompose(m, waysLimit)
		_, found := slices.BinarySearch(trees, x)
		switch {
		case !complete:
			a.Stopped++
		case !found:
			a.Mismatch++
		}
		if len(trees) > 1 {
			a.Further++
			sum += len(trees) - 1
		}
	}
	if n > 0 {
		a.Mean = float64(sum) / float64(n)
	}
	return a, nil
}
