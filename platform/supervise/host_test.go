package supervise

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// hosted starts a host of its own that has a plugin.
func hosted(t *testing.T, dir, kind string) (cmd *exec.Cmd, plugin int) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command(exe, "host", dir, kind)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	plugin, err = strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	return cmd, plugin
}

// within waits for something to become true.
func within(d time.Duration, is func() bool) bool {
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if is() {
			return true
		}
	}
	return is()
}

func TestAPluginDoesNotOutliveItsHost(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, kind string
		signal     syscall.Signal
	}{
		{"killed", "good", syscall.SIGKILL},
		{"terminated", "good", syscall.SIGTERM},
		{"quit", "good", syscall.SIGHUP},
		{"killed, and the kernel's word not heard", "deaf at load", syscall.SIGKILL},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := sockets(t)
			cmd, plugin := hosted(t, dir, tt.kind)
			if made, _ := filepath.Glob(filepath.Join(dir, "*", "plugin*")); !alive(plugin) || len(made) == 0 {
				t.Fatalf("no plugin to begin with: %v", made)
			}
			if err := cmd.Process.Signal(tt.signal); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			gone := within(2*time.Second, func() bool {
				left, _ := filepath.Glob(filepath.Join(dir, "*"))
				return !alive(plugin) && len(left) == 0
			})
			if !gone {
				left, _ := filepath.Glob(filepath.Join(dir, "*", "*"))
				t.Errorf("after two seconds: plugin alive %v, left %v", alive(plugin), left)
			}
		})
	}
}

func TestFoldersOfDeadHostsAreSweptAndOthersLeft(t *testing.T) {
	t.Parallel()
	dir := sockets(t)
	dead, plugin := hosted(t, dir, "good")
	// Both at once: nobody is left to remove the folder.
	_ = syscall.Kill(dead.Process.Pid, syscall.SIGSTOP)
	_ = syscall.Kill(plugin, syscall.SIGKILL)
	_ = dead.Process.Kill()
	_ = dead.Wait()
	stale, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(stale) != 1 {
		t.Fatalf("stale folders: %v", stale)
	}
	cfg := config(t, "good")
	cfg.SocketDir = dir
	one := run(t, cfg)
	if exists(stale[0]) {
		t.Error("the folder of a dead host is still there")
	}
	two := run(t, cfg) // sweeps too, and must leave the first one's
	for _, p := range []*Plugin{one, two} {
		if _, err := p.Health(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 2 {
		t.Errorf("folders in use: %v", left)
	}
}

func TestALongSocketFolderIsAClearError(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 25))
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	cfg := config(t, "good")
	cfg.SocketDir = dir
	_, err := Start(t.Context(), cfg)
	if err == nil || !strings.Contains(err.Error(), "the system takes 103") {
		t.Errorf("got %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}
