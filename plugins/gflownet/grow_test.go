package gflownet

import (
	"math/rand/v2"
	"testing"

	"github.com/molsculpt/molsculpt/plugins/internal/treetest"
)

func TestANewNetworkMakesFullTreesWhereAsked(t *testing.T) {
	sp := treetest.Toy(t, 5)
	c := toyConfig(1, 1)
	c.MeanSize = -1
	tr := newToy(t, sp, c)
	advance(t, sp, tr, 1)
	m, err := tr.Model()
	if err != nil {
		t.Fatal(err)
	}
	states, err := m.Sample(200, 0, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range states {
		if sp.Size(s) < 5 {
			t.Fatalf("a tree of %d fragments", sp.Size(s))
		}
	}
}
