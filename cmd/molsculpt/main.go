// Command molsculpt designs molecules for several objectives at once: it
// samples compositions of trained base models, scores what comes out, and keeps
// a ranked, explained, exportable list.
//
// Results go to standard output, progress and messages to standard error. The
// exit status is 0 when the work is done, 1 when it failed, 2 when the command
// was used wrongly.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Stdio is where a command reads and writes.
type Stdio struct {
	In       io.Reader
	Out, Err io.Writer
	Terminal bool // whether Err is a terminal, where progress may be drawn
	Width    int  // of the terminal, in characters
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		stop() // a second signal ends the process at once
	}()
	io := Stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
	io.Terminal, io.Width = terminal(os.Stderr)
	code := Run(ctx, os.Args[1:], io)
	stop()
	os.Exit(code)
}

// Run executes one command line, without the program's name, and returns the
// exit status. When ctx ends, running work is brought to a state from which it
// can go on.
func Run(ctx context.Context, args []string, stdio Stdio) int {
	a := &app{Stdio: stdio}
	root := a.rootCommand()
	root.SetArgs(args)
	root.SetIn(stdio.In)
	root.SetOut(stdio.Out)
	root.SetErr(stdio.Err)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return 0
	}
	var silent exitStatus
	if errors.As(err, &silent) {
		return int(silent)
	}
	var wrong usageError
	if errors.As(err, &wrong) || !a.started {
		fmt.Fprintf(stdio.Err, "molsculpt: %v\nrun '%s --help' for what it takes\n", err, cmd.CommandPath())
		return 2
	}
	fmt.Fprintf(stdio.Err, "molsculpt: %v\n", err)
	return 1
}

// exitStatus ends a command whose messages were already printed.
type exitStatus int

func (e exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// usageError is a command line that makes no sense.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }
