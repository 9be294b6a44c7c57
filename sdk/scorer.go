package sdk

import "context"

// Scorer makes scoring functions: what a molecule is worth.
type Scorer interface {
	Load(ctx context.Context, req LoadRequest) (ScorerModel, error)
}

// ScorerModel is one loaded scoring function. Its methods may be called at the
// same time.
type ScorerModel interface {
	Info() ScorerInfo
	// Score answers one score per molecule, in order. An error is for a call
	// that could not be done at all; a molecule that has no score is a Score
	// with another status.
	Score(ctx context.Context, smiles []string) ([]Score, error)
	Close() error
}

// ScorerInfo is what a scorer says of itself on loading.
type ScorerInfo struct {
	Outputs []Output // one at least
}

// Output is one number that a scorer computes.
type Output struct {
	Name           string
	Unit           string
	Low, High      float64 // the range that values normally lie in
	HigherIsBetter bool
	Summary        string
}

// Score is the outcome for one molecule.
type Score struct {
	Status Status
	Values []float64 // one per output where Status is OK, empty elsewhere
	Reason string    // why not, for people
}
