package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"iter"

	bolt "go.etcd.io/bbolt"
)

// chunk is how many records one reading transaction takes. Long ones would keep
// freed pages from being used again, and a writer that must enlarge the mapped
// file waits for all of them.
const chunk = 512

// stream yields what next reads, a chunk at a time, with no transaction open
// while the consumer works. next appends up to chunk records that follow the
// position it keeps, and appends none at the end.
func stream[T any](ctx context.Context, c *Campaign, next func(b *bolt.Bucket, dst []T) ([]T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		var batch []T
		for {
			if err := ctx.Err(); err != nil {
				yield(zero, err)
				return
			}
			batch = batch[:0]
			err := c.view(func(b *bolt.Bucket) error {
				var err error
				batch, err = next(b, batch)
				return err
			})
			for _, item := range batch {
				if !yield(item, nil) {
					return
				}
			}
			if err != nil {
				yield(zero, err)
				return
			}
			if len(batch) == 0 {
				return
			}
		}
	}
}

// after places a cursor behind key, or at the start for nil.
func after(cur *bolt.Cursor, key []byte) (k, v []byte) {
	if key == nil {
		return cur.First()
	}
	if k, v = cur.Seek(key); bytes.Equal(k, key) {
		return cur.Next()
	}
	return k, v
}

// Candidates streams the candidates by SMILES. A loop over it may commit; what
// is committed meanwhile may be seen or not, each candidate whole.
func (c *Campaign) Candidates(ctx context.Context) iter.Seq2[Candidate, error] {
	return func(yield func(Candidate, error) bool) {
		var last []byte
		stream(ctx, c, func(b *bolt.Bucket, dst []Candidate) ([]Candidate, error) {
			occurrences := b.Bucket(bucketOccurrences).Cursor()
			cur := b.Bucket(bucketCandidates).Cursor()
			for k, v := after(cur, last); k != nil && len(dst) < chunk; k, v = cur.Next() {
				candidate, err := readCandidate(k, v, occurrences)
				if err != nil {
					return dst, err
				}
				dst = append(dst, candidate)
				last = append(last[:0], k...)
			}
			return dst, nil
		})(yield)
	}
}

// Lookup reads the candidates with the given SMILES, in that order. One that
// the campaign does not have is an error that wraps [ErrNoCandidate].
func (c *Campaign) Lookup(ctx context.Context, smiles []string) iter.Seq2[Candidate, error] {
	return func(yield func(Candidate, error) bool) {
		at := 0
		stream(ctx, c, func(b *bolt.Bucket, dst []Candidate) ([]Candidate, error) {
			occurrences := b.Bucket(bucketOccurrences).Cursor()
			candidates := b.Bucket(bucketCandidates)
			for ; at < len(smiles) && len(dst) < chunk; at++ {
				k := []byte(smiles[at])
				v := candidates.Get(k)
				if v == nil {
					return dst, &missingError{campaign: c.plan.Name, smiles: smiles[at]}
				}
				candidate, err := readCandidate(k, v, occurrences)
				if err != nil {
					return dst, err
				}
				dst = append(dst, candidate)
			}
			return dst, nil
		})(yield)
	}
}

// ErrNoCandidate is wrapped where a campaign does not have a molecule.
var ErrNoCandidate = errors.New("no such candidate")

type missingError struct{ campaign, smiles string }

func (e *missingError) Error() string {
	return "store: campaign " + e.campaign + " has no candidate " + e.smiles
}
func (e *missingError) Unwrap() error { return ErrNoCandidate }

// Candidate reads one candidate by its canonical SMILES.
func (c *Campaign) Candidate(smiles string) (Candidate, error) {
	for candidate, err := range c.Lookup(context.Background(), []string{smiles}) {
		return candidate, err
	}
	return Candidate{}, &missingError{campaign: c.plan.Name, smiles: smiles}
}

// Known says whether the campaign has the candidate.
func (c *Campaign) Known(smiles string) (bool, error) {
	var known bool
	err := c.view(func(b *bolt.Bucket) error {
		known = b.Bucket(bucketCandidates).Get([]byte(smiles)) != nil
		return nil
	})
	return known, err
}

// readCandidate reads a candidate and, with a cursor over the occurrences, its
// occurrences.
func readCandidate(key, value []byte, occurrences *bolt.Cursor) (Candidate, error) {
	fault := func(record string, err error) error {
		return &RecordError{Record: record, Key: string(key), What: err.Error()}
	}
	candidate := Candidate{SMILES: string(key)}
	var err error
	if candidate.Scores, err = decodeScores(value); err != nil {
		return candidate, fault("candidate", err)
	}
	prefix := append(append(make([]byte, 0, len(key)+1), key...), 0)
	for k, v := occurrences.Seek(prefix); bytes.HasPrefix(k, prefix); k, v = occurrences.Next() {
		population, err := occurrencePopulation(k)
		if err == nil {
			candidate.Occurrences, err = decodeOccurrences(v, population, candidate.Occurrences)
		}
		if err != nil {
			return candidate, fault("occurrences of candidate", err)
		}
	}
	if len(candidate.Occurrences) == 0 {
		return candidate, fault("candidate", errors.New("it has no occurrence"))
	}
	return candidate, nil
}

// Populations streams the committed populations by index.
func (c *Campaign) Populations(ctx context.Context) iter.Seq2[PopulationSummary, error] {
	return func(yield func(PopulationSummary, error) bool) {
		var last []byte
		stream(ctx, c, func(b *bolt.Bucket, dst []PopulationSummary) ([]PopulationSummary, error) {
			cur := b.Bucket(bucketPopulations).Cursor()
			for k, v := after(cur, last); k != nil && len(dst) < chunk; k, v = cur.Next() {
				p, err := readPopulation(k, v)
				if err != nil {
					return dst, err
				}
				dst = append(dst, p)
				last = append(last[:0], k...)
			}
			return dst, nil
		})(yield)
	}
}

func readPopulation(k, v []byte) (PopulationSummary, error) {
	var p PopulationSummary
	if len(k) != 4 {
		return p, &RecordError{Record: "population", Key: string(k), What: "the key is not an index"}
	}
	if err := decodeJSON(v, &p); err != nil {
		return p, &RecordError{Record: "population", Key: string(k), What: err.Error()}
	}
	p.Index = binary.BigEndian.Uint32(k)
	return p, nil
}

// Trajectory reads how the particle of a population was made.
func (c *Campaign) Trajectory(population, particle uint32) (Trajectory, error) {
	var t Trajectory
	err := c.view(func(b *bolt.Bucket) error {
		key := trajectoryKey(population, particle)
		value := b.Bucket(bucketTrajectories).Get(key)
		if value == nil {
			return &RecordError{Record: "trajectory", What: "there is none of that population and particle"}
		}
		var err error
		if t, _, err = decodeTrajectory(value); err != nil {
			return &RecordError{Record: "trajectory", Key: string(key), What: err.Error()}
		}
		return nil
	})
	return t, err
}
