package supervise

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
)

// process is one run of the program, from start to end. It is used once: a
// restart makes another.
type process struct {
	client      *plugin.Client
	runner      *commandRunner
	host        *host.Client
	log         *host.Log
	sockets     *socketDir
	description sdk.Description
	ending      sync.Once
}

// errChanged is for a file that is not the one that it has to be: starting
// again is no remedy.
var errChanged = errors.New("the program is not the expected one")

// checkSum compares the program with what is locked. Between this and the
// start a file could still be exchanged: programs belong into folders that
// others cannot write.
func checkSum(cfg *Config, want string) (string, error) {
	sum, err := host.HashFile(cfg.Path)
	if err != nil {
		return "", &sdk.Error{Plugin: cfg.Name, Call: "start", Reason: err.Error(), Err: errChanged}
	}
	if want != "" && !strings.EqualFold(sum, want) {
		return "", &sdk.Error{
			Plugin: cfg.Name, Call: "start", Err: errChanged,
			Reason: fmt.Sprintf("%s has sha256 %s, not %s; if you changed it on purpose, lock it again (molsculpt plugin lock)", cfg.Path, sum, want),
		}
	}
	return sum, nil
}

// start starts the program and connects to it. On an error nothing is left.
func start(ctx context.Context, cfg *Config) (*process, error) {
	sockets, err := newSocketDir(cfg.SocketDir)
	if err != nil {
		return nil, &sdk.Error{Plugin: cfg.Name, Call: "start", Reason: err.Error()}
	}
	p := &process{log: host.NewLog(cfg.Logger), sockets: sockets}
	cmd := exec.Command(cfg.Path, cfg.Args...)
	p.runner = newRunner(cmd, p.log, sockets.path)
	p.client = plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  sdk.Handshake,
		VersionedPlugins: host.Plugins(cfg.Name, cfg.Host),
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		AutoMTLS:         true,
		SkipHostEnv:      true,
		StartTimeout:     cfg.StartTimeout,
		GRPCDialOptions:  host.DialOptions(),
		UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: sockets.path},
		RunnerFunc: func(_ hclog.Logger, spec *exec.Cmd, _ string) (runner.Runner, error) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			// Of two values of a variable the last holds.
			cmd.Env = append(environment(cfg.Env), spec.Env...)
			cmd.Env = append(cmd.Env, plugin.EnvUnixSocketDir+"="+sockets.path)
			return p.runner, nil
		},
		// go-plugin's reading of log lines can panic in the host; a logger that
		// is off switches it off, and its copy of standard error is ours.
		Logger:     hclog.New(&hclog.LoggerOptions{Level: hclog.Off, Output: io.Discard}),
		Stderr:     p.log.Stream(),
		SyncStdout: p.log.Stream(),
		SyncStderr: p.log.Stream(),
	})
	abort := context.AfterFunc(ctx, func() { _ = p.runner.Kill(ctx) })
	defer abort()
	if err := p.connect(ctx); err != nil {
		p.kill()
		if ctx.Err() != nil {
			return nil, fmt.Errorf("plugin %s: start: %w", cfg.Name, context.Cause(ctx))
		}
		return nil, p.explain(cfg.Name, "start", err)
	}
	if cfg.Logger != nil {
		cfg.Logger.Debug("plugin started", "pid", p.runner.ID(), "version", p.description.Version)
	}
	return p, nil
}

func (p *process) connect(ctx context.Context) error {
	protocol, err := p.client.Client()
	if err != nil {
		return err
	}
	raw, err := protocol.Dispense(sdk.ServiceName)
	if err != nil {
		return err
	}
	client, ok := raw.(*host.Client)
	if !ok {
		return fmt.Errorf("go-plugin dispensed a %T", raw)
	}
	p.host = client
	p.description, err = client.Describe(ctx)
	return err
}

// explain adds to an error how the process ended and what it last wrote.
func (p *process) explain(name, call string, err error) error {
	var known *sdk.Error
	if !errors.As(err, &known) {
		known = &sdk.Error{Plugin: name, Call: call, Reason: host.Text(strings.TrimSpace(err.Error()))}
	}
	e := *known
	if e.Reason == "" && e.Err != nil {
		e.Reason = e.Err.Error()
	}
	if p.runner.exited() && !errors.Is(err, sdk.ErrDeadline) { // then it was this host that ended it
		e.Reason += " (" + p.runner.state + ")"
	}
	if lines := p.log.Last(); len(lines) > 0 {
		for i, l := range lines {
			lines[i] = host.Line(l)
		}
		e.Reason += "\nthe last lines it wrote:\n  | " + strings.Join(lines, "\n  | ")
	}
	return &e
}

// end asks the process to end and sees to it that it does. ctx limits how long
// it may take to free what it holds.
func (p *process) end(ctx context.Context) {
	p.ending.Do(func() {
		if p.host != nil && !p.runner.exited() {
			_ = p.host.Shutdown(ctx)
		}
		// go-plugin waits for a stuck process without limit.
		grace := time.AfterFunc(2*time.Second, func() { _ = p.runner.Kill(ctx) })
		defer grace.Stop()
		p.client.Kill()
		p.sockets.remove()
	})
}

// kill ends the process at once.
func (p *process) kill() {
	_ = p.runner.Kill(context.Background())
	p.ending.Do(func() {
		p.client.Kill()
		p.sockets.remove()
	})
}
