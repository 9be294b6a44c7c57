package store

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Errors returned when a store is used.
var (
	// ErrClosed is returned by every method after Close.
	ErrClosed = errors.New("store: the store is closed")
	// ErrReadOnly is returned when writing to a store opened with
	// Options.ReadOnly.
	ErrReadOnly = errors.New("store: the store was opened for reading only")
)

// OpenReason says why a store could not be opened.
type OpenReason int

// Reasons in an [OpenError].
const (
	OpenFailed  OpenReason = iota // the system refused; see OpenError.Err
	NotFound                      // no such file, and the store was to be read
	NoFolder                      // the folder that should hold the file does not exist
	IsDirectory                   // the path is a folder
	NotAStore                     // the file is something else
	Damaged                       // a store, but cut short or broken
	NewerSchema                   // written by a newer molsculpt
	InUse                         // another process holds the lock
	Permission                    // the file or folder may not be read or written
)

// OpenError is returned by [Open]. Nothing was written when it is returned.
type OpenError struct {
	Path   string
	Reason OpenReason
	Schema int           // the file's schema, for NewerSchema
	Waited time.Duration // how long the lock was waited for, for InUse
	Err    error         // the cause, or nil
}

func (e *OpenError) Unwrap() error { return e.Err }

func (e *OpenError) Error() string {
	var what, hint string
	switch e.Reason {
	case NotFound:
		what, hint = "there is no such file", "run a campaign first, or name the store with --store"
	case NoFolder:
		what, hint = "the folder for it does not exist", "create the folder, or name another store with --store"
	case IsDirectory:
		what, hint = "it is a folder, not a file", "name a file in it with --store"
	case NotAStore:
		what, hint = "it is not a molsculpt store, and was left as it is", "name another file with --store"
	case Damaged:
		what, hint = "it is a damaged molsculpt store", "restore it from a copy, or start a new one with --store"
	case NewerSchema:
		what = fmt.Sprintf("it was written by a newer molsculpt (schema %d, this one reads up to %d)", e.Schema, Schema)
		hint = "update molsculpt, or name another store with --store"
	case InUse:
		what = fmt.Sprintf("it is in use by another process (waited %v)", e.Waited)
		hint = "wait until that run ends, or name another store with --store"
	case Permission:
		what, hint = "permission denied", "ask for read and write access to it, or name another store with --store"
	default:
		what, hint = "the system refused", ""
	}
	s := "store: open " + e.Path + ": " + what
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if hint != "" {
		s += "\n  try: " + hint
	}
	return s
}

// UnknownCampaignError is returned when a campaign is asked for that the store
// does not hold.
type UnknownCampaignError struct {
	Name  string
	Known []string // the names it holds, sorted
}

func (e *UnknownCampaignError) Error() string {
	s := fmt.Sprintf("store: there is no campaign %q", e.Name)
	if len(e.Known) == 0 {
		return s + "; the store holds none yet"
	}
	return s + "; the store holds " + strings.Join(e.Known, ", ")
}

// PlanChangedError is returned when a campaign is started under a name that the
// store holds with another plan.
type PlanChangedError struct {
	Name          string
	Stored, Given Plan
}

func (e *PlanChangedError) Error() string {
	return fmt.Sprintf("store: campaign %q is in the store with another plan (%s there, %s given)\n"+
		"  try: another name, or --new to start it as a new campaign beside the old one",
		e.Name, short(e.Stored.Digest), short(e.Given.Digest))
}

// Diff shows the lines of the resolved plans that differ, the stored one's
// marked "-", the given one's "+", and a line of context around them.
func (e *PlanChangedError) Diff() string {
	return diffLines(e.Stored.Resolved, e.Given.Resolved)
}

// NumericChangedError is returned when a campaign would go on under another
// numeric id (instruction set and kernel version), which would make its result
// depend on where it was interrupted.
type NumericChangedError struct {
	Name          string
	Stored, Given string
}

func (e *NumericChangedError) Error() string {
	return fmt.Sprintf("store: campaign %q was begun with the numerics %q, this machine has %q: "+
		"going on would not reproduce an uninterrupted run\n"+
		"  try: the machine it was begun on, or --force-numeric to go on and accept that",
		e.Name, e.Stored, e.Given)
}

// CanonicalChangedError is returned when a campaign would go on under another
// version of the canonical SMILES: one molecule would then have two names in it.
type CanonicalChangedError struct {
	Name          string
	Stored, Given string
}

func (e *CanonicalChangedError) Error() string {
	return fmt.Sprintf("store: campaign %q was begun with the canonical SMILES %q, this program writes %q: "+
		"going on would count one molecule as two\n"+
		"  try: the program it was begun with, or another name or store for a campaign from the start",
		e.Name, e.Stored, e.Given)
}

// InvalidError is returned when a record breaks a rule of the store: a score
// that is not a number, a candidate without a name. It is a fault of the
// program, or of a plugin whose answer was not checked; nothing of the record
// is written.
type InvalidError struct {
	Where string // campaign, population, particle, objective
	What  string
}

func (e *InvalidError) Error() string { return "store: write " + e.Where + ": " + e.What }

// RecordError is returned when stored bytes cannot be read as the record they
// should be.
type RecordError struct {
	Record string // "candidate", "trajectory", ...
	Key    string
	What   string
}

func (e *RecordError) Error() string {
	s := "store: read " + e.Record
	if e.Key != "" {
		s += fmt.Sprintf(" %q", e.Key)
	}
	return s + ": " + e.What
}

func short(digest string) string {
	if len(digest) > 12 {
		return digest[:12]
	}
	return digest
}
