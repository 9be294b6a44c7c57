package fragment

import (
	"bufio"
	"compress/gzip"
	"context"
	"io"
	"iter"
	"os"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/chem/chemtest"
)

// smilesOf reads the first column of a file, at most n lines.
func smilesOf(t testing.TB, name string, n int) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		f, err := os.Open(name)
		if err != nil {
			yield("", err)
			return
		}
		defer f.Close()
		var r io.Reader = f
		if strings.HasSuffix(name, ".gz") {
			if r, err = gzip.NewReader(f); err != nil {
				yield("", err)
				return
			}
		}
		sc := bufio.NewScanner(r)
		for k := 0; k < n && sc.Scan(); k++ {
			if fields := strings.Fields(sc.Text()); len(fields) > 0 && !yield(fields[0], nil) {
				return
			}
		}
		if err := sc.Err(); err != nil {
			yield("", err)
		}
	}
}

// listed makes a sequence of a list.
func listed(list ...string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, s := range list {
			if !yield(s, nil) {
				return
			}
		}
	}
}

func TestBuilderCountsFragmentsWithTheirSites(t *testing.T) {
	t.Parallel()
	b := NewBuilder(BuildOptions{Size: 10})
	err := b.Count(context.Background(), listed(
		"Cc1ccccc1", "Cc1ccc(CC2CC2)cc1", "COc1ccccc1.Cl", "not a molecule", "C[C@H](N)c1ccccc1", "c1ccc(-c2ccccc2)cc1"))
	if err != nil {
		t.Fatal(err)
	}
	if c := b.Counted(); c.Lines != 6 || c.Unread != 1 || c.Molecules != 5 || c.Fragments != 12 || c.Kinds != 5 {
		t.Errorf("counted %+v", c)
	}
	v, rebuilt, err := b.Vocabulary("small", "a test")
	if err != nil {
		t.Fatal(err)
	}
	if rebuilt != 5 {
		t.Errorf("%d molecules rebuilt, want 5", rebuilt)
	}
	want := []struct {
		smiles string
		sites  int
		count  int
	}{{"c1ccccc1", 6, 6}, {"C", 2, 3}, {"C1CC1", 3, 1}, {"CCN", 1, 1}, {"CO", 1, 1}}
	if v.Len() != len(want) {
		t.Fatalf("%d fragments, want %d", v.Len(), len(want))
	}
	for i, w := range want {
		f := v.Fragment(i)
		if f.SMILES != w.smiles || len(f.Sites) != w.sites || f.Count != w.count {
			t.Errorf("fragment %d is %s with %d sites, %d times; want %+v", i, f.SMILES, len(f.Sites), f.Count, w)
		}
	}
	// What was counted can be rebuilt.
	ts, err := NewTrees(v, 9)
	if err != nil {
		t.Fatal(err)
	}
	c, err := ts.Cover(context.Background(), listed("Cc1ccc(CC2CC2)cc1", "COc1ccccc1", "x", "Fc1ccccc1", "CCCCCC"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Lines != 5 || c.Unread != 1 || c.Rebuilt != 2 || len(c.Missing) != 2 || c.Missing[0] != (Missing{SMILES: "CCCCCC", Molecules: 1}) {
		t.Errorf("coverage %+v", c)
	}
}

func TestBuildingDoesNotDependOnTheNumberOfWorkers(t *testing.T) {
	t.Parallel()
	file := chemtest.File(t, "molsets", "moses_train_5k.smi")
	var digests []string
	for _, workers := range []int{1, 3} {
		b := NewBuilder(BuildOptions{Size: 60, Workers: workers})
		if err := b.Count(context.Background(), smilesOf(t, file, 2000)); err != nil {
			t.Fatal(err)
		}
		v, _, err := b.Vocabulary("x", "")
		if err != nil {
			t.Fatal(err)
		}
		digests = append(digests, v.Digest())
	}
	if digests[0] != digests[1] {
		t.Error("one worker and three build different vocabularies")
	}
}

func TestSelectionBeatsFrequencyWhereFragmentsGoTogether(t *testing.T) {
	t.Parallel()
	// Bromine and furan are frequent, but only beside rare fragments.
	set := []string{
		"Brc1ccncc1", "Brc1ccnnc1", "Brc1cnccn1", "Brc1ccco1", "Brc1cccs1",
		"Fc1ccccc1", "Fc1ccccc1F", "Fc1cccc(F)c1", "Clc1ccccc1",
	}
	rebuilt := func(byFrequency bool) int {
		b := NewBuilder(BuildOptions{Size: 3, ByFrequency: byFrequency})
		if err := b.Count(context.Background(), listed(set...)); err != nil {
			t.Fatal(err)
		}
		_, n, err := b.Vocabulary("x", "")
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if greedy, plain := rebuilt(false), rebuilt(true); greedy != 4 || plain != 3 {
		t.Errorf("%d molecules rebuilt, by frequency %d; want 4 and 3", greedy, plain)
	}
}

func TestCountingStopsWithTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	forever := func(yield func(string, error) bool) {
		for yield("CC", nil) {
		}
	}
	if err := NewBuilder(BuildOptions{}).Count(ctx, forever); err == nil {
		t.Error("no error")
	}
}
