package supervise

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/molsculpt/molsculpt/sdk"
)

const (
	// longestSocket is what a socket's path may have everywhere: 104 bytes on
	// macOS, with a zero at the end; 108 on Linux.
	longestSocket = 103
	// socketName is how long the name of a socket in its folder is at most:
	// "/plugin" and ten digits, and some room for other languages.
	socketName = 24
	// freshFor is how long a folder without a lock may be in the making.
	freshFor = time.Minute
)

// socketDir is the folder of one plugin process's socket. It holds a file that
// is locked for as long as the host lives, so that a later host can tell a
// folder in use from one whose host was killed.
type socketDir struct {
	path string
	lock *os.File
}

// newSocketDir makes a folder within base, or where the system keeps such
// things, and sweeps away those of dead hosts.
func newSocketDir(base string) (*socketDir, error) {
	if base == "" {
		base = socketBase()
	}
	sweep(base)
	for try := 0; ; try++ {
		path, err := os.MkdirTemp(base, sdk.SocketDirPrefix)
		if err != nil {
			return nil, fmt.Errorf("make a folder for the plugin's socket: %w", err)
		}
		if n := len(path) + socketName; n > longestSocket {
			_ = os.Remove(path)
			return nil, fmt.Errorf("the path of the plugin's socket would have %d bytes, the system takes %d; name a shorter folder than %s for sockets (TMPDIR)", n, longestSocket, base)
		}
		lock, err := lockFile(filepath.Join(path, "lock"))
		if err == nil && !stillThere(lock) {
			_ = lock.Close()
			err = errors.New("it was swept away")
		}
		if err == nil {
			return &socketDir{path: path, lock: lock}, nil
		}
		_ = os.RemoveAll(path)
		if try == 3 { // a sweeper took the folder three times over: no
			return nil, fmt.Errorf("lock the folder of the plugin's socket: %w", err)
		}
	}
}

// stillThere says whether an open file has its name still: a sweeper may have
// locked, removed and let go of it between its making and its locking here.
func stillThere(f *os.File) bool {
	have, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Lstat(f.Name())
	return err == nil && os.SameFile(have, named)
}

// socketBase prefers /tmp, whose name is short: that of macOS's TMPDIR is not.
func socketBase() string {
	if i, err := os.Stat("/tmp"); err == nil && i.IsDir() {
		return "/tmp"
	}
	return os.TempDir()
}

func (d *socketDir) remove() {
	_ = os.RemoveAll(d.path)
	_ = d.lock.Close()
}

// sweep removes the folders whose hosts are gone. What it cannot tell it leaves.
func sweep(base string) {
	dirs, err := filepath.Glob(filepath.Join(base, sdk.SocketDirPrefix+"*"))
	if err != nil {
		return
	}
	for _, dir := range dirs {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() {
			continue
		}
		lock := filepath.Join(dir, "lock")
		if _, err := os.Lstat(lock); err != nil {
			// Without a lock it is in the making, or half removed, or of someone
			// else: only an empty one goes.
			if time.Since(info.ModTime()) > freshFor {
				_ = os.Remove(dir)
			}
			continue
		}
		f, err := lockFile(lock)
		if err != nil {
			continue // in use, or another user's
		}
		_ = os.RemoveAll(dir)
		_ = f.Close()
	}
}
