package supervise

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/space"
)

func TestProgramsThatAreNoPluginsFailAtOnceWithTheirWords(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string][]string{
		"dies at start": {"exit status 3", "| cannot find libcuda.so"},
		"not a plugin":  {"| usage: not-a-plugin [options]"},
		"mute":          {"timeout while waiting for plugin to start"},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			cfg := config(t, kind)
			cfg.StartTimeout = 30 * time.Second
			if kind == "mute" {
				cfg.StartTimeout = 300 * time.Millisecond
			}
			_, err := Start(t.Context(), cfg)
			var e *sdk.Error
			if !errors.As(err, &e) || e.Plugin != "test/"+kind || e.Call != "start" {
				t.Fatalf("got %v", err)
			}
			for _, w := range want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q does not say %q", err, w)
				}
			}
		})
	}
}

func TestOnlyTheLockedProgramIsStarted(t *testing.T) {
	t.Parallel()
	cfg := config(t, "good")
	cfg.SHA256 = strings.Repeat("0", 64)
	if _, err := Start(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "has sha256") {
		t.Errorf("got %v", err)
	}
	sum, err := host.HashFile(cfg.Path)
	if err != nil {
		t.Fatal(err)
	}
	cfg.SHA256 = strings.ToUpper(sum)
	if p := run(t, cfg); p.SHA256() != sum {
		t.Errorf("ran %s", p.SHA256())
	}
	cfg.Path += "-absent"
	if _, err := Start(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("got %v", err)
	}
}

func TestAPluginThatComesBackAsAnotherIsRefused(t *testing.T) {
	t.Parallel()
	cfg := config(t, "flags")
	p := run(t, cfg)
	policy, err := p.LoadPolicy(t.Context(), host.Model{Space: grid(t)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	flag := strings.TrimPrefix(cfg.Env[0], "FLAG=")
	if err := os.WriteFile(flag, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_ = syscall.Kill(p.Status().PID, syscall.SIGKILL)
	err = policy.Steps(t.Context(), []space.State{""}, make([]space.Steps, 1))
	if err == nil || !strings.Contains(err.Error(), "it was test/flags 1.0.0 and came back as test/flags 2.0.0") {
		t.Errorf("got %v", err)
	}
}

func TestTheHostsSecretsStayWithTheHost(t *testing.T) {
	t.Setenv("MOLSCULPT_TEST_API_KEY", "secret")
	t.Setenv("OMP_NUM_THREADS", "1")
	cfg := config(t, "good")
	cfg.Env = append(cfg.Env, "ACME_MODE=fast")
	p := run(t, cfg)
	s, err := p.LoadScorer(t.Context(), host.Model{})
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"MOLSCULPT_TEST_API_KEY", "OMP_NUM_THREADS", "PATH", "ACME_MODE"}
	got, err := s.Score(t.Context(), names)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{0, 1, 1, 1} {
		if got[i].Values[0] != want {
			t.Errorf("%s: seen %v, not %v", names[i], got[i].Values[0], want)
		}
	}
	if in := got[0].Reason; in != "" && in != os.DevNull {
		t.Errorf("standard input is %s", in)
	}
}
