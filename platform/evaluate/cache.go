package evaluate

import (
	"sync"

	"github.com/molsculpt/molsculpt/store"
)

// cache remembers the latest scores: those of populations that are on their way
// to the store. It holds two generations and forgets the older when the younger
// is full. The zero value is ready.
type cache struct {
	mu           sync.Mutex
	young, older map[string][]store.Score
}

const cacheGeneration = 1 << 15

func (c *cache) get(smiles string) []store.Score {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s, ok := c.young[smiles]; ok {
		return s
	}
	return c.older[smiles]
}

func (c *cache) put(smiles string, scores []store.Score) {
	for _, s := range scores {
		if s.Status == store.Failed || s.Status == store.TimedOut {
			return // it may go better next time
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.young == nil || len(c.young) >= cacheGeneration {
		c.older, c.young = c.young, make(map[string][]store.Score, cacheGeneration)
	}
	c.young[smiles] = scores
}
