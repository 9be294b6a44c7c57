package fingerprint

import (
	"runtime"
	"sync"
)

// Table is a list of bit vectors of one length, packed for comparing many of
// them. It may be read by several goroutines at once.
type Table struct {
	nbits  int
	stride int      // words of a row, a multiple of blockWords
	rows   []uint64 // one after the other
	counts []int32  // set bits of each row
}

// blockWords is how many words are compared in one step of the fast kernel.
const blockWords = 8

// batch is how many rows are compared before their similarities are computed.
const batch = 256

// NewTable is an empty table for vectors of nbits bits.
func NewTable(nbits int) *Table {
	return &Table{nbits: nbits, stride: (nbits + 64*blockWords - 1) / (64 * blockWords) * blockWords}
}

// Append adds a vector, which must have the table's length, as the last row.
func (t *Table) Append(b Bits) {
	t.rows = append(t.rows, t.pad(b)...)
	t.counts = append(t.counts, int32(b.Count()))
}

// pad gives the words of a vector in the length of a row.
func (t *Table) pad(b Bits) []uint64 {
	if b.n != t.nbits {
		panic("fingerprint: a vector has not the length of the table")
	}
	if len(b.words) == t.stride {
		return b.words
	}
	return append(make([]uint64, 0, t.stride), b.words...)[:t.stride]
}

// Len is the number of rows.
func (t *Table) Len() int { return len(t.counts) }

// Row is a copy of row i.
func (t *Table) Row(i int) Bits {
	b := NewBits(t.nbits)
	copy(b.words, t.rows[i*t.stride:])
	return b
}

// Count is the number of bits set in row i.
func (t *Table) Count(i int) int { return int(t.counts[i]) }

// Tanimoto stores the similarity of q, which must have the table's length, to
// each row in dst, whose length must be Len; a nil dst is made.
func (t *Table) Tanimoto(dst []float64, q Bits) []float64 {
	if dst == nil {
		dst = make([]float64, t.Len())
	}
	t.compare(dst[:t.Len()], t.pad(q), q.Count(), 0)
	return dst
}

// Tversky is Tanimoto with Overlap.Tversky as the measure; q is its a.
func (t *Table) Tversky(dst []float64, q Bits, alpha, beta float64) []float64 {
	if dst == nil {
		dst = make([]float64, t.Len())
	}
	o := Overlap{A: q.Count()}
	words := t.pad(q)
	var mem [batch]int32
	for at := 0; at < t.Len(); at += batch {
		shared := t.common(mem[:], words, at, t.Len())
		for k, n := range shared {
			o.B, o.Both = t.Count(at+k), int(n)
			dst[at+k] = o.Tversky(alpha, beta)
		}
	}
	return dst
}

// common counts the bits that a query shares with the rows from one on, as many
// as mem has place for, but none from end on.
func (t *Table) common(mem []int32, query []uint64, from, end int) []int32 {
	mem = mem[:min(len(mem), end-from)]
	common(mem, query, t.rows[from*t.stride:(from+len(mem))*t.stride])
	return mem
}

// compare stores the Tanimoto similarities of a query with count bits to the
// rows from one on in dst.
func (t *Table) compare(dst []float64, query []uint64, count, from int) {
	var mem [batch]int32
	for len(dst) > 0 {
		shared := t.common(mem[:], query, from, from+len(dst))
		counts := t.counts[from:][:len(shared)]
		out := dst[:len(shared)]
		for k, n := range shared {
			if either := int32(count) + counts[k] - n; either != 0 {
				out[k] = float64(n) / float64(either)
			} else {
				out[k] = 1
			}
		}
		dst = dst[len(shared):]
		from += len(shared)
	}
}

// Matrix stores the Tanimoto similarities of each row of a to each row of b, of
// vectors of one length, in dst: that of rows i and j at i*b.Len()+j. The length
// of dst must be a.Len()*b.Len(); a nil dst is made. All processors work.
func Matrix(dst []float64, a, b *Table) []float64 {
	if a.nbits != b.nbits {
		panic("fingerprint: tables of different length are compared")
	}
	if dst == nil {
		dst = make([]float64, a.Len()*b.Len())
	}
	workers := min(runtime.GOMAXPROCS(0), a.Len())
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			rows := a.part(w, workers)
			// A batch of b stays in the cache while all rows of a meet it.
			for at := 0; at < b.Len(); at += batch {
				width := min(batch, b.Len()-at)
				for i := rows.from; i < rows.to; i++ {
					b.compare(dst[i*b.Len()+at:][:width], a.rows[i*a.stride:][:a.stride], a.Count(i), at)
				}
			}
		})
	}
	wait.Wait()
	return dst
}

type span struct{ from, to int }

// part is the share of rows of worker w.
func (t *Table) part(w, workers int) span {
	return span{t.Len() * w / workers, t.Len() * (w + 1) / workers}
}
