package store

import (
	"context"
	"time"

	bolt "go.etcd.io/bbolt"
)

// SetCheck keeps what a check of the campaign's samples found, as JSON, in place
// of an earlier check. It changes nothing else, also of a campaign that is done.
func (c *Campaign) SetCheck(ctx context.Context, found any) error {
	value, err := encodeJSON(found)
	if err != nil {
		return &InvalidError{Where: "check of campaign " + c.plan.Name, What: err.Error()}
	}
	return c.store.run(ctx, &write{apply: func(tx *bolt.Tx, _ time.Time) error {
		return tx.Bucket(bucketCampaigns).Bucket([]byte(c.plan.Name)).Put(keyCheck, value)
	}})
}

// Check reads what the last check found into the value that found points to;
// false where there was none.
func (c *Campaign) Check(found any) (bool, error) {
	var value []byte
	err := c.view(func(b *bolt.Bucket) error {
		value = append(value, b.Get(keyCheck)...)
		return nil
	})
	if err != nil || value == nil {
		return false, err
	}
	if err := decodeJSON(value, found); err != nil {
		return false, &RecordError{Record: "check of campaign", Key: c.plan.Name, What: err.Error()}
	}
	return true, nil
}
