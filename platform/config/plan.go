package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// Identities are digests of what a campaign file only names. They are part of
// its plan, so that changed weights under an old name make another campaign.
type Identities struct {
	Space  string            // digest of the space's descriptor
	Models map[string]string // by model: sha256 of the weights, and of the plugin where it is not bundled
	Guide  string            // the same of the guide, where there is one
	Scores map[string]string // by objective of a plugin: the same
	Curves map[string]string // by objective: its curve in words, where a file could not give it
}

// Plan is the resolved campaign as canonical text: every default filled in,
// one key per line in a fixed order, numbers in their shortest form, no
// comments. Equal plans have equal text, and the text is a valid campaign file
// but for the lines of the identities, which are comments.
func (c *Campaign) Plan(id Identities) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("version: 1")
	line("name: %s", quoted(c.Name))
	line("seed: %d", c.Seed)
	line("space:")
	line("  vocabulary: %s", quoted(c.Space.Vocabulary.Value))
	line("  max_fragments: %d", c.Space.MaxFragments)
	if id.Space != "" {
		line("  # digest %s", id.Space)
	}
	line("models:")
	for _, m := range c.Models {
		line("  %s:", m.Name)
		line("    plugin: %s", quoted(m.Plugin.Value))
		if m.Weights.Value != "" {
			line("    weights: %s", quoted(m.Weights.Value))
		}
		if m.Options.JSON != nil {
			line("    options: %s", m.Options.JSON)
		}
		for _, k := range m.Conditions {
			line("    %s: %s", k.Name, number(k.Value))
		}
		if d := id.Models[m.Name]; d != "" {
			line("    # identity %s", d)
		}
	}
	line("compose: %s", quoted(strings.Join(strings.Fields(c.Compose.Value), " ")))
	c.Allow.plan(line)
	line("sample:")
	line("  method: %s", c.Sample.Method)
	line("  particles: %d", c.Sample.Particles)
	if c.Sample.Guide.Value != "" {
		line("  guide: %s", quoted(c.Sample.Guide.Value))
		if id.Guide != "" {
			line("  # identity %s", id.Guide)
		}
	}
	if c.Sample.Steps.Value != "" {
		line("  steps: %s", c.Sample.Steps.Value)
	}
	line("objectives:")
	for _, o := range c.Objectives {
		line("  - name: %s", quoted(o.Name))
		line("    reward: %s", quoted(o.Reward.Value))
		o.planPlugin(line)
		if d := id.Scores[o.Name]; d != "" {
			line("    # identity %s", d)
		}
		line("    weight: %s", number(o.Weight))
		o.planWish(line)
		if words := id.Curves[o.Name]; words != "" {
			line("    # curve %s", words)
		}
	}
	line("budget:")
	if c.Budget.Molecules > 0 {
		line("  molecules: %d", c.Budget.Molecules)
	}
	if c.Budget.Distinct > 0 {
		line("  distinct: %d", c.Budget.Distinct)
	}
	return b.String()
}

func (o Objective) planPlugin(line func(string, ...any)) {
	if o.Plugin.Value == "" {
		return
	}
	line("    plugin: %s", quoted(o.Plugin.Value))
	if o.Weights.Value != "" {
		line("    weights: %s", quoted(o.Weights.Value))
	}
	if o.Options.JSON != nil {
		line("    options: %s", o.Options.JSON)
	}
}

func (o Objective) planWish(line func(string, ...any)) {
	if o.Goal != "" {
		line("    goal: %s", o.Goal)
	}
	if o.Goal == Target && o.Curve == nil {
		line("    target: %s", number(o.Target))
	}
	if o.Goal == Range && o.Curve == nil {
		line("    range: [%s, %s]", number(o.Low), number(o.High))
	}
	if o.Width > 0 && o.Curve == nil {
		line("    width: %s", number(o.Width))
	}
	if o.Curve != nil {
		points := make([]string, len(o.Curve))
		for i, p := range o.Curve {
			points[i] = "[" + number(p.Value) + ", " + number(p.Desirability) + "]"
		}
		line("    curve: [%s]", strings.Join(points, ", "))
	}
}

// Digest is the identity of a plan: its sha256 in hexadecimal.
func Digest(plan string) string {
	h := sha256.Sum256([]byte(plan))
	return hex.EncodeToString(h[:])
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

func quoted(s string) string { return strconv.Quote(s) }
