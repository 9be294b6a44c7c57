package rewards

import (
	"context"
	"math"

	"github.com/molsculpt/molsculpt/chem"
)

// Molecule is what a Scorer is asked about. Built-in functions read Mol,
// external ones may read SMILES.
type Molecule struct {
	SMILES string
	Mol    *chem.Mol // perceived; nil if the molecule could not be read
}

// Scorer gives molecules values. It answers with one Score per molecule, in
// their order, and with a status other than OK where it has no value. When ctx
// ends it answers at once, with TimedOut for what is not done.
type Scorer interface {
	Score(ctx context.Context, batch []Molecule) []Score
}

// Score is a value or the reason why there is none.
type Score struct {
	Value  float64 // meaningful if Status is OK
	Status Status
	Reason string // for people; empty if Status is OK
}

// Status says whether a score has a value.
type Status uint8

// The statuses of a score.
const (
	OK            Status = iota
	Failed               // the scorer reported an error
	TimedOut             // the scorer did not answer in time
	NotApplicable        // the function has no value for this molecule
)

var statusNames = [...]string{"ok", "failed", "timed out", "not applicable"}

// String is the status in words: ok, failed, timed out, not applicable.
func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return "unknown"
}

// valid is s, or a failed score if s claims a value that is no number.
func (s Score) valid() Score {
	if s.Status == OK && (math.IsNaN(s.Value) || math.IsInf(s.Value, 0)) {
		return Score{Status: Failed, Reason: "the value is not a finite number"}
	}
	return s
}
