package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
)

// request is what a side is asked to do, one JSON object per line.
type request struct {
	Do    string `json:"do"`
	File  string `json:"file,omitempty"`  // to read
	Out   string `json:"out,omitempty"`   // to write
	Count int    `json:"count,omitempty"` // of times
	Form  string `json:"form,omitempty"`  // of torch's network, see setting
}

// answer is what a side says to a request, one JSON object per line.
type answer struct {
	Error   string  `json:"error,omitempty"`
	Seconds float64 `json:"seconds,omitempty"` // of the work alone, for one time

	// To "about".
	Version string   `json:"version,omitempty"`
	Python  string   `json:"python,omitempty"`
	BLAS    []string `json:"blas,omitempty"`    // libraries behind torch's products
	Kernels string   `json:"kernels,omitempty"` // of ours

	// To "memory": what the process has allocated and collected so far.
	Bytes uint64 `json:"bytes,omitempty"`
	GCs   uint32 `json:"gcs,omitempty"`

	// To "peak": operations per second of all threads.
	Peak float64 `json:"peak,omitempty"`
}

// side is a process that answers requests.
type side struct {
	name   string
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	stderr bytes.Buffer
}

// start starts a side: a command with an environment.
func start(ctx context.Context, name string, env []string, command string, args ...string) (*side, error) {
	s := &side{name: name, cmd: exec.CommandContext(ctx, command, args...)}
	s.cmd.Env = env
	s.cmd.Stderr = &s.stderr
	in, err := s.cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("bench: start %s: %w", name, err)
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("bench: start %s: %w", name, err)
	}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("bench: start %s: %w", name, err)
	}
	s.in, s.out = in, bufio.NewReader(out)
	return s, nil
}

// ask sends a request and waits for the answer.
func (s *side) ask(r request) (answer, error) {
	line, err := json.Marshal(r)
	if err != nil {
		return answer{}, fmt.Errorf("bench: ask %s to %s: %w", s.name, r.Do, err)
	}
	if _, err := s.in.Write(append(line, '\n')); err != nil {
		return answer{}, s.ended(r, err)
	}
	line, err = s.out.ReadBytes('\n')
	if err != nil {
		return answer{}, s.ended(r, err)
	}
	var a answer
	if err := json.Unmarshal(line, &a); err != nil {
		return answer{}, fmt.Errorf("bench: ask %s to %s: read %q: %w", s.name, r.Do, line, err)
	}
	if a.Error != "" {
		return answer{}, fmt.Errorf("bench: ask %s to %s: %s", s.name, r.Do, a.Error)
	}
	return a, nil
}

// ended is the error of a side that does not answer any more. It is closed.
func (s *side) ended(r request, cause error) error {
	_ = s.close() // how it ended says less than what it wrote
	if said := strings.TrimSpace(s.stderr.String()); said != "" {
		return fmt.Errorf("bench: ask %s to %s: it ended: %s", s.name, r.Do, said)
	}
	return fmt.Errorf("bench: ask %s to %s: it ended: %w", s.name, r.Do, cause)
}

// close ends the side and waits for it.
func (s *side) close() error {
	_ = s.in.Close() // it may have ended already
	if err := s.cmd.Wait(); err != nil {
		return fmt.Errorf("bench: end %s: %w", s.name, err)
	}
	return nil
}

// serve answers requests from in on out with handlers by name, until in ends.
func serve(handlers map[string]func(request) (answer, error), in io.Reader, out io.Writer) error {
	requests, answers := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var r request
		if err := requests.Decode(&r); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("bench: read a request: %w", err)
		}
		var a answer
		err := fmt.Errorf("bench: no request is called %q", r.Do)
		if h := handlers[r.Do]; h != nil {
			a, err = h(r)
		}
		if err != nil {
			a = answer{Error: err.Error()}
		}
		if err := answers.Encode(a); err != nil {
			return fmt.Errorf("bench: write an answer: %w", err)
		}
	}
}
