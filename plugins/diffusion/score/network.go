package score

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/spec"
)

// Network is what turns a noisy point into numbers. It is its settings, as JSON
// has them; zero settings stand for defaults.
type Network interface {
	// Complete fills in the defaults for points of so many numbers, or says what is
	// wrong with the settings. It is called before all others.
	Complete(dimension int) error

	// Define builds the network. points has Pad(dimension) columns, a row for each
	// point, whose numbers have mean 0 and variance 1 all together; noise has
	// NoiseWidth columns, the code of the noise of each row. Both have the same
	// rows. The result has Pad(outputs) columns, of which the first outputs count,
	// and for small weights about variance 1. A row must depend on its own row
	// alone. Parameters are asked for by name, in an order that is always the same.
	Define(b nn.Builder, points, noise nn.Value, outputs int) nn.Value

	// Describe is the network in a few words, for people.
	Describe() string
}

// kinds are the networks that there are, by the name that files give them.
var kinds = map[string]func(settings []byte) (Network, error){
	"mlp":  read[MLP],
	"unet": read[UNet],
}

// read makes a network of its settings.
func read[T any, P interface {
	*T
	Network
}](settings []byte) (Network, error) {
	var n T
	err := spec.Read(settings, &n)
	return P(&n), err
}

// defaultKind is the network where a file names none.
const defaultKind = "mlp"

// Pad is how many columns hold n numbers.
func Pad(n int) int { return (n + kern.Lane - 1) / kern.Lane * kern.Lane }

// Settings is a network with its kind, as files have it.
type Settings struct {
	Kind    string
	Network Network
}

// UnmarshalJSON reads {"kind": "mlp", ...} with the settings of that kind.
func (s *Settings) UnmarshalJSON(data []byte) error {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(data, &keys); err != nil {
		return errors.New(`network is no group of keys; give for example network: {kind: mlp, width: 128}`)
	}
	s.Kind = defaultKind
	if raw, ok := keys["kind"]; ok {
		if err := json.Unmarshal(raw, &s.Kind); err != nil {
			return errors.New("kind of network is no text")
		}
		delete(keys, "kind")
	}
	made, ok := kinds[s.Kind]
	if !ok {
		return fmt.Errorf("there is no network of kind %q; there are %s", s.Kind, strings.Join(slices.Sorted(maps.Keys(kinds)), ", "))
	}
	rest, err := json.Marshal(keys)
	if err != nil {
		return err
	}
	s.Network, err = made(rest)
	return err
}

// MarshalJSON writes what UnmarshalJSON reads.
func (s Settings) MarshalJSON() ([]byte, error) {
	text, err := json.Marshal(s.Network)
	if err != nil {
		return nil, err
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(text, &keys); err != nil {
		return nil, err
	}
	kind, err := json.Marshal(s.Kind)
	if err != nil {
		return nil, err
	}
	keys["kind"] = kind
	return json.Marshal(keys)
}

// complete fills in the defaults.
func (s *Settings) complete(dimension int) error {
	if s.Network == nil {
		s.Kind, s.Network = defaultKind, &MLP{}
	}
	return s.Network.Complete(dimension)
}
