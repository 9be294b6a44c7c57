package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// create makes an empty store at path, whole or not at all: it is built beside
// it and linked into place. A store that another process made in the meantime
// is left alone.
func create(path string, timeout time.Duration) error {
	folder := filepath.Dir(path)
	if info, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return &OpenError{Path: path, Reason: NoFolder}
	}
	temporary := filepath.Join(folder, fmt.Sprintf(".%s.new-%d-%d", filepath.Base(path), os.Getpid(), time.Now().UnixNano()))
	defer func() { _ = os.Remove(temporary) }() // after a link, its second name
	db, err := bolt.Open(temporary, 0o644, &bolt.Options{Timeout: timeout})
	if err != nil {
		return openError(path, timeout, err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		meta, err := tx.CreateBucket(bucketMeta)
		if err != nil {
			return err
		}
		if err := meta.Put(keyFormat, []byte(formatName)); err != nil {
			return err
		}
		if err := meta.Put(keySchema, binary.BigEndian.AppendUint32(nil, Schema)); err != nil {
			return err
		}
		_, err = tx.CreateBucket(bucketCampaigns)
		return err
	})
	if err = errors.Join(err, db.Close()); err != nil {
		return openError(path, timeout, err)
	}
	if err = os.Link(temporary, path); err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	// A file system without hard links.
	if _, statErr := os.Lstat(path); statErr == nil {
		return nil
	}
	if err := os.Rename(temporary, path); err != nil {
		return openError(path, timeout, err)
	}
	return nil
}

// openChecked opens an existing store after making sure, reading only, that it
// is one.
func openChecked(path string, readOnly bool, timeout time.Duration) (*bolt.DB, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, openError(path, timeout, err)
	case info.IsDir():
		return nil, &OpenError{Path: path, Reason: IsDirectory}
	case !info.Mode().IsRegular():
		return nil, &OpenError{Path: path, Reason: NotAStore, Err: errors.New("it is a device or a pipe")}
	}
	if err := inspect(path); err != nil {
		return nil, err
	}
	db, err := openBolt(path, true, timeout)
	if err != nil || readOnly {
		return db, err
	}
	if err := db.Close(); err != nil {
		return nil, openError(path, timeout, err)
	}
	return openBolt(path, false, timeout)
}

func openBolt(path string, readOnly bool, timeout time.Duration) (db *bolt.DB, err error) {
	// bbolt panics on pages it cannot make sense of.
	defer func() {
		if r := recover(); r != nil {
			if db != nil {
				_ = db.Close()
			}
			db, err = nil, &OpenError{Path: path, Reason: Damaged, Err: fmt.Errorf("%v", r)}
		}
	}()
	db, err = bolt.Open(path, 0o644, &bolt.Options{
		Timeout:      timeout,
		ReadOnly:     readOnly,
		FreelistType: bolt.FreelistMapType,
		NoStatistics: true,
	})
	if err != nil {
		return nil, openError(path, timeout, err)
	}
	if err := verify(db, path); err != nil {
		_ = db.Close()
		return nil, err
	}
	return db, nil
}

// verify reads what the file says of itself.
func verify(db *bolt.DB, path string) error {
	return db.View(func(tx *bolt.Tx) error {
		meta := tx.Bucket(bucketMeta)
		if meta == nil || string(meta.Get(keyFormat)) != formatName {
			return &OpenError{Path: path, Reason: NotAStore, Err: errors.New("another program's bbolt file")}
		}
		schema := meta.Get(keySchema)
		if len(schema) != 4 || tx.Bucket(bucketCampaigns) == nil {
			return &OpenError{Path: path, Reason: Damaged, Err: errors.New("its description is incomplete")}
		}
		if v := binary.BigEndian.Uint32(schema); v > Schema {
			return &OpenError{Path: path, Reason: NewerSchema, Schema: int(v)}
		} else if v < 1 {
			return &OpenError{Path: path, Reason: Damaged, Err: fmt.Errorf("schema %d", v)}
		}
		return nil
	})
}

// inspect reads the two meta pages of a bbolt file as bytes, before bbolt maps
// it: bbolt would write to an empty file, and reading a mapped file that was cut
// short ends the process.
func inspect(path string) error {
	fault := func(reason OpenReason, what string) error {
		return &OpenError{Path: path, Reason: reason, Err: errors.New(what)}
	}
	file, err := os.Open(path)
	if err != nil {
		return openError(path, 0, err)
	}
	defer file.Close()

	const (
		pageHeader = 16
		metaSize   = 64
		magic      = 0xED0CDAED
	)
	read := func(at int64) (pages uint64, pageSize uint32, txid uint64, ok bool) {
		var b [metaSize]byte
		if _, err := file.ReadAt(b[:], at+pageHeader); err != nil {
			return 0, 0, 0, false
		}
		sum := fnv.New64a()
		sum.Write(b[:56])
		e := binary.NativeEndian
		ok = e.Uint32(b[0:]) == magic && e.Uint64(b[56:]) == sum.Sum64()
		return e.Uint64(b[40:]), e.Uint32(b[8:]), e.Uint64(b[48:]), ok
	}
	pages, pageSize, txid, ok := read(0)
	// The second meta page follows the first, whose size only it knows.
	for size := int64(1024); size <= 65536; size *= 2 {
		if p, s, t, good := read(size); good && int64(s) == size && (!ok || t > txid) {
			pages, pageSize, txid, ok = p, s, t, true
		}
	}
	if !ok {
		var first [1]byte
		if _, err := file.ReadAt(first[:], 0); errors.Is(err, io.EOF) {
			return fault(NotAStore, "the file is empty")
		}
		var b [pageHeader + 4]byte
		if _, err := file.ReadAt(b[:], 0); err == nil && binary.NativeEndian.Uint32(b[pageHeader:]) == magic {
			return fault(Damaged, "its head does not match its checksum")
		}
		return fault(NotAStore, "it does not begin like one")
	}
	info, err := file.Stat()
	if err != nil {
		return openError(path, 0, err)
	}
	if need := pages * uint64(pageSize); uint64(info.Size()) < need {
		return fault(Damaged, fmt.Sprintf("it was cut short: %d bytes of %d", info.Size(), need))
	}
	return nil
}

// openError turns an error of the system or of bbolt into an OpenError.
func openError(path string, waited time.Duration, err error) error {
	var known *OpenError
	if errors.As(err, &known) {
		return known
	}
	e := &OpenError{Path: path, Err: err}
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		e.Reason, e.Waited, e.Err = InUse, waited, nil
	case errors.Is(err, fs.ErrNotExist):
		e.Reason, e.Err = NotFound, nil
	case errors.Is(err, fs.ErrPermission):
		e.Reason, e.Err = Permission, nil
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrVersionMismatch):
		e.Reason = NotAStore
	case errors.Is(err, berrors.ErrChecksum):
		e.Reason = Damaged
	}
	return e
}
