// Package treetest makes spaces of fragment trees for tests.
package treetest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/molsculpt/molsculpt/chem/fragment"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Toy is a space of a handful of fragments with symmetries, which needs no data.
func Toy(tb testing.TB, size int) *space.Fragments {
	tb.Helper()
	return open(tb, size, []byte(`[
		{"smiles": "c1ccccc1", "attach": [0, 1, 2, 3, 4, 5]},
		{"smiles": "C", "attach": [0, 0]},
		{"smiles": "C1CCNCC1", "attach": [0, 3]},
		{"smiles": "NC=O", "attach": [0, 1]},
		{"smiles": "F", "attach": [0]}]`))
}

// golden are the entries of the 72-fragment vocabulary that make the space of 24
// fragments with known laws.
var golden = []int{1, 2, 5, 7, 9, 11, 12, 19, 20, 27, 30, 31, 35, 36, 39, 41, 43, 49, 65, 66, 67, 68, 69, 70}

// Golden is the space of 24 fragments with known laws; the test is skipped where
// the data are absent.
func Golden(tb testing.TB, size int) *space.Fragments {
	tb.Helper()
	var all, some []json.RawMessage
	if err := json.Unmarshal(vocabulary72(tb), &all); err != nil {
		tb.Fatal(err)
	}
	for _, i := range golden {
		some = append(some, all[i])
	}
	data, err := json.Marshal(some)
	if err != nil {
		tb.Fatal(err)
	}
	return open(tb, size, data)
}

// Vocabulary72 is the space of the 72-fragment vocabulary; the test is skipped
// where the data are absent.
func Vocabulary72(tb testing.TB, size int) *space.Fragments {
	tb.Helper()
	return open(tb, size, vocabulary72(tb))
}

// vocabulary72 reads the vocabulary from the data folder beside the project.
func vocabulary72(tb testing.TB) []byte {
	tb.Helper()
	_, here, _, _ := runtime.Caller(0)
	data, err := os.ReadFile(filepath.Join(filepath.Dir(here), "..", "..", "..", "..", "shared", "data", "fragments", "fragments_72.json"))
	if err != nil {
		tb.Skip("the 72-fragment vocabulary is not here: ", err)
	}
	return data
}

func open(tb testing.TB, size int, vocabulary []byte) *space.Fragments {
	tb.Helper()
	v, err := fragment.Parse(vocabulary)
	if err != nil {
		tb.Fatal(err)
	}
	sp, err := space.NewFragments(v, size)
	if err != nil {
		tb.Fatal(err)
	}
	return sp
}
