package store_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/molsculpt/molsculpt/store"
)

// The test binary is also the process that gets killed: with this variable set
// to a path it works on the store there.
const childVariable = "MOLSCULPT_STORE_TEST_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childVariable); path != "" {
		if err := work(path, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

const crashPopulations = 120

// work runs a campaign to its end, resuming what is there, two populations in
// flight at a time and out of order, and prints a line per population.
func work(path string, out io.Writer) error {
	ctx := context.Background()
	s, err := store.Open(path, store.Options{BatchSize: 5, BatchDelay: 2 * time.Millisecond, LockTimeout: 5 * time.Second})
	if err != nil {
		return err
	}
	defer s.Close()
	c, err := s.Start(ctx, plan("a"), store.StartOptions{})
	if err != nil {
		return err
	}
	for i := range uint32(crashPopulations) {
		i ^= 1
		has, err := c.Has(i)
		if err != nil {
			return err
		}
		if has {
			continue
		}
		pending, err := c.Submit(ctx, population(11, i, nil))
		if err != nil {
			return err
		}
		if i%2 == 0 {
			if err := pending.Wait(ctx); err != nil {
				return err
			}
		}
		fmt.Fprintln(out, i)
	}
	return c.SetStatus(ctx, store.Done, "")
}

func TestAKilledWriterGoesOnAsIfNothingHadHappened(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	whole := filepath.Join(folder, "whole.db")
	if err := work(whole, io.Discard); err != nil {
		t.Fatal(err)
	}
	want := dump(t, open(t, whole))

	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	path := filepath.Join(folder, "killed.db")
	kills, ended := 0, false
	for !ended {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childVariable+"="+path)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// Kill it after some lines and a moment; now and then before it began.
		lines, scan := rng.IntN(crashPopulations/6), bufio.NewScanner(out)
		for lines > 0 && scan.Scan() {
			lines--
		}
		if lines == 0 {
			time.Sleep(time.Duration(rng.IntN(4000)) * time.Microsecond)
			_ = cmd.Process.Kill()
		}
		for scan.Scan() {
		}
		err = cmd.Wait()
		var exit *exec.ExitError
		switch {
		case err == nil:
			ended = true
		case errors.As(err, &exit) && exit.ExitCode() == -1:
			kills++
		default:
			t.Fatalf("after %d kills: %v", kills, err)
		}
		if kills > 1000 {
			t.Fatal("it does not get on")
		}
	}
	t.Logf("%d kills", kills)
	if diff := cmp.Diff(want, dump(t, open(t, path))); diff != "" {
		t.Error(diff)
	}
}

func TestASecondProcessIsTold(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	s := open(t, path)
	start(t, s, plan("a"))
	before := dump(t, s)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+path)
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Fatal("two processes wrote at once")
	}
	if want := "in use by another process"; !bytes.Contains(out, []byte(want)) {
		t.Errorf("it says %q, not %q", out, want)
	}
	if diff := cmp.Diff(before, dump(t, s)); diff != "" {
		t.Error(diff)
	}
}
