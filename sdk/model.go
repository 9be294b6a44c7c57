package sdk

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/molsculpt/molsculpt/sdk/space"
)

// LoadRequest is everything that a model is made from.
type LoadRequest struct {
	// Weights is the file with the parameters, normally safetensors; empty for
	// a model that has none. Its sha256 was compared on arrival.
	Weights []byte
	SHA256  string // of Weights, hex; empty with them

	// Space is where the model works; its Kind is empty for a model that knows
	// no space, such as a scorer.
	Space SpaceDefinition

	// Options is JSON from the campaign file, shaped by the plugin's
	// ConfigSchema; may be empty.
	Options []byte
}

// SpaceDefinition is a space as it travels: enough to build it again.
type SpaceDefinition struct {
	space.Descriptor
	Columns    int    // width of every action table
	Definition []byte // what the kind says: a vocabulary as JSON for "fragment-tree/1"
}

// Open builds the space. It is an error if this program does not know the kind, or
// builds another space than the host describes.
func (d SpaceDefinition) Open() (space.Defined, error) {
	s, err := space.Open(d.Kind, d.Definition)
	if err != nil {
		return nil, err
	}
	if diff := space.Difference(s.Descriptor(), d.Descriptor); diff != "" {
		return nil, fmt.Errorf("sdk: open space: what the host describes and what its definition gives differ: %s", diff)
	}
	return s, nil
}

// Condition is an input that a model was trained over, such as beta. The host
// gives every condition a value in its range with every call.
type Condition struct {
	Name    string
	Min     float64
	Max     float64
	Default float64
	Summary string
}

// Complete gives every condition of a schema its value: the one in given, or
// the default. It is an error to name a condition that is not in the schema, or
// a value outside its range, a *[ConditionError]; there is no clamping.
func Complete(schema []Condition, given map[string]float64) (map[string]float64, error) {
	values := make(map[string]float64, len(schema))
	for _, c := range schema {
		v, ok := given[c.Name]
		if !ok {
			v = c.Default
		}
		if math.IsNaN(v) || v < c.Min || v > c.Max {
			return nil, &ConditionError{Name: c.Name, Reason: fmt.Sprintf("condition %s is %g, outside %g to %g", c.Name, v, c.Min, c.Max)}
		}
		values[c.Name] = v
	}
	var unknown []string
	for name := range given {
		if _, ok := values[name]; !ok {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		known := "it takes none"
		if len(schema) > 0 {
			names := make([]string, len(schema))
			for i, c := range schema {
				names[i] = c.Name
			}
			known = "it takes " + strings.Join(names, ", ")
		}
		return nil, &ConditionError{Name: unknown[0], Reason: fmt.Sprintf("the model has no condition %s; %s", strings.Join(unknown, ", "), known)}
	}
	return values, nil
}

// Status says what became of a score or reward. The zero value is not a status.
type Status int

// The statuses. Nothing but OK comes with a number.
const (
	OK            Status = iota + 1 // the number is good
	ScoreFailed                     // could not be computed, the reason says why
	TimedOut                        // took too long
	NotApplicable                   // has no meaning for this molecule
)

// String is the status in words.
func (s Status) String() string {
	switch s {
	case OK:
		return "ok"
	case ScoreFailed:
		return "failed"
	case TimedOut:
		return "timed out"
	case NotApplicable:
		return "not applicable"
	default:
		return "no status"
	}
}
