package smarts

import "slices"

// atomSets is a set of sets of atoms, each a bit set: a hash table with open
// addressing.
type atomSets struct {
	words int
	keys  []uint64 // the bit sets one after the other
	slots []int32  // index of a key plus one, or 0; a power of two of them
}

// reset empties the set for bit sets of that many words.
func (a *atomSets) reset(words int) {
	a.words, a.keys = words, a.keys[:0]
	if len(a.slots) == 0 || len(a.slots) > 1024 {
		a.slots = make([]int32, 64)
	}
	clear(a.slots)
}

// slot is where key is or would be.
func (a *atomSets) slot(key []uint64) int {
	h := uint64(0)
	for _, x := range key {
		h = (h ^ x) * 0x9e3779b97f4a7c15
		h ^= h >> 29
	}
	for i := int(h) & (len(a.slots) - 1); ; i = (i + 1) & (len(a.slots) - 1) {
		k := int(a.slots[i])
		if k == 0 || slices.Equal(a.keys[(k-1)*a.words:k*a.words], key) {
			return i
		}
	}
}

func (a *atomSets) has(key []uint64) bool { return a.slots[a.slot(key)] != 0 }

// add adds a key that is not there yet.
func (a *atomSets) add(key []uint64) {
	a.keys = append(a.keys, key...)
	n := len(a.keys) / a.words
	a.slots[a.slot(key)] = int32(n)
	if 2*n < len(a.slots) {
		return
	}
	a.slots = make([]int32, 2*len(a.slots))
	for k := range n {
		a.slots[a.slot(a.keys[k*a.words:(k+1)*a.words])] = int32(k + 1)
	}
}
