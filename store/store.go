package store

import (
	"errors"
	"os"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Schema is the version of the file's layout that this package writes. It reads
// every version up to this one.
const Schema = 1

const formatName = "molsculpt-store"

// Buckets and keys, see FORMAT.md.
var (
	bucketMeta      = []byte("meta")
	keyFormat       = []byte("format")
	keySchema       = []byte("schema")
	bucketCampaigns = []byte("campaigns")

	keyPlan            = []byte("plan")
	keyState           = []byte("state")
	keyCheck           = []byte("check")
	bucketPopulations  = []byte("populations")
	bucketCandidates   = []byte("candidates")
	bucketOccurrences  = []byte("occurrences")
	bucketTrajectories = []byte("trajectories")
)

// Options are the choices of [Open]. The zero value opens for writing and
// creates the file where there is none.
type Options struct {
	// ReadOnly opens an existing store without the right to write. Several
	// processes may read at once, none while one writes.
	ReadOnly bool

	// LockTimeout is how long to wait for another process; 0 means 1 s.
	LockTimeout time.Duration

	// BatchSize is how many writes go into one transaction at most; 0 means 64.
	BatchSize int

	// BatchDelay is how long a write waits for company at most; 0 means 50 ms.
	BatchDelay time.Duration

	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Store is an open store. Its methods may be called from several goroutines.
type Store struct {
	db      *bolt.DB
	options Options

	mu     sync.RWMutex // held for reading while sending to queue
	closed bool
	queue  chan *write
	idle   chan struct{} // closed when the writer has ended
}

// Open opens the store at path. All its errors are of type [*OpenError]; where
// it returns one, nothing was written.
func Open(path string, o Options) (*Store, error) {
	if o.LockTimeout == 0 {
		o.LockTimeout = time.Second
	}
	if o.BatchSize == 0 {
		o.BatchSize = 64
	}
	if o.BatchDelay == 0 {
		o.BatchDelay = 50 * time.Millisecond
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) && !o.ReadOnly {
		if err := create(path, o.LockTimeout); err != nil {
			return nil, err
		}
	}
	db, err := openChecked(path, o.ReadOnly, o.LockTimeout)
	if err != nil {
		return nil, err
	}
	s := &Store{db: db, options: o}
	if !o.ReadOnly {
		s.queue = make(chan *write, o.BatchSize)
		s.idle = make(chan struct{})
		go s.writer()
	}
	return s, nil
}

// Path is the store's file.
func (s *Store) Path() string { return s.db.Path() }

// Close finishes the writes that were handed in and closes the file. Further
// calls do nothing.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	if s.queue != nil {
		close(s.queue)
	}
	s.mu.Unlock()
	if s.idle != nil {
		<-s.idle
	}
	return s.db.Close()
}

// view runs a short reading transaction. Readers hold the lock so that Close
// waits for them.
func (s *Store) view(f func(tx *bolt.Tx) error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return ErrClosed
	}
	return s.db.View(f)
}
