package sdk

import (
	"errors"
	"strings"
)

// Errors of a plugin, to be told apart with errors.Is.
var (
	// ErrUnsupported is for a capability that the plugin does not have.
	ErrUnsupported = errors.New("the plugin does not have this capability")
	// ErrUnknownHandle is for a model that this process has not loaded.
	ErrUnknownHandle = errors.New("unknown model handle")
	// ErrGone is for a process that ended or a connection that broke.
	ErrGone = errors.New("the plugin process is gone")
	// ErrDeadline is for a plugin that did not answer in time.
	ErrDeadline = errors.New("the plugin did not answer in time")
	// ErrAnswer is for an answer that breaks the protocol: NaN, a wrong shape.
	ErrAnswer = errors.New("wrong answer")
	// ErrPanic is for a panic in the plugin's code; the process lives on.
	ErrPanic = errors.New("the plugin panicked")
)

// ConditionError is a condition that a model does not take, or not with that
// value. Whoever gave it can look up where.
type ConditionError struct {
	Name   string
	Reason string // what is wrong, with the name and what is possible
}

// Error is the reason.
func (e *ConditionError) Error() string { return e.Reason }

// Error is a failure of a plugin as the host reports it.
type Error struct {
	Plugin string // name of the plugin, or its path before it has told its name
	Call   string // "Step", "Load", "start"
	Place  string // "state 3, row 2, column 17"; empty where there is none
	Reason string // what is wrong, with a remedy where there is one
	Err    error  // one of the errors of this package, a *ConditionError, or nil
}

// Error is one line, but for the plugin's own last words where Reason has them.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("plugin ")
	b.WriteString(e.Plugin)
	b.WriteString(": ")
	b.WriteString(e.Call)
	if e.Place != "" {
		b.WriteString(": ")
		b.WriteString(e.Place)
	}
	b.WriteString(": ")
	switch {
	case e.Reason != "":
		b.WriteString(e.Reason)
	case e.Err != nil:
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// Unwrap is Err.
func (e *Error) Unwrap() error { return e.Err }
