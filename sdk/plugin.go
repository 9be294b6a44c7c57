package sdk

import (
	"context"
	"slices"
)

// ProtocolVersion is the version of the protocol that this package speaks.
const ProtocolVersion = 1

// Capability is something that a plugin can do.
type Capability string

// The capabilities, each a service of its own in the protocol.
const (
	CanPolicy    Capability = "policy"
	CanDiffusion Capability = "diffusion"
	CanGuide     Capability = "guide"
	CanTrain     Capability = "trainer"
	CanScore     Capability = "scorer"
)

// Plugin is what a program serves. A capability that is nil is absent.
type Plugin struct {
	// Name and Version have at most 100 bytes, printable and without spaces; hosts
	// refuse others.
	Name    string // vendor/product, for example "acme/kinase"
	Version string // of the plugin, a semantic version without a "v"
	Summary string // one line for people

	// SpaceKinds are the spaces that there are models for, for example
	// "fragment-tree/1"; empty where that does not matter.
	SpaceKinds []string

	// ConfigSchema is a JSON Schema of the options that Load takes; may be empty.
	ConfigSchema []byte

	Policy    Policy
	Diffusion Diffusion
	Guide     Guide
	Trainer   Trainer
	Scorer    Scorer

	// Health says how the plugin is; nil means ready, on the CPU.
	Health func(context.Context) Health

	// Shutdown frees what the plugin holds before its process ends; may be nil.
	// The context has the host's deadline.
	Shutdown func(context.Context) error
}

// Description is what a plugin says of itself.
type Description struct {
	Name         string       `json:"name"`
	Version      string       `json:"version"`
	Protocols    []int        `json:"protocols"`
	Summary      string       `json:"summary,omitempty"`
	Capabilities []Capability `json:"capabilities"`
	SpaceKinds   []string     `json:"space_kinds,omitempty"`
	ConfigSchema string       `json:"config_schema,omitempty"` // JSON
}

// Can reports whether the plugin has a capability.
func (d Description) Can(c Capability) bool { return slices.Contains(d.Capabilities, c) }

// Describe is the description that the plugin gives to a host.
func (p Plugin) Describe() Description {
	d := Description{
		Name: p.Name, Version: p.Version, Summary: p.Summary,
		Protocols:    []int{ProtocolVersion},
		SpaceKinds:   slices.Clone(p.SpaceKinds),
		ConfigSchema: string(p.ConfigSchema),
	}
	for _, c := range []struct {
		name Capability
		has  bool
	}{
		{CanPolicy, p.Policy != nil},
		{CanDiffusion, p.Diffusion != nil},
		{CanGuide, p.Guide != nil},
		{CanTrain, p.Trainer != nil},
		{CanScore, p.Scorer != nil},
	} {
		if c.has {
			d.Capabilities = append(d.Capabilities, c.name)
		}
	}
	return d
}

// HealthState says whether a plugin can work.
type HealthState int

// The states of health.
const (
	Ready  HealthState = iota // can answer now
	Busy                      // can answer later
	Failed                    // will not answer any more
)

// String is the state as a word.
func (s HealthState) String() string {
	switch s {
	case Ready:
		return "ready"
	case Busy:
		return "busy"
	default:
		return "failed"
	}
}

// Health is how a plugin is.
type Health struct {
	State   HealthState
	Message string // for people, empty where all is well
	Device  string // where the models compute, for example "cpu"
	Memory  uint64 // bytes held, 0 where not known
}
