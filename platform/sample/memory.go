package sample

import (
	"sync"

	"github.com/molsculpt/molsculpt/sdk/space"
)

// memory remembers what the models answered at the first states of paths, where
// the populations of a stream meet again and again. An answer depends on nothing
// but its state, so that it never changes a result. The lanes share it.
type memory struct {
	mu    sync.RWMutex
	known map[space.State][]space.Steps // of each model
	cells int                           // of all that is known
}

const (
	// earlySteps is how far from the start a state may be that is remembered:
	// beyond, most states are seen once.
	earlySteps = 2

	// maxCells bounds the memory of a sampler, at 16 bytes a cell.
	maxCells = 1 << 21
)

// recall puts what is known of the states into answers, by model and state, and
// returns the numbers of the others.
func (m *memory) recall(states []space.State, answers [][]space.Steps) (unknown []int) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for k, s := range states {
		known, ok := m.known[s]
		if !ok {
			unknown = append(unknown, k)
		}
		for i := range known {
			copySteps(&answers[i][k], &known[i])
		}
	}
	return unknown
}

// keep remembers the answers at state number k of a call, unless the memory is
// full, or the state: that is for nobody to answer.
func (m *memory) keep(s space.State, answers [][]space.Steps, k int) {
	cells := 0
	for i := range answers {
		cells += len(answers[i][k].Cells)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if cells == 0 || m.known[s] != nil || m.cells+cells > maxCells {
		return
	}
	if m.known == nil {
		m.known = map[space.State][]space.Steps{}
	}
	own := make([]space.Steps, len(answers))
	for i := range answers {
		copySteps(&own[i], &answers[i][k])
	}
	m.known[s] = own
	m.cells += cells
}

// copySteps copies into the room of dst.
func copySteps(dst, src *space.Steps) {
	dst.Stop = src.Stop
	dst.Cells = append(dst.Cells[:0], src.Cells...)
	dst.Prob = append(dst.Prob[:0], src.Prob...)
}
