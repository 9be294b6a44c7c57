package supervise

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-plugin/runner"

	"github.com/molsculpt/molsculpt/sdk/host"
)

// pipeGrace is how long output is still read after the process has ended:
// something that it started may hold the pipes for ever.
const pipeGrace = 500 * time.Millisecond

// commandRunner is the process as go-plugin drives it. go-plugin's own runner
// gives the child the host's standard input, puts it into the host's process
// group, gives up at the first stray line on standard output, stops reading at
// a line without an end, and waits for ever on a pipe that a grandchild holds.
type commandRunner struct {
	cmd    *exec.Cmd
	log    *host.Log
	socket string // folder that the socket has to be in

	out, err *os.File // what the host reads
	stdout   io.ReadCloser
	pid      atomic.Int64 // 0 until started
	ended    chan struct{}
	state    string // how it ended; read after ended is closed
}

var _ runner.Runner = (*commandRunner)(nil)

func newRunner(cmd *exec.Cmd, log *host.Log, socket string) *commandRunner {
	return &commandRunner{cmd: cmd, log: log, socket: socket, ended: make(chan struct{})}
}

// Start starts the process. The thread that does it is kept until the process
// has ended, as the kernel takes its end for the host's.
func (r *commandRunner) Start(context.Context) error {
	out, outW, err := os.Pipe()
	if err != nil {
		return err
	}
	errR, errW, err := os.Pipe()
	if err != nil {
		_, _ = out.Close(), outW.Close()
		return err
	}
	r.out, r.err = out, errR
	r.stdout = &handshakeReader{file: out, log: r.log}
	r.cmd.Stdout, r.cmd.Stderr = outW, errW // Stdin is nil: the null device
	detach(r.cmd)
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := r.cmd.Start()
		_, _ = outW.Close(), errW.Close()
		if err == nil {
			r.pid.Store(int64(r.cmd.Process.Pid))
		}
		started <- err
		if err != nil {
			return
		}
		_ = r.cmd.Wait()
		killGroup(r.cmd.Process.Pid)
		r.state = r.cmd.ProcessState.String()
		close(r.ended)
		deadline := time.Now().Add(pipeGrace)
		_, _ = out.SetReadDeadline(deadline), errR.SetReadDeadline(deadline)
	}()
	if err := <-started; err != nil {
		_, _ = out.Close(), errR.Close()
		return err
	}
	return nil
}

// Wait implements runner.Runner; go-plugin calls it when it has read all.
func (r *commandRunner) Wait(context.Context) error {
	<-r.ended
	_, _ = r.out.Close(), r.err.Close()
	return nil
}

// Kill implements runner.Runner. It is safe at any time, any number of times.
func (r *commandRunner) Kill(context.Context) error {
	pid := int(r.pid.Load())
	if pid == 0 || r.exited() {
		return nil
	}
	killGroup(pid)
	return nil
}

// exited reports whether the process has ended.
func (r *commandRunner) exited() bool {
	select {
	case <-r.ended:
		return true
	default:
		return false
	}
}

func (r *commandRunner) Stdout() io.ReadCloser { return r.stdout }
func (r *commandRunner) Stderr() io.ReadCloser { return r.err }
func (r *commandRunner) Name() string          { return r.cmd.Path }

// ID is the process id, "" where no process was started.
func (r *commandRunner) ID() string {
	if pid := r.pid.Load(); pid != 0 {
		return strconv.FormatInt(pid, 10)
	}
	return ""
}

func (r *commandRunner) Diagnose(context.Context) string { return "" }

// PluginToHost looks at the address that the plugin announces: a socket in the
// folder it was given, or this machine's own TCP.
func (r *commandRunner) PluginToHost(network, address string) (string, string, error) {
	switch network {
	case "unix":
		if filepath.Dir(address) != r.socket {
			return "", "", fmt.Errorf("the plugin's socket %s is not in the folder that PLUGIN_UNIX_SOCKET_DIR names", address)
		}
	case "tcp":
		h, _, err := net.SplitHostPort(address)
		if ip := net.ParseIP(h); err != nil || ip == nil || !ip.IsLoopback() {
			return "", "", fmt.Errorf("the plugin listens at %s, which is not this machine's own address", address)
		}
	default:
		return "", "", errors.New("the plugin listens on " + network + "; unix and tcp are possible")
	}
	return network, address, nil
}

func (r *commandRunner) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}
