package store

import (
	"context"
	"encoding/binary"
	"iter"
	"slices"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Campaign is a campaign of an open store. Its methods may be called from
// several goroutines.
type Campaign struct {
	store *Store
	plan  Plan

	mu   sync.Mutex
	last time.Time // when this process last wrote to it; zero until it was started
}

// StartOptions are the choices of [Store.Start].
type StartOptions struct {
	// ForceNumeric goes on with a campaign that was begun under another
	// numeric id, and notes it in State.Numerics.
	ForceNumeric bool
}

// Start begins the campaign of the plan, or goes on with it where the store
// holds it. A campaign that is done stays as it is. Errors: [*PlanChangedError]
// where the name is taken by another plan, [*NumericChangedError],
// [*CanonicalChangedError] unless the campaign is done, [*InvalidError].
func (s *Store) Start(ctx context.Context, plan Plan, o StartOptions) (*Campaign, error) {
	if err := plan.validate(); err != nil {
		return nil, err
	}
	c := &Campaign{store: s, plan: plan}
	var stored *Plan
	var state State
	err := s.run(ctx, &write{
		check: func(tx *bolt.Tx) error {
			b := tx.Bucket(bucketCampaigns).Bucket([]byte(plan.Name))
			if b == nil {
				return nil
			}
			p, st, err := readCampaign(b, plan.Name)
			if err != nil {
				return err
			}
			stored, state = &p, st
			if p.Digest != plan.Digest {
				return &PlanChangedError{Name: plan.Name, Stored: p, Given: plan}
			}
			if p.Canonicalizer != plan.Canonicalizer && st.Status != Done {
				return &CanonicalChangedError{Name: plan.Name, Stored: p.Canonicalizer, Given: plan.Canonicalizer}
			}
			if p.Numeric != plan.Numeric && !slices.Contains(st.Numerics, plan.Numeric) && !o.ForceNumeric {
				return &NumericChangedError{Name: plan.Name, Stored: p.Numeric, Given: plan.Numeric}
			}
			return nil
		},
		apply: func(tx *bolt.Tx, now time.Time) error {
			c.last = now
			if stored == nil {
				return createCampaign(tx, plan, now)
			}
			c.plan = *stored
			if state.Status == Done {
				return nil
			}
			if stored.Numeric != plan.Numeric && !slices.Contains(state.Numerics, plan.Numeric) {
				state.Numerics = append(state.Numerics, plan.Numeric)
			}
			state.Status, state.Message = Running, ""
			state.Clock.Sessions++
			state.Clock.Updated = now
			return putState(tx.Bucket(bucketCampaigns).Bucket([]byte(plan.Name)), state)
		},
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

func createCampaign(tx *bolt.Tx, plan Plan, now time.Time) error {
	b, err := tx.Bucket(bucketCampaigns).CreateBucket([]byte(plan.Name))
	if err != nil {
		return err
	}
	for _, name := range [][]byte{bucketPopulations, bucketCandidates, bucketOccurrences, bucketTrajectories} {
		if _, err := b.CreateBucket(name); err != nil {
			return err
		}
	}
	value, err := encodeJSON(plan)
	if err != nil {
		return err
	}
	if err := b.Put(keyPlan, value); err != nil {
		return err
	}
	return putState(b, State{Status: Running, Clock: Clock{Created: now, Updated: now, Sessions: 1}})
}

func putState(b *bolt.Bucket, state State) error {
	value, err := encodeJSON(state)
	if err != nil {
		return err
	}
	return b.Put(keyState, value)
}

func readState(b *bolt.Bucket, name string) (State, error) {
	var state State
	if err := decodeJSON(b.Get(keyState), &state); err != nil {
		return state, &RecordError{Record: "state of campaign", Key: name, What: err.Error()}
	}
	return state, nil
}

func readCampaign(b *bolt.Bucket, name string) (Plan, State, error) {
	var plan Plan
	if err := decodeJSON(b.Get(keyPlan), &plan); err != nil {
		return plan, State{}, &RecordError{Record: "plan of campaign", Key: name, What: err.Error()}
	}
	state, err := readState(b, name)
	return plan, state, err
}

// Campaign finds a campaign for reading. The error is an
// [*UnknownCampaignError] where there is none of that name.
func (s *Store) Campaign(name string) (*Campaign, error) {
	c := &Campaign{store: s}
	err := s.view(func(tx *bolt.Tx) error {
		all := tx.Bucket(bucketCampaigns)
		b := bucketOf(all, name)
		if b == nil {
			unknown := &UnknownCampaignError{Name: name}
			_ = all.ForEachBucket(func(k []byte) error {
				unknown.Known = append(unknown.Known, string(k))
				return nil
			})
			return unknown
		}
		var err error
		c.plan, _, err = readCampaign(b, name)
		return err
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

func bucketOf(all *bolt.Bucket, name string) *bolt.Bucket {
	if name == "" {
		return nil
	}
	return all.Bucket([]byte(name))
}

// Campaigns lists the campaigns by name.
func (s *Store) Campaigns(ctx context.Context) iter.Seq2[*Campaign, error] {
	return func(yield func(*Campaign, error) bool) {
		var names []string
		err := s.view(func(tx *bolt.Tx) error {
			return tx.Bucket(bucketCampaigns).ForEachBucket(func(k []byte) error {
				names = append(names, string(k))
				return nil
			})
		})
		if err != nil {
			yield(nil, err)
			return
		}
		for _, name := range names {
			if ctx.Err() != nil {
				yield(nil, ctx.Err())
				return
			}
			if !yield(s.Campaign(name)) {
				return
			}
		}
	}
}

// Plan is the campaign's plan as stored. Its slices belong to c.
func (c *Campaign) Plan() Plan { return c.plan }

// Name is the campaign's name.
func (c *Campaign) Name() string { return c.plan.Name }

// State reads how far the campaign has come.
func (c *Campaign) State() (State, error) {
	var state State
	err := c.view(func(b *bolt.Bucket) error {
		var err error
		state, err = readState(b, c.plan.Name)
		return err
	})
	return state, err
}

// SetStatus notes that the campaign was interrupted, done or has failed;
// message says why it failed. It takes effect after every population handed in
// before it.
func (c *Campaign) SetStatus(ctx context.Context, status Status, message string) error {
	return c.store.run(ctx, &write{apply: func(tx *bolt.Tx, now time.Time) error {
		b := tx.Bucket(bucketCampaigns).Bucket([]byte(c.plan.Name))
		state, err := readState(b, c.plan.Name)
		if err != nil {
			return err
		}
		state.Status, state.Message = status, message
		c.tick(&state, now)
		return putState(b, state)
	}})
}

// tick moves the clock fields of state.
func (c *Campaign) tick(state *State, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.last.IsZero() && now.After(c.last) {
		state.Clock.Seconds += now.Sub(c.last).Seconds()
	}
	c.last = now
	state.Clock.Updated = now
}

// view runs a short reading transaction on the campaign's bucket.
func (c *Campaign) view(f func(b *bolt.Bucket) error) error {
	return c.store.view(func(tx *bolt.Tx) error {
		b := bucketOf(tx.Bucket(bucketCampaigns), c.plan.Name)
		if b == nil {
			return &UnknownCampaignError{Name: c.plan.Name}
		}
		return f(b)
	})
}

// Has says whether the population with that index is committed.
func (c *Campaign) Has(population uint32) (bool, error) {
	var has bool
	err := c.view(func(b *bolt.Bucket) error {
		has = b.Bucket(bucketPopulations).Get(binary.BigEndian.AppendUint32(nil, population)) != nil
		return nil
	})
	return has, err
}
