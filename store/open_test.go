package store_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"github.com/molsculpt/molsculpt/store"
)

// boltFile makes a bbolt file with the given meta bucket.
func boltFile(t *testing.T, path string, meta map[string][]byte) {
	t.Helper()
	db, err := bolt.Open(path, 0o644, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		if meta == nil {
			_, err := tx.CreateBucket([]byte("theirs"))
			return err
		}
		b, err := tx.CreateBucket([]byte("meta"))
		for k, v := range meta {
			err = errors.Join(err, b.Put([]byte(k), v))
		}
		_, err2 := tx.CreateBucket([]byte("campaigns"))
		return errors.Join(err, err2)
	})
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestOpenSaysWhyAndWritesNothing(t *testing.T) {
	t.Parallel()
	write := func(content string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	full := func(t *testing.T, path string) []byte {
		s, err := store.Open(path, quick)
		if err != nil {
			t.Fatal(err)
		}
		c := start(t, s, plan("a"))
		if err := errors.Join(c.Commit(context.Background(), population(1, 0, nil)), s.Close()); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	tests := []struct {
		name   string
		make   func(t *testing.T, path string)
		reason store.OpenReason
		says   string
	}{
		{"a text file", write(strings.Repeat("CCO ethanol\n", 9000)), store.NotAStore, "not a molsculpt store"},
		{"a short text file", write("CCO\n"), store.NotAStore, "not a molsculpt store"},
		{"an empty file", write(""), store.NotAStore, "empty"},
		{"a folder", func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o755); err != nil {
				t.Fatal(err)
			}
		}, store.IsDirectory, "folder"},
		{"another program's bbolt file", func(t *testing.T, path string) { boltFile(t, path, nil) }, store.NotAStore, "another program"},
		{"a newer schema", func(t *testing.T, path string) {
			boltFile(t, path, map[string][]byte{"format": []byte("molsculpt-store"), "schema": binary.BigEndian.AppendUint32(nil, 99)})
		}, store.NewerSchema, "schema 99"},
		{"no schema", func(t *testing.T, path string) {
			boltFile(t, path, map[string][]byte{"format": []byte("molsculpt-store")})
		}, store.Damaged, "damaged"},
		{"a file cut short", func(t *testing.T, path string) {
			data := full(t, path)
			if err := os.Truncate(path, int64(len(data)/2)); err != nil {
				t.Fatal(err)
			}
		}, store.Damaged, "cut short"},
		{"both heads broken", func(t *testing.T, path string) {
			data := full(t, path)
			data[40]++
			data[os.Getpagesize()+40]++
			write(string(data))(t, path)
		}, store.Damaged, "checksum"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "x.db")
			test.make(t, path)
			before, _ := os.ReadFile(path)
			for _, readOnly := range []bool{false, true} {
				o := quick
				o.ReadOnly = readOnly
				s, err := store.Open(path, o)
				if err == nil {
					s.Close()
					t.Fatal("it was opened")
				}
				var open *store.OpenError
				if !errors.As(err, &open) || open.Reason != test.reason || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), path) {
					t.Errorf("reason %v: %v", open, err)
				}
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
				t.Error("the file was changed")
			}
			if files, _ := os.ReadDir(filepath.Dir(path)); len(files) != 1 {
				t.Errorf("files were left behind: %v", files)
			}
		})
	}
}

func TestOpenReadOnlyNeedsAFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	o := quick
	o.ReadOnly = true
	var open *store.OpenError
	if _, err := store.Open(filepath.Join(folder, "x.db"), o); !errors.As(err, &open) || open.Reason != store.NotFound {
		t.Error(err)
	}
	if files, _ := os.ReadDir(folder); len(files) != 0 {
		t.Errorf("something was written: %v", files)
	}
	if _, err := store.Open(filepath.Join(folder, "none", "x.db"), quick); !errors.As(err, &open) || open.Reason != store.NoFolder {
		t.Error(err)
	}
}

func TestOpenSaysWhenItMayNot(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("permissions do not bind the superuser")
	}
	path := filepath.Join(t.TempDir(), "x.db")
	s := open(t, path)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []os.FileMode{0, 0o400} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		var open *store.OpenError
		if _, err := store.Open(path, quick); !errors.As(err, &open) || open.Reason != store.Permission {
			t.Errorf("mode %v: %v", mode, err)
		}
	}
}

func TestReadersShareAndWritersExclude(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	s := open(t, path)
	start(t, s, plan("a"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	o := quick
	o.ReadOnly = true
	one, err := store.Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	two, err := store.Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	defer two.Close()
	if _, err := one.Start(context.Background(), plan("b"), store.StartOptions{}); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("writing to a store opened for reading: %v", err)
	}
	var in *store.OpenError
	if _, err := store.Open(path, quick); !errors.As(err, &in) || in.Reason != store.InUse {
		t.Errorf("a writer beside readers: %v", err)
	}
}
