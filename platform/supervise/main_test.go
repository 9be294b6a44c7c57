package supervise

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// TestMain makes the test program play three parts: the tests, a plugin
// (arguments "fake" and a kind), and a host that is going to be killed
// (arguments "host", a folder for sockets and a kind).
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) == 3 && os.Args[1] == "fake":
		serveFake(os.Args[2])
	case len(os.Args) == 4 && os.Args[1] == "host":
		beHost(os.Args[2], os.Args[3])
	default:
		goleak.VerifyTestMain(m)
	}
}

// serveFake is a plugin of some kind.
func serveFake(kind string) {
	p := sdk.Plugin{Name: "test/" + strings.ReplaceAll(kind, " ", "-"), Version: "1.0.0", Policy: fakePolicy{kind: kind}, Scorer: envScorer{}, Trainer: fakeTrainer{kind}}
	switch kind {
	case "noisy": // on standard output, before and after the handshake
		fmt.Print("loading 50 %")
		fmt.Println("\nready at port 1|2|3")
		fmt.Print("no end of line: ")
	case "mute": // never speaks
		time.Sleep(time.Hour)
	case "dies at start":
		fmt.Fprintln(os.Stderr, "cannot find libcuda.so")
		os.Exit(3)
	case "not a plugin":
		fmt.Println("usage: not-a-plugin [options]")
		os.Exit(0)
	case "flags": // another plugin after a restart
		if _, err := os.Stat(os.Getenv("FLAG")); err == nil {
			p.Version = "2.0.0"
		}
	}
	sdk.Serve(p)
}

// beHost starts a plugin, tells of it and waits for its end.
func beHost(dir, kind string) {
	exe, err := os.Executable()
	if err != nil {
		panic(err)
	}
	p, err := Start(nil2ctx(), Config{Path: exe, Args: []string{"fake", kind}, SocketDir: dir})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	sp, err := space.NewGrid(2, 4)
	if err != nil {
		panic(err)
	}
	if _, err := p.LoadPolicy(nil2ctx(), host.Model{Space: sp}, nil); err != nil {
		panic(err)
	}
	_ = json.NewEncoder(os.Stdout).Encode(p.Status().PID)
	time.Sleep(time.Minute)
}

// once runs f if the file that the environment names was not there, and makes
// it: what a plugin does in its first process alone.
func once(f func()) {
	name := os.Getenv("FLAG")
	if file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL, 0o600); err == nil {
		_ = file.Close()
		f()
	}
}

// misbehave does what a kind does at its Step.
func misbehave(kind string) error {
	switch kind {
	case "deaf":
		signal.Ignore(syscall.SIGTERM) // only the watch of the parent is left
	case "dies always":
		fmt.Fprintln(os.Stderr, "last words")
		os.Exit(7)
	case "dies once":
		once(func() { os.Exit(7) })
	case "crashes":
		once(func() {
			go func() { panic("boom in a goroutine") }()
			time.Sleep(time.Minute)
		})
	case "hangs once":
		once(func() { select {} })
	case "hangs":
		time.Sleep(time.Hour)
	case "panics":
		panic("no such atom")
	case "noisy":
		// Both the variable and the descriptor, more than a pipe holds, no line.
		fmt.Print(strings.Repeat("#", 200_000))
		_, _ = syscall.Write(1, []byte(strings.Repeat("%", 200_000)))
	case "odd log":
		fmt.Fprintln(os.Stderr, `{"@message":1}`)
		fmt.Fprintln(os.Stderr, `{"@level":{},"@message":"x","@timestamp":7}`)
		fmt.Fprint(os.Stderr, strings.Repeat("y", 300_000)+"\n\x1b[31m\xff")
	case "errs":
		return errors.New("out of memory")
	}
	return nil
}
