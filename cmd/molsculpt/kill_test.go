package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/molsculpt/molsculpt/store"
)

// site is a folder with a campaign that takes a second or two, the program, and
// the plugin that the campaign names: both this test's own file under names that
// make it behave so.
type site struct {
	t   *testing.T
	dir string
}

func newSite(t *testing.T) site {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("looks for processes in /proc, which only Linux has")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := site{t, t.TempDir()}
	for _, name := range []string{"molsculpt", "tilted"} {
		if os.Link(self, filepath.Join(s.dir, name)) == nil {
			continue
		}
		data, err := os.ReadFile(self) // another file system
		if err != nil {
			t.Fatal(err)
		}
		s.write(name, string(data), 0o755)
	}
	s.write("compounds.smi", "CC(=O)Nc1ccc(O)cc1\nCC(C)Cc1ccc(cc1)C(C)C(=O)O\nCC(=O)Oc1ccccc1C(=O)O\nCN1CCC[C@H]1c1cccnc1\nOC(=O)c1ccccc1Nc1ccccc1\nc1ccc(cc1)N1CCOCC1\n", 0o644)
	s.write("campaign.yaml", `version: 1
name: killed
seed: 3
space: {vocabulary: ./vocabulary.json, max_fragments: 6}
models:
  low: {plugin: ./tilted, tilt: -2, stop: 1}
  high: {plugin: ./tilted, tilt: 2, stop: 1}
compose: low & high
sample: {particles: 16}
objectives: [{reward: qed}, {reward: sa}]
budget: {molecules: 3200}
`, 0o644)
	s.run("vocab", "build", "compounds.smi", "--out", "vocabulary.json")
	s.run("plugin", "lock", "./tilted")
	return s
}

func (s site) write(name, content string, mode os.FileMode) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(content), mode); err != nil {
		s.t.Fatal(err)
	}
}

// command is this program run in the folder.
func (s site) command(args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(s.dir, "molsculpt"), args...)
	c.Dir = s.dir
	return c
}

func (s site) run(args ...string) {
	s.t.Helper()
	if out, err := s.command(args...).CombinedOutput(); err != nil {
		s.t.Fatalf("molsculpt %v: %v\n%s", args, err, out)
	}
}

// plugins lists the processes that run the folder's plugin.
func (s site) plugins() []int {
	var out []int
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if exe, err := os.Readlink(filepath.Join("/proc", e.Name(), "exe")); err == nil && strings.HasPrefix(exe, filepath.Join(s.dir, "tilted")) {
			out = append(out, pid)
		}
	}
	return out
}

// gone waits until no process of the plugin is left.
func (s site) gone() {
	s.t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if len(s.plugins()) == 0 {
			return
		}
	}
	s.t.Fatalf("plugin processes %v outlive their host", s.plugins())
}

// wholeRun runs the campaign undisturbed, into whole.db, and says how long that
// took.
func (s site) wholeRun() time.Duration {
	s.t.Helper()
	begun := time.Now()
	s.run("run", "campaign.yaml", "--store", "whole.db")
	return time.Since(begun)
}

// same fails the test where two stores hold something else.
func (s site) same(a, b string) {
	s.t.Helper()
	if d := cmp.Diff(s.dump(a), s.dump(b)); d != "" {
		s.t.Errorf("the stores differ (-%s +%s):\n%.2000s", a, b, d)
	}
}

// dump is all that a store holds but its clock fields.
func (s site) dump(name string) string {
	s.t.Helper()
	st, err := store.Open(filepath.Join(s.dir, name), store.Options{ReadOnly: true})
	if err != nil {
		s.t.Fatal(err)
	}
	defer st.Close()
	var b bytes.Buffer
	if err := st.Dump(&b); err != nil {
		s.t.Fatal(err)
	}
	return b.String()
}

func TestAHostKilledAtTenMomentsEndsWithTheSameStore(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	s := newSite(t)
	whole := s.wholeRun()

	finished := 0
	for i := range 10 {
		c := s.command("run", "campaign.yaml", "--store", "killed.db")
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		// Spread over start, sampling and, as the work gets less, the end.
		time.Sleep(whole * time.Duration(i+1) / 22)
		_ = c.Process.Signal(syscall.SIGKILL)
		if err := c.Wait(); err == nil {
			finished++
		}
		s.gone()
	}
	if finished > 5 {
		t.Errorf("%d of ten runs ended before they were killed", finished)
	}
	s.run("run", "campaign.yaml", "--store", "killed.db")
	s.gone()
	s.same("whole.db", "killed.db")
}

func TestAKilledPluginCostsARestartNotTheRun(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	s := newSite(t)
	whole := s.wholeRun()
	begun := time.Now()
	c := s.command("run", "campaign.yaml", "--store", "shot.db", "--json")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	c.Stderr = &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	shot := 0
	for end := time.Now().Add(whole); shot < 2 && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if pids := s.plugins(); len(pids) == 2 && time.Since(begun) > whole*time.Duration(2+shot)/5 {
			if syscall.Kill(pids[shot], syscall.SIGKILL) == nil {
				shot++
			}
		}
	}
	var text bytes.Buffer
	if _, err := text.ReadFrom(out); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		t.Fatalf("the run ended with its plugin: %v\n%s", err, stderr.String())
	}
	if shot == 0 || !strings.Contains(text.String(), `"status": "done"`) || strings.Contains(text.String(), `"restarts": 0`) {
		t.Errorf("%d processes were killed; the run says:\n%s", shot, text.String())
	}
	s.gone()
	s.same("whole.db", "shot.db")
}

func TestAnInterruptKeepsWhatIsDoneAndSaysHowToGoOn(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	s := newSite(t)
	whole := s.wholeRun()
	c := s.command("run", "campaign.yaml")
	var stderr bytes.Buffer
	c.Stderr = &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(whole / 2)
	_ = c.Process.Signal(os.Interrupt)
	err := c.Wait()
	if c.ProcessState.ExitCode() != 1 || !strings.Contains(stderr.String(), "Go on with the same command") {
		t.Errorf("%v:\n%s", err, stderr.String())
	}
	s.gone()
	out, err := s.command("list").Output()
	if err != nil || !strings.Contains(string(out), "interrupted") {
		t.Errorf("list says:\n%s", out)
	}
}

func TestTheResultDoesNotDependOnTheNumberOfThreads(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	s := newSite(t)
	s.run("run", "campaign.yaml", "--store", "many.db")
	c := s.command("run", "campaign.yaml", "--store", "one.db")
	c.Env = append(os.Environ(), "GOMAXPROCS=1")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s.same("many.db", "one.db")
}

func TestAStoreInUseIsLeftAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	st, err := store.Open(filepath.Join(s.dir, defaultStore), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	out, err := s.command("run", "campaign.yaml").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "in use by another process") {
		t.Errorf("%v\n%s", err, out)
	}
	s.gone()
}
