package store

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// Plan is what a campaign is: fixed when it starts and never changed. Its
// identity is Name and Digest.
type Plan struct {
	Name     string `json:"name"`
	Digest   string `json:"digest"`   // sha256 (hex) of Resolved
	Resolved string `json:"resolved"` // the plan with every default filled in
	File     string `json:"file"`     // the campaign file as the user wrote it

	Seed          uint64 `json:"seed"`
	Numeric       string `json:"numeric"`       // instruction set and kernel version
	Canonicalizer string `json:"canonicalizer"` // version of the canonical SMILES that is the candidates' identity

	Space      Space       `json:"space"`
	Models     []Model     `json:"models"`
	Expression string      `json:"expression"`
	Sampler    []Setting   `json:"sampler"`
	Objectives []Objective `json:"objectives"` // scores of candidates are in this order
	Budget     Budget      `json:"budget"`
}

// Space names the space that a campaign walks.
type Space struct {
	Kind    string `json:"kind"`
	Digest  string `json:"digest"` // sha256 (hex)
	Kernel  string `json:"kernel"`
	MaxSize int    `json:"max_size"`
}

// Model is a base model of a campaign, and where it came from.
type Model struct {
	Name          string    `json:"name"`
	Plugin        string    `json:"plugin"`
	PluginVersion string    `json:"plugin_version"`
	PluginSHA256  string    `json:"plugin_sha256"` // hex; empty for a bundled plugin
	Weights       string    `json:"weights"`       // as named in the campaign
	WeightsSHA256 string    `json:"weights_sha256"`
	SpaceDigest   string    `json:"space_digest"`
	Conditions    []Setting `json:"conditions,omitempty"` // such as beta
}

// Setting is a named value, kept as text.
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Objective is a scoring function with its goal.
type Objective struct {
	Name   string `json:"name"`
	Reward string `json:"reward"`
	Unit   string `json:"unit,omitempty"`
	Goal   string `json:"goal"`            // maximize, minimize, target, range
	Curve  string `json:"curve,omitempty"` // the desirability curve in words
	Weight Number `json:"weight"`          // of the weighted geometric mean; 0 is shown but not ranked by
}

// Budget says when a campaign ends. Zero fields do not limit.
type Budget struct {
	Molecules   int `json:"molecules,omitempty"`   // finished trajectories
	Distinct    int `json:"distinct,omitempty"`    // distinct candidates
	Populations int `json:"populations,omitempty"` // planned number of populations
}

// longestName keeps names printable in a table and valid as a key.
const longestName = 200

func (p Plan) validate() error {
	bad := func(format string, args ...any) error {
		return &InvalidError{Where: fmt.Sprintf("campaign %q", p.Name), What: fmt.Sprintf(format, args...)}
	}
	switch {
	case p.Name == "":
		return bad("a campaign needs a name")
	case len(p.Name) > longestName:
		return bad("the name has %d bytes, at most %d are allowed", len(p.Name), longestName)
	case !utf8.ValidString(p.Name):
		return bad("the name is not UTF-8")
	case p.Digest == "":
		return bad("the plan has no digest")
	}
	for _, r := range p.Name {
		if !unicode.IsPrint(r) {
			return bad("the name has the unprintable character %U", r)
		}
	}
	seen := map[string]bool{}
	for _, o := range p.Objectives {
		if o.Name == "" || seen[o.Name] {
			return bad("the objective name %q is empty or used twice", o.Name)
		}
		seen[o.Name] = true
		if !(o.Weight >= 0) || !finite(float64(o.Weight)) {
			return bad("objective %s: the weight %v is not a finite number from 0 up", o.Name, float64(o.Weight))
		}
	}
	return nil
}
