package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"sort"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Commit writes a finished population and returns when it is on disk. A
// population with an index that is there already is left as it is: committing
// again changes nothing. The error is an [*InvalidError] where the record
// breaks a rule.
func (c *Campaign) Commit(ctx context.Context, p Population) error {
	w, err := c.write(p)
	if err != nil {
		return err
	}
	return c.store.run(ctx, w)
}

// Submit hands a finished population to the writer and returns without waiting
// for the disk, so that many populations share one transaction. It blocks while
// the writer is far behind. Nothing of p is kept.
func (c *Campaign) Submit(ctx context.Context, p Population) (Pending, error) {
	w, err := c.write(p)
	if err != nil {
		return Pending{}, err
	}
	return c.store.submit(ctx, w)
}

func (c *Campaign) write(p Population) (*write, error) {
	w, err := c.prepare(p)
	if err != nil {
		return nil, err
	}
	return &write{check: w.check, apply: w.apply}, nil
}

// prepared is a population encoded, in key order.
type prepared struct {
	campaign     *Campaign
	index        uint32
	summary      []byte
	particles    int
	invalid      int
	candidates   []preparedCandidate
	trajectories [][2][]byte
}

type preparedCandidate struct {
	smiles      string
	scores      []byte // nil: scored before
	particle    uint32 // that carries the scores
	occurrences []weighted
}

func (c *Campaign) prepare(p Population) (*prepared, error) {
	if err := p.validate(c.plan.Name, c.plan.Objectives); err != nil {
		return nil, err
	}
	w := &prepared{campaign: c, index: p.Index, particles: len(p.Particles)}
	at := map[string]int{}
	for _, q := range p.Particles {
		w.trajectories = append(w.trajectories, [2][]byte{trajectoryKey(p.Index, q.Index), encodeTrajectory(q)})
		if q.SMILES == "" {
			w.invalid++
			continue
		}
		i, known := at[q.SMILES]
		if !known {
			i = len(w.candidates)
			at[q.SMILES] = i
			w.candidates = append(w.candidates, preparedCandidate{smiles: q.SMILES})
		}
		k := &w.candidates[i]
		k.occurrences = append(k.occurrences, weighted{q.Index, q.LogWeight})
		if k.scores == nil && q.Scores != nil {
			k.scores, k.particle = encodeScores(q.Scores), q.Index
		}
	}
	sort.Slice(w.candidates, func(i, j int) bool { return w.candidates[i].smiles < w.candidates[j].smiles })
	var err error
	w.summary, err = encodeJSON(PopulationSummary{Particles: w.particles, Invalid: w.invalid, Diagnostics: p.Diagnostics})
	if err != nil {
		return nil, &InvalidError{Where: w.where(), What: err.Error()}
	}
	return w, nil
}

func (w *prepared) where() string {
	return fmt.Sprintf("campaign %q, population %d", w.campaign.plan.Name, w.index)
}

// check refuses candidates that nobody scored.
func (w *prepared) check(tx *bolt.Tx) error {
	b := bucketOf(tx.Bucket(bucketCampaigns), w.campaign.plan.Name)
	if b == nil {
		return &UnknownCampaignError{Name: w.campaign.plan.Name}
	}
	if len(w.campaign.plan.Objectives) == 0 {
		return nil
	}
	if b.Bucket(bucketPopulations).Get(w.key()) != nil {
		return nil
	}
	known := b.Bucket(bucketCandidates)
	for _, k := range w.candidates {
		if k.scores == nil && known.Get([]byte(k.smiles)) == nil {
			return &InvalidError{Where: w.where(), What: fmt.Sprintf("candidate %s has no scores and was not scored before", k.smiles)}
		}
	}
	return nil
}

func (w *prepared) key() []byte { return binary.BigEndian.AppendUint32(nil, w.index) }

func (w *prepared) apply(tx *bolt.Tx, now time.Time) error {
	b := tx.Bucket(bucketCampaigns).Bucket([]byte(w.campaign.plan.Name))
	populations := b.Bucket(bucketPopulations)
	if populations.Get(w.key()) != nil {
		return nil
	}
	if err := populations.Put(w.key(), w.summary); err != nil {
		return err
	}
	fresh, err := w.putCandidates(b)
	if err != nil {
		return err
	}
	trajectories := b.Bucket(bucketTrajectories)
	trajectories.FillPercent = 0.9 // they arrive in key order, nearly
	for _, kv := range w.trajectories {
		if err := trajectories.Put(kv[0], kv[1]); err != nil {
			return err
		}
	}
	state, err := readState(b, w.campaign.plan.Name)
	if err != nil {
		return err
	}
	state.Populations++
	state.Trajectories += w.particles
	state.Invalid += w.invalid
	state.Candidates += fresh
	w.campaign.tick(&state, now)
	return putState(b, state)
}

// putCandidates writes candidates and occurrences and counts the new ones. The
// scores of the earliest population that brought any are kept, whatever the
// order in which populations arrive.
func (w *prepared) putCandidates(b *bolt.Bucket) (fresh int, err error) {
	candidates, occurrences := b.Bucket(bucketCandidates), b.Bucket(bucketOccurrences)
	for _, k := range w.candidates {
		name := []byte(k.smiles)
		old := candidates.Get(name)
		scores := k.scores
		if old != nil && scores != nil && firstPopulation(occurrences, name) < w.index {
			scores = nil
		}
		if old == nil {
			fresh++
			if scores == nil {
				scores = encodeScores(nil)
			}
		}
		if scores != nil {
			if err := candidates.Put(name, scores); err != nil {
				return 0, err
			}
		}
		if err := occurrences.Put(occurrenceKey(k.smiles, w.index), encodeOccurrences(k.occurrences)); err != nil {
			return 0, err
		}
	}
	return fresh, nil
}

// firstPopulation is the smallest population that made the candidate so far.
func firstPopulation(occurrences *bolt.Bucket, smiles []byte) uint32 {
	prefix := append(append([]byte{}, smiles...), 0)
	key, _ := occurrences.Cursor().Seek(prefix)
	if !bytes.HasPrefix(key, prefix) {
		return ^uint32(0)
	}
	population, err := occurrencePopulation(key)
	if err != nil {
		return ^uint32(0)
	}
	return population
}
