package supervise

import (
	"os"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/molsculpt/molsculpt/sdk/host"
)

// Config says what to start and how. Path is needed; everything else has a
// useful zero value.
type Config struct {
	// Name is what the user calls the plugin, for errors; Path if empty.
	Name string
	// Path is the program. A bundled plugin is os.Executable() with Args
	// {"plugin", "serve", "core/gflownet"}.
	Path string
	Args []string
	// SHA256 is the locked sum of the file at Path, hex, compared before each
	// start; "" where it is not locked. (For a script that is the sum of the
	// script, not of its interpreter.) In either case a file that changes
	// between two starts of one Plugin is an error.
	SHA256 string
	// Env is what the plugin gets beyond the allowed part of the host's own
	// environment, as "KEY=value".
	Env []string

	Host         host.Options  // deadlines and sizes of calls
	StartTimeout time.Duration // from start to handshake; 0 means 30 s
	Restart      Restart

	// SocketDir is where folders for sockets are made; it has to be short, as a
	// socket's path has at most 103 bytes. "" means the system's.
	SocketDir string

	// Logger gets what the plugin writes to standard error, and starts and ends
	// of its process; may be nil.
	Logger hclog.Logger
}

// Restart is how often and how fast a plugin is started again. Zero values are
// the defaults.
type Restart struct {
	Budget int           // restarts within Window before giving up; 0 means 5, negative none at all
	Window time.Duration // 0 means 10 min
	// First is the pause before the second restart within Window, doubled for
	// each further one up to Limit; the first is immediate. 0 means 500 ms, 30 s.
	First, Limit time.Duration
	// Resend is how often one call is made again, each time after a restart;
	// 0 means 2, negative never. After that the call is to blame.
	Resend int
}

func (c *Config) fill() {
	if c.Name == "" {
		c.Name = c.Path
	}
	if c.StartTimeout == 0 {
		c.StartTimeout = 30 * time.Second
	}
	r := &c.Restart
	if r.Budget == 0 {
		r.Budget = 5
	}
	if r.Window == 0 {
		r.Window = 10 * time.Minute
	}
	if r.First == 0 {
		r.First = 500 * time.Millisecond
	}
	if r.Limit == 0 {
		r.Limit = 30 * time.Second
	}
	if r.Resend == 0 {
		r.Resend = 2
	}
}

// pause is the wait before restart number n within the window, from 1.
func (r Restart) pause(n int) time.Duration {
	if n <= 1 {
		return 0
	}
	d := r.First
	for range n - 2 {
		if d >= r.Limit {
			break
		}
		d *= 2
	}
	return min(d, r.Limit)
}

// allowed are the variables of the host's environment that a plugin sees. All
// others, API keys among them, stay with the host.
var (
	allowed         = []string{"PATH", "HOME", "TMPDIR", "LANG", "TZ", "GOMAXPROCS", "GOMEMLIMIT", "GOGC", "GODEBUG", "GOTRACEBACK", "SYSTEMROOT"}
	allowedPrefixes = []string{"LC_", "CUDA_", "OMP_", "OPENBLAS_", "MKL_"}
)

// environment is what of the host's environment a plugin sees.
func environment(own []string) []string {
	var env []string
	for _, kv := range os.Environ() {
		key, _, _ := strings.Cut(kv, "=")
		if slices.Contains(allowed, key) || slices.ContainsFunc(allowedPrefixes, func(p string) bool { return strings.HasPrefix(key, p) }) {
			env = append(env, kv)
		}
	}
	return append(env, own...)
}
