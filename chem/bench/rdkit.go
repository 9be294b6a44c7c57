package main

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
)

//go:embed reference.py
var script string

// request asks RDKit's side for something, one JSON object per line.
type request struct {
	Do    string   `json:"do"`              // about, answers or time
	Work  string   `json:"work,omitempty"`  // name of a work
	List  []string `json:"list,omitempty"`  // the molecules, once for each work
	Count int      `json:"count,omitempty"` // how often to do the work
}

// answer is what RDKit's side says, one JSON object per line.
type answer struct {
	Error   string   `json:"error,omitempty"`
	Version string   `json:"version,omitempty"` // to about
	Answers []string `json:"answers,omitempty"` // to answers: what comes out of the work, for each molecule
	Seconds float64  `json:"seconds,omitempty"` // to time: of the processor, for the work done once
}

// rdkit is a Python process that works with RDKit.
type rdkit struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	stderr bytes.Buffer
}

// errNoRDKit says that there is nothing to compare with.
var errNoRDKit = errors.New("bench: no python3 that can import rdkit (Debian: apt-get install python3-rdkit; or name one with --python)")

// findPython is the first of the commands that can import rdkit.
func findPython(ctx context.Context, commands ...string) (string, error) {
	for _, c := range commands {
		if exec.CommandContext(ctx, c, "-c", "import rdkit").Run() == nil {
			return c, nil
		}
	}
	return "", errNoRDKit
}

// startRDKit starts a process that answers until its input ends.
func startRDKit(ctx context.Context, python string) (*rdkit, error) {
	s := &rdkit{cmd: exec.CommandContext(ctx, python, "-c", script)}
	s.cmd.Stderr = &s.stderr
	in, err := s.cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("bench: start rdkit: %w", err)
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("bench: start rdkit: %w", err)
	}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("bench: start rdkit: %w", err)
	}
	s.in, s.out = in, bufio.NewReader(out)
	return s, nil
}

// ask sends a request and waits for the answer.
func (s *rdkit) ask(r request) (answer, error) {
	line, err := json.Marshal(r)
	if err != nil {
		return answer{}, fmt.Errorf("bench: ask rdkit to %s: %w", r.Do, err)
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
		return answer{}, fmt.Errorf("bench: ask rdkit to %s: read %q: %w", r.Do, line, err)
	}
	if a.Error != "" {
		return answer{}, fmt.Errorf("bench: ask rdkit to %s %s: %s", r.Do, r.Work, a.Error)
	}
	return a, nil
}

// ended is the error of a process that does not answer any more.
func (s *rdkit) ended(r request, cause error) error {
	_ = s.close() // how it ended says less than what it wrote
	if said := strings.TrimSpace(s.stderr.String()); said != "" {
		return fmt.Errorf("bench: ask rdkit to %s: it ended: %s", r.Do, said)
	}
	return fmt.Errorf("bench: ask rdkit to %s: it ended: %w", r.Do, cause)
}

// close ends the process and waits for it.
func (s *rdkit) close() error {
	_ = s.in.Close() // it may have ended already
	if err := s.cmd.Wait(); err != nil {
		return fmt.Errorf("bench: end rdkit: %w", err)
	}
	return nil
}
