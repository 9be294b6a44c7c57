package supervise

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
)

// ErrClosed is for calls after Close.
var ErrClosed = errors.New("the plugin was closed")

// State is what a plugin is doing.
type State string

// The states of a plugin.
const (
	Running State = "running" // a process is there, or will be at the next call
	Failing State = "failed"  // the restart budget is spent
	Closed  State = "closed"
)

// Plugin is a plugin that is kept going. It is safe for concurrent use. Close
// it when it is no longer needed.
type Plugin struct {
	cfg    Config
	sum    string        // of the program, at the first start
	turn   chan struct{} // one may start and end processes at a time
	closed chan struct{}
	close  sync.Once

	mu       sync.Mutex // guards the rest
	proc     *process   // nil between two
	restarts []time.Time
	total    int
	failed   error
	last     error // why the last process was given up
	first    sdk.Description
}

// Start starts a plugin and learns what it is. The context is for the start
// alone. An error of the first start is final: there is no trying again.
func Start(ctx context.Context, cfg Config) (*Plugin, error) {
	cfg.fill()
	if strings.ContainsRune(cfg.Path, filepath.Separator) {
		abs, err := filepath.Abs(cfg.Path)
		if err != nil {
			return nil, &sdk.Error{Plugin: cfg.Name, Call: "start", Reason: err.Error()}
		}
		cfg.Path = abs
	}
	sum, err := checkSum(&cfg, cfg.SHA256)
	if err != nil {
		return nil, err
	}
	proc, err := start(ctx, &cfg)
	if err != nil {
		return nil, err
	}
	return &Plugin{
		cfg: cfg, sum: sum, proc: proc, first: proc.description,
		turn: make(chan struct{}, 1), closed: make(chan struct{}),
	}, nil
}

// Describe is what the plugin says of itself.
func (p *Plugin) Describe() sdk.Description { return p.first }

// Name is what the user calls the plugin.
func (p *Plugin) Name() string { return p.cfg.Name }

// SHA256 is the sum of the program that runs, hex.
func (p *Plugin) SHA256() string { return p.sum }

// Status is how a plugin is, for people.
type Status struct {
	State     State
	PID       int // 0 where there is no process
	Restarts  int // since Start
	LastLines []string
	Err       error // why it failed
}

// Status says how the plugin is, without asking it.
func (p *Plugin) Status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := Status{State: Running, Restarts: p.total, Err: p.failed}
	if p.proc != nil {
		s.LastLines = p.proc.log.Last()
		if !p.proc.runner.exited() {
			s.PID = int(p.proc.runner.pid.Load())
		}
	}
	if p.failed != nil {
		s.State = Failing
	}
	select {
	case <-p.closed:
		s.State = Closed
	default:
	}
	return s
}

// Health asks the plugin how it is.
func (p *Plugin) Health(ctx context.Context) (sdk.Health, error) {
	var h sdk.Health
	err := p.do(ctx, "Health", func(ctx context.Context, proc *process) (err error) {
		h, err = proc.host.Health(ctx)
		return err
	})
	return h, err
}

// Close ends the plugin: it is asked to free what it holds until ctx ends, then
// its process ends, at the latest by force. Calls under way fail. It returns
// when nothing is left running.
func (p *Plugin) Close(ctx context.Context) error {
	p.close.Do(func() { close(p.closed) })
	p.turn <- struct{}{} // a start under way notices that it is closed
	defer func() { <-p.turn }()
	p.mu.Lock()
	proc := p.proc
	p.proc = nil
	p.mu.Unlock()
	if proc != nil {
		proc.end(ctx)
		if p.cfg.Logger != nil {
			p.cfg.Logger.Debug("plugin ended", "state", proc.runner.state)
		}
	}
	return nil
}

// do makes a call, and makes it again after each restart that it needs.
func (p *Plugin) do(ctx context.Context, call string, fn func(context.Context, *process) error) error {
	for sent := 0; ; sent++ {
		proc, err := p.running(ctx)
		if err != nil {
			return err
		}
		err = fn(ctx, proc)
		if err == nil || !broken(ctx, proc, err) {
			return err
		}
		p.retire(proc, err)
		if p.isClosed() {
			return &sdk.Error{Plugin: p.cfg.Name, Call: call, Reason: ErrClosed.Error(), Err: ErrClosed}
		}
		if sent >= p.cfg.Restart.Resend || errors.Is(err, sdk.ErrDeadline) && sent > 0 {
			err = proc.explain(p.cfg.Name, call, err)
			if sent > 0 {
				var e *sdk.Error
				if errors.As(err, &e) {
					e.Reason = fmt.Sprintf("the same call failed %d times, each time in a new process: %s", sent+1, e.Reason)
				}
			}
			return err
		}
	}
}

// broken reports whether an error means that the process is of no use any more.
func broken(ctx context.Context, proc *process, err error) bool {
	switch {
	case ctx.Err() != nil:
		return false
	case errors.Is(err, sdk.ErrGone), errors.Is(err, sdk.ErrDeadline):
		return true
	}
	// Some ends of a connection look like other errors; the process knows.
	return proc.runner.exited()
}

func (p *Plugin) isClosed() bool {
	select {
	case <-p.closed:
		return true
	default:
		return false
	}
}

// retire gives a process up, once however many calls failed with it.
func (p *Plugin) retire(proc *process, err error) {
	proc.kill()
	err = proc.explain(p.cfg.Name, "run", err)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.proc == proc {
		p.proc, p.last = nil, err
	}
}

// running is the process, started again where there is none.
func (p *Plugin) running(ctx context.Context) (*process, error) {
	closed := &sdk.Error{Plugin: p.cfg.Name, Call: "start", Reason: ErrClosed.Error(), Err: ErrClosed}
	select {
	case p.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("plugin %s: %w", p.cfg.Name, context.Cause(ctx))
	case <-p.closed:
		return nil, closed
	}
	defer func() { <-p.turn }()
	if p.isClosed() {
		return nil, closed
	}
	p.mu.Lock()
	proc, failed := p.proc, p.failed
	p.mu.Unlock()
	switch {
	case failed != nil:
		return nil, failed
	case proc != nil && !proc.runner.exited():
		return proc, nil
	case proc != nil:
		p.retire(proc, &sdk.Error{Plugin: p.cfg.Name, Call: "run", Err: sdk.ErrGone})
	}
	// A start is given up when the caller or the plugin's owner no longer wants it.
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	unhook := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		select {
		case <-p.closed:
			cancel(ErrClosed)
		case <-unhook:
		}
	})
	defer wg.Wait()
	defer close(unhook)
	return p.restart(ctx)
}

// restart starts processes until one lives or the budget is spent. The caller
// has the turn.
func (p *Plugin) restart(ctx context.Context) (*process, error) {
	for {
		n, err := p.spend()
		if err != nil {
			return nil, err
		}
		if err := sleep(ctx, p.cfg.Restart.pause(n)); err != nil {
			return nil, fmt.Errorf("plugin %s: start: %w", p.cfg.Name, err)
		}
		if _, err := checkSum(&p.cfg, p.sum); err != nil {
			return nil, p.fail(err)
		}
		if p.cfg.Logger != nil {
			p.cfg.Logger.Warn("starting the plugin again", "restart", n)
		}
		proc, err := start(ctx, &p.cfg)
		if ctx.Err() != nil && proc != nil {
			proc.kill()
			err = fmt.Errorf("plugin %s: start: %w", p.cfg.Name, context.Cause(ctx))
		}
		switch {
		case ctx.Err() != nil:
			return nil, err
		case err != nil:
			p.mu.Lock()
			p.last = err
			p.mu.Unlock()
			continue
		case proc.description.Name != p.first.Name || proc.description.Version != p.first.Version:
			proc.kill()
			return nil, p.fail(&sdk.Error{Plugin: p.cfg.Name, Call: "start", Reason: fmt.Sprintf(
				"it was %s %s and came back as %s %s", p.first.Name, p.first.Version, proc.description.Name, proc.description.Version)})
		}
		p.mu.Lock()
		p.proc = proc
		p.mu.Unlock()
		return proc, nil
	}
}

// spend takes one restart out of the budget and says the how manieth it is.
func (p *Plugin) spend() (int, error) {
	p.mu.Lock()
	now := time.Now()
	recent := p.restarts[:0]
	for _, t := range p.restarts {
		if now.Sub(t) < p.cfg.Restart.Window {
			recent = append(recent, t)
		}
	}
	p.restarts = recent
	n, last := len(recent), p.last
	if n < p.cfg.Restart.Budget {
		p.restarts = append(p.restarts, now)
		p.total++
		p.mu.Unlock()
		return n + 1, nil
	}
	p.mu.Unlock()
	reason := "it was not to be restarted"
	if n > 0 {
		reason = fmt.Sprintf("given up after %d restarts in %v", n, p.cfg.Restart.Window)
	}
	var e *sdk.Error
	if errors.As(last, &e) {
		reason += ": " + e.Reason
	}
	return 0, p.fail(&sdk.Error{Plugin: p.cfg.Name, Call: "run", Reason: reason, Err: sdk.ErrGone})
}

// fail makes an error final.
func (p *Plugin) fail(err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed == nil {
		p.failed = err
	}
	return err
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}

// Host is for calls that need no restart, on the process that is there now.
func (p *Plugin) Host(ctx context.Context) (*host.Client, error) {
	proc, err := p.running(ctx)
	if err != nil {
		return nil, err
	}
	return proc.host, nil
}
