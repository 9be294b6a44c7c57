package gflownet

import (
	"math/rand/v2"

	"github.com/molsculpt/molsculpt/sdk/space"
)

// replay remembers finished trees and what they are worth, each once; when it
// is full, the oldest make room.
type replay struct {
	limit  int
	states []space.State
	log    []float64 // log reward at beta 1
	next   int       // place of the next one when full
	index  map[space.State]int
}

func newReplay(limit int) *replay {
	return &replay{limit: limit, index: make(map[space.State]int)}
}

// get is what a tree is worth, if it is remembered.
func (b *replay) get(s space.State) (log float64, ok bool) {
	i, ok := b.index[s]
	if !ok {
		return 0, false
	}
	return b.log[i], true
}

func (b *replay) add(s space.State, log float64) {
	if i, ok := b.index[s]; ok {
		b.log[i] = log
		return
	}
	if len(b.states) < b.limit {
		b.index[s] = len(b.states)
		b.states, b.log = append(b.states, s), append(b.log, log)
		return
	}
	delete(b.index, b.states[b.next])
	b.states[b.next], b.log[b.next] = s, log
	b.index[s] = b.next
	b.next = (b.next + 1) % b.limit
}

// contest is how many trees compete for being the good one.
const contest = 8

// good is the best of a few trees drawn by chance; any is one of them.
func (b *replay) good(r *rand.Rand) space.State {
	best := r.IntN(len(b.states))
	for range contest - 1 {
		if i := r.IntN(len(b.states)); b.log[i] > b.log[best] {
			best = i
		}
	}
	return b.states[best]
}

func (b *replay) any(r *rand.Rand) space.State { return b.states[r.IntN(len(b.states))] }
