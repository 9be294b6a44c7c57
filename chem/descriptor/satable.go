package descriptor

import (
	_ "embed"
	"encoding/binary"
	"sync"
)

// saTable holds the contributions of Morgan environments to SA: for each upper
// half of a hash a bucket of sorted lower halves, about eleven of them.
type saTable struct {
	start   [1<<16 + 1]uint32 // start[h]:start[h+1] is the bucket of upper half h
	entries []saEntry
	values  []float64
}

// saEntry is the lower half of a hash and where its contribution stands in the
// values. The two stand together, for fewer reads from memory.
type saEntry struct{ low, index uint16 }

// get is the contribution of an environment.
func (t *saTable) get(hash uint32) (value float64, ok bool) {
	low := uint16(hash)
	for _, e := range t.entries[t.start[hash>>16]:t.start[hash>>16+1]] {
		if e.low == low {
			return t.values[e.index], true
		}
	}
	return 0, false
}

// packed is written by internal/packsa, which says how.
//
//go:embed sascore.bin
var packed []byte

//go:generate go run ./internal/packsa fpscores.pkl.gz sascore.bin

// contributions is the table, unpacked at first use.
var contributions = sync.OnceValue(unpack)

// unpack reads packed; it takes about 10 ms.
func unpack() *saTable {
	const magic = "MSSA1"
	in := packed[len(magic):]
	uvarint := func() int {
		x, n := binary.Uvarint(in)
		if n <= 0 {
			panic("descriptor: the embedded SA table is damaged")
		}
		in = in[n:]
		return int(x)
	}
	if string(packed[:len(magic)]) != magic {
		panic("descriptor: the embedded SA table is damaged")
	}
	entries, distinct, rice := uvarint(), uvarint(), uint(uvarint())
	t := &saTable{
		entries: make([]saEntry, entries),
		values:  make([]float64, distinct),
	}
	for i := range t.values {
		x, n := binary.Varint(in)
		in = in[n:]
		t.values[i] = float64(x) / 1e4
	}
	r := bitReader{in: in}
	hash := -1
	bucket := 0
	for i := range entries {
		gap := r.unary()<<rice | int(r.bits(rice))
		hash += gap + 1
		for ; bucket <= hash>>16; bucket++ {
			t.start[bucket] = uint32(i)
		}
		width := uint(r.unary())
		t.entries[i] = saEntry{low: uint16(hash), index: uint16(1<<width | int(r.bits(width)) - 1)}
	}
	for ; bucket < len(t.start); bucket++ {
		t.start[bucket] = uint32(entries)
	}
	return t
}
