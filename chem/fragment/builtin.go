package fragment

import (
	_ "embed" // for the built-in vocabulary
	"sync"
)

// builtinJSON is what `molsculpt vocab build` counts from ZINC250k and the
// ChEMBL sets that NOTICE names.
//
//go:embed builtin.json
var builtinJSON []byte

var builtin = sync.OnceValue(func() *Vocabulary {
	v, err := Parse(builtinJSON)
	if err != nil {
		panic("fragment: the built-in vocabulary does not read: " + err.Error())
	}
	return v
})

// Builtin is the vocabulary that comes with the program: the fragments of
// drug-like molecules under the rule [RingAcyclic], so that each molecule has
// at most one tree.
func Builtin() *Vocabulary { return builtin() }
