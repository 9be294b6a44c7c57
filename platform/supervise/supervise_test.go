package supervise

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hashicorp/go-hclog"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// sockets is a short folder for sockets that has to be empty at the end.
func sockets(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "s") //nolint:usetesting // the name of a test is too long for a socket's path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
		_ = os.RemoveAll(dir)
	})
	return dir
}

// config is for a fake of a kind. Pauses are short.
func config(t *testing.T, kind string) Config {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Config{
		Path: exe, Args: []string{"fake", kind}, Name: "test/" + kind, SocketDir: sockets(t),
		Env:     []string{"FLAG=" + filepath.Join(t.TempDir(), "flag")},
		Restart: Restart{First: 10 * time.Millisecond},
	}
}

// run starts a plugin; at the end of the test nothing of it may be left.
func run(t *testing.T, cfg Config) *Plugin {
	t.Helper()
	p, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		pid := p.Status().PID
		if err := p.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if pid != 0 && alive(pid) {
			t.Errorf("process %d is left", pid)
		}
	})
	return p
}

// alive reports whether a process exists and has not ended.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return !errors.Is(err, os.ErrNotExist) || !exists("/proc/self/stat")
	}
	_, after, _ := bytes.Cut(stat, []byte(") "))
	return !bytes.HasPrefix(after, []byte("Z")) // ended, not yet waited for
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func grid(t *testing.T) *space.Grid {
	t.Helper()
	g, err := space.NewGrid(3, 5)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// walked are distinct states of the grid.
func walked(sp space.Space) []space.State {
	r := rand.New(rand.NewPCG(1, 1))
	seen := map[space.State]bool{}
	var out []space.State
	for range 30 {
		for _, s := range space.Walk(sp, 0.1, r).States {
			if !seen[s] {
				seen[s] = true
				out = append(out, s)
			}
		}
	}
	return out
}

func check(sp space.Space, weights string, states []space.State, got []space.Steps) string {
	want := make([]space.Steps, len(states))
	for i, s := range states {
		want[i] = expected(sp, weights, s)
	}
	return cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-9), cmpopts.EquateEmpty())
}

func TestAPluginAnswersAndLeavesNothing(t *testing.T) {
	t.Parallel()
	p := run(t, config(t, "good"))
	if d := p.Describe(); d.Name != "test/good" || !d.Can(sdk.CanPolicy) || d.Can(sdk.CanGuide) {
		t.Errorf("%+v", d)
	}
	if h, err := p.Health(t.Context()); err != nil || h.State != sdk.Ready {
		t.Errorf("%+v, %v", h, err)
	}
	sp := grid(t)
	policy, err := p.LoadPolicy(t.Context(), host.Model{Space: sp, Weights: []byte("w")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	states := walked(sp)
	dst := make([]space.Steps, len(states))
	if err := policy.Steps(t.Context(), states, dst); err != nil {
		t.Fatal(err)
	}
	if d := check(sp, "w", states, dst); d != "" {
		t.Error(d)
	}
	if s := p.Status(); s.State != Running || s.Restarts != 0 || s.PID == 0 || s.PID == os.Getpid() {
		t.Errorf("%+v", s)
	}
	if err := policy.Unload(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestKillingAPluginCostsARestartAndNothingElse(t *testing.T) {
	t.Parallel()
	p := run(t, config(t, "good"))
	sp := grid(t)
	states := walked(sp)
	models := map[string]*Policy{}
	for _, w := range []string{"a", "b"} {
		policy, err := p.LoadPolicy(t.Context(), host.Model{Space: sp, Weights: []byte(w)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		models[w] = policy
	}
	for kill := range 3 {
		stop := make(chan struct{})
		var wg sync.WaitGroup
		for w, policy := range models {
			for range 2 { // several callers fail at once and share the restart
				wg.Go(func() {
					dst := make([]space.Steps, len(states))
					for {
						if err := policy.Steps(t.Context(), states, dst); err != nil {
							t.Error(err)
							return
						}
						if d := check(sp, w, states, dst); d != "" {
							t.Error(d)
							return
						}
						select {
						case <-stop:
							return
						default:
						}
					}
				})
			}
		}
		time.Sleep(20 * time.Millisecond)
		pid := p.Status().PID
		_ = syscall.Kill(pid, syscall.SIGKILL)
		for p.Status().Restarts == kill && !t.Failed() {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(20 * time.Millisecond)
		close(stop)
		wg.Wait()
		if s := p.Status(); s.Restarts != kill+1 || s.PID == pid || alive(pid) {
			t.Fatalf("after %d kills: %+v", kill+1, s)
		}
	}
}

func TestACallThatFailsByTheProcessIsMadeAgain(t *testing.T) {
	t.Parallel()
	for kind, restarts := range map[string]int{"dies once": 1, "crashes": 1, "hangs once": 1, "noisy": 0, "odd log": 0} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			cfg := config(t, kind)
			cfg.Host.Timeouts.Step = 20 * time.Second
			if kind == "hangs once" {
				cfg.Host.Timeouts.Step = time.Second
			}
			p := run(t, cfg)
			sp := grid(t)
			policy, err := p.LoadPolicy(t.Context(), host.Model{Space: sp, Weights: []byte("w")}, nil)
			if err != nil {
				t.Fatal(err)
			}
			states := walked(sp)
			dst := make([]space.Steps, len(states))
			for range 3 {
				if err := policy.Steps(t.Context(), states, dst); err != nil {
					t.Fatal(err)
				}
				if d := check(sp, "w", states, dst); d != "" {
					t.Fatal(d)
				}
			}
			if s := p.Status(); s.Restarts != restarts {
				t.Errorf("%d restarts, not %d", s.Restarts, restarts)
			}
		})
	}
}

func TestWhatAPluginDoesWrongIsTold(t *testing.T) {
	t.Parallel()
	tests := []struct {
		kind     string
		restarts int
		is       error
		want     []string
	}{
		{"NaN", 0, sdk.ErrAnswer, []string{"plugin test/NaN: Policy.Step: state 0 (the initial one), row 0, column 1: NaN"}},
		{"short", 0, sdk.ErrAnswer, []string{"plugin test/short: Policy.Step: stop: 0 bytes, not 4"}},
		{"panics", 0, sdk.ErrPanic, []string{"no such atom", "main_test.go"}},
		{"errs", 0, nil, []string{"plugin test/errs: Policy.Step: out of memory"}},
		{"dies always", 2, sdk.ErrGone, []string{"the same call failed 3 times", "exit status 7", "| last words"}},
		{"hangs", 1, sdk.ErrDeadline, []string{"the same call failed 2 times", "no answer within 300ms"}},
	}
	for _, tt := range tests {
		t.Run(tt.kind, func(t *testing.T) {
			t.Parallel()
			cfg := config(t, tt.kind)
			cfg.Host.Timeouts.Step = 300 * time.Millisecond
			if tt.kind != "hangs" {
				cfg.Host.Timeouts.Step = 20 * time.Second
			}
			p := run(t, cfg)
			policy, err := p.LoadPolicy(t.Context(), host.Model{Space: grid(t)}, nil)
			if err != nil {
				t.Fatal(err)
			}
			err = policy.Steps(t.Context(), []space.State{""}, make([]space.Steps, 1))
			if err == nil || tt.is != nil && !errors.Is(err, tt.is) {
				t.Fatalf("got %v", err)
			}
			for _, w := range tt.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q does not say %q", err, w)
				}
			}
			if s := p.Status(); s.Restarts != tt.restarts {
				t.Errorf("%d restarts, not %d", s.Restarts, tt.restarts)
			}
		})
	}
}

func TestTheBudgetOfRestartsEnds(t *testing.T) {
	t.Parallel()
	cfg := config(t, "dies always")
	cfg.Restart.Budget = 3
	p := run(t, cfg)
	policy, err := p.LoadPolicy(t.Context(), host.Model{Space: grid(t)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	dst := make([]space.Steps, 1)
	for range 3 {
		err = policy.Steps(t.Context(), []space.State{""}, dst)
	}
	if err == nil || !strings.Contains(err.Error(), "given up after 3 restarts in 10m0s") || !strings.Contains(err.Error(), "last words") {
		t.Errorf("got %v", err)
	}
	if s := p.Status(); s.State != Failing || s.Restarts != 3 || s.PID != 0 {
		t.Errorf("%+v", s)
	}
}

func TestATrainerThatDiesGoesOnFromItsCheckpoint(t *testing.T) {
	t.Parallel()
	for kind, restarts := range map[string]int{"good": 0, "dies once": 1} {
		p := run(t, config(t, kind))
		asked := 0
		got, err := p.Train(t.Context(), host.Training{
			Space: grid(t),
			Rewards: func(_ context.Context, states []space.State, _ []float64) ([]sdk.Reward, error) {
				asked++
				return []sdk.Reward{{Status: sdk.OK, Log: -1}}, nil
			},
			Save: func(context.Context, []byte) error { return nil },
		})
		if err != nil || string(got.Weights) != "-10" {
			t.Errorf("%s: got %q, %v", kind, got.Weights, err)
		}
		if s := p.Status(); s.Restarts != restarts || asked != 10+restarts {
			t.Errorf("%s: %d restarts, %d questions", kind, s.Restarts, asked)
		}
	}
	p := run(t, config(t, "dies always"))
	_, err := p.Train(t.Context(), host.Training{
		Space: grid(t),
		Rewards: func(_ context.Context, states []space.State, _ []float64) ([]sdk.Reward, error) {
			return []sdk.Reward{{Status: sdk.OK, Log: -1}}, nil
		},
		Save: func(context.Context, []byte) error { return nil },
	})
	if err == nil || !strings.Contains(err.Error(), "it ended 3 times without a new checkpoint") || !strings.Contains(err.Error(), "last words") {
		t.Errorf("got %v", err)
	}
}

func TestCallsEndWhenThePluginIsClosedOrTheCallerLeaves(t *testing.T) {
	t.Parallel()
	p := run(t, config(t, "hangs"))
	policy, err := p.LoadPolicy(t.Context(), host.Model{Space: grid(t)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	steps := func(ctx context.Context) error {
		return policy.Steps(ctx, []space.State{""}, make([]space.Steps, 1))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := steps(ctx); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, sdk.ErrDeadline) {
		t.Errorf("the caller left: %v", err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := steps(t.Context()); !errors.Is(err, ErrClosed) {
			t.Errorf("under way: %v", err)
		}
	})
	time.Sleep(100 * time.Millisecond)
	if err := p.Close(t.Context()); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if err := steps(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("afterwards: %v", err)
	}
}

func TestTheLogOfAPluginReachesTheLogger(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var out bytes.Buffer
	cfg := config(t, "odd log")
	cfg.Logger = hclog.New(&hclog.LoggerOptions{Output: &out, Mutex: &mu, Level: hclog.Trace})
	p := run(t, cfg)
	policy, err := p.LoadPolicy(t.Context(), host.Model{Space: grid(t)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := policy.Steps(t.Context(), []space.State{""}, make([]space.Steps, 1)); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	for _, want := range []string{"plugin started", `{"@message":1}`, "bytes more)", "[31m?", "plugin ended"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the log does not say %q", want)
		}
	}
}

func TestAConditionThatAModelDoesNotTakeIsNamed(t *testing.T) {
	t.Parallel()
	p := run(t, config(t, "good"))
	_, err := p.LoadPolicy(t.Context(), host.Model{Space: grid(t)}, map[string]float64{"bta": 1})
	var e *sdk.Error
	var c *sdk.ConditionError
	if !errors.As(err, &e) || e.Call != "Policy.Load" || !errors.As(err, &c) || c.Name != "bta" {
		t.Errorf("got %v", err)
	}
}

func TestTheLastLinesOfAPluginAreShort(t *testing.T) {
	t.Parallel()
	log := host.NewLog(nil)
	fmt.Fprintf(log.Stream(), "%s\n", strings.Repeat("x", 5000))
	p := &process{log: log, runner: newRunner(nil, log, "")}
	err := p.explain("acme/x", "start", errors.New("\x1b[2J"+strings.Repeat("y", 5000)))
	if err == nil || !strings.Contains(err.Error(), "| xxx") || strings.Contains(err.Error(), "\x1b") || len(err.Error()) > 1200 {
		t.Errorf("%d bytes: %.100q", len(err.Error()), err)
	}
}
