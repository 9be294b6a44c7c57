package treenet

import (
	"sync"
	"unsafe"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
)

// Masks numbers the distinct patterns of legal columns that rows of action
// tables have; a space has very few. It is safe for concurrent use.
type Masks struct {
	columns int
	mu      sync.RWMutex
	index   map[string]int32
	list    [][]float32
	legal   []int // legal columns of each
}

// NewMasks makes an empty list for tables with so many columns.
func NewMasks(columns int) *Masks {
	return &Masks{columns: columns, index: map[string]int32{}}
}

// Number numbers the rows of one action table.
func (m *Masks) Number(legal []bool) []int32 {
	rows := make([]int32, len(legal)/m.columns)
	for r := range rows {
		rows[r] = m.number(legal[r*m.columns : (r+1)*m.columns])
	}
	return rows
}

func (m *Masks) number(row []bool) int32 {
	key := unsafe.String((*byte)(unsafe.Pointer(&row[0])), len(row)) // lives as long as the look-up
	m.mu.RLock()
	k, ok := m.index[key]
	m.mu.RUnlock()
	if ok {
		return k
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if k, ok := m.index[key]; ok {
		return k
	}
	k = int32(len(m.list))
	mask := make([]float32, pad(m.columns))
	n := 0
	for c := range mask {
		mask[c] = op.Illegal
		if c < m.columns && row[c] {
			mask[c] = 0
			n++
		}
	}
	b := make([]byte, len(key))
	copy(b, key)
	m.index[string(b)] = k
	m.list, m.legal = append(m.list, mask), append(m.legal, n)
	return k
}

// List is the masks in the order of their numbers: 0 for a legal column,
// op.Illegal for others. What is in it does not change.
func (m *Masks) List() [][]float32 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.list[:len(m.list):len(m.list)]
}

// Legal is the number of legal columns of mask k.
func (m *Masks) Legal(k int32) int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.legal[k]
}
