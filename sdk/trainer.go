package sdk

import (
	"context"

	"github.com/molsculpt/molsculpt/sdk/space"
)

// Trainer makes weights.
type Trainer interface {
	// Train runs until the weights are done, the host stops it, or ctx ends.
	Train(ctx context.Context, start TrainStart, host TrainHost) (Trained, error)
}

// TrainStart is what a training run is made from. With the same TrainStart and
// the same answers of the host, a run should give the same weights.
type TrainStart struct {
	Spec  []byte // JSON of the training file, in the plugin's terms
	Space SpaceDefinition
	Seed  uint64

	// Models are the names of what a guide is to tell apart, by number: of the
	// base models whose paths can be asked for ([Path].Label), or, in the training
	// of a guide over points from labelled examples, of the classes or sets of
	// classes that [Example].Label counts. There are no paths then, and the space
	// of points names no process, which is the trainer's to choose; the guide says
	// it in [GuideInfo]. Empty in the training of a model.
	Models []string

	// Checkpoint is what the trainer last handed to the host; empty at the
	// first start.
	Checkpoint []byte
}

// TrainHost is what a trainer may ask of the host. A training is about rewards,
// examples or paths; to ask for what it is not about is an error. Its methods may
// be called from several goroutines.
type TrainHost interface {
	// Rewards asks what finished states are worth; one answer per state, in
	// order. beta says what each was drawn for, for the host's records; may be
	// nil. The answers do not depend on it: tempering is the trainer's.
	Rewards(ctx context.Context, states []space.State, beta []float64) ([]Reward, error)

	// Examples asks for at most n states of a source, [SourceTrain] or
	// [SourceHeldOut], from where the last answer ended. more is false at its end.
	Examples(ctx context.Context, source string, n int) (examples []Example, more bool, err error)

	// Paths asks for whole paths of the base models that the training is about
	// (TrainStart.Models): those number first to first+n-1 of each of them, model
	// after model. A path follows from the training's seed, its model and its number
	// alone, so a training that goes on from a checkpoint asks for what comes next.
	Paths(ctx context.Context, first uint64, n int) ([]Path, error)

	// Progress reports how far the run is.
	Progress(p Progress) error

	// Checkpoint hands over all that is needed to go on from here, in the
	// trainer's own format; it returns when the host has stored it.
	Checkpoint(ctx context.Context, data []byte) error

	// Stopping is closed when the host wants the run to end early: the trainer
	// then hands over a checkpoint and returns Trained{Stopped: true}.
	Stopping() <-chan struct{}
}

// Reward is what a finished state is worth.
type Reward struct {
	Status Status

	// Log is the natural logarithm of the training reward at beta 1, never NaN
	// and never infinite. Where Status is not OK it is the floor that the
	// training file states.
	Log float64

	Raw float64 // the property itself, where Status is OK
}

// The sources of examples that a trainer may ask for.
const (
	SourceTrain   = "train"    // to learn from
	SourceHeldOut = "held-out" // kept back, to be measured by; may be empty
)

// Example is a state to learn from.
type Example struct {
	State  space.State
	Weight float64 // how often it counts; 1 where the source has none
	Label  int     // the number in TrainStart.Models of what it is one of; 0 where there are none
}

// Path is a whole path of a base model, from the initial state to Stop. That of a
// continuous model is its end alone: one state, no cells, and as LogBase the
// log-likelihoods of the chain that led to it.
type Path struct {
	Label  int           // the model that made it
	States []space.State // visited, the initial one first; Stop was taken at the last
	Cells  []int         // taken at each state but the last

	// LogBase is the log-likelihood of the path under every model after the
	// action at each state, that of Stop at the last: len(States) x models. A
	// step's probability is the sum over all cells that lead to the child.
	LogBase []float64
}

// Progress is how far a training run is.
type Progress struct {
	Step    uint64
	Steps   uint64             // in all, 0 where not known
	Metrics map[string]float64 // finite numbers
	Message string
}

// Trained is the outcome of a training run.
type Trained struct {
	Weights []byte // a safetensors file; empty where Stopped
	Card    []byte // JSON: metrics for the model card
	Stopped bool   // ended early, go on from the last checkpoint
}
