package platform

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk/space"
	"github.com/molsculpt/molsculpt/store"
)

// PlannedGuide is a guide with what was found for it.
type PlannedGuide struct {
	Plugin  catalog.Plugin
	Weights catalog.Weights
	Card    ModelCard

	names []string // of the plan's models, by the numbers that the guide knows them by
}

// identity is what a guide is beside its name in the file.
func (g *PlannedGuide) identity() string {
	return PlannedModel{Plugin: g.Plugin, Weights: g.Weights}.identity()
}

// findGuide finds a guide that [Train] wrote, by the card beside its weights; a
// relative path is looked for in a folder.
func findGuide(cat *catalog.Catalog, ref, dir string) (*PlannedGuide, error) {
	var err error
	g := &PlannedGuide{}
	if g.Weights, err = cat.Load(ref, dir); err != nil {
		return nil, err
	}
	path := ref
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	text, err := os.ReadFile(cardFile(path))
	if err == nil {
		err = json.Unmarshal(text, &g.Card)
	}
	if err != nil {
		return nil, fmt.Errorf("platform: read the card of %s: %w", ref, err)
	}
	if len(g.Card.Models) == 0 || g.Card.WeightsSHA256 != g.Weights.SHA256 {
		return nil, fmt.Errorf("platform: load %s: the card beside it is not that of a guide with these weights", ref)
	}
	g.Plugin, err = cat.Plugin(g.Card.Plugin, filepath.Dir(path))
	return g, err
}

// findGuide finds the guide that the campaign names, and makes sure that it is one
// of the plan's models.
func (p *Plan) findGuide(cat *catalog.Catalog) error {
	file := p.Campaign.Sample.Guide
	if file.Value == "" {
		return nil
	}
	g, err := findGuide(cat, file.Value, filepath.Dir(p.Campaign.Path("x")))
	var missing *catalog.Error
	switch {
	case errors.As(err, &missing):
		missing.Hint = "a guide that molsculpt train wrote, by a file with kind: guide"
		return placed(file.Mark, err)
	case err != nil:
		return file.Errorf("%s", strings.TrimPrefix(err.Error(), "platform: "))
	}
	if d := space.Difference(space.Descriptor(g.Card.Space), p.Space.Descriptor()); d != "" {
		wrong := file.Errorf("the guide was trained on another space: %s", d)
		wrong.Hint = "the vocabulary and max_fragments of the guide's training file"
		return wrong
	}
	if g.names, err = g.match(p.Models); err != nil {
		wrong := file.Errorf("%v", err)
		wrong.Hint = "compose the models that the guide was trained for, or train one for these"
		return wrong
	}
	p.Guide = g
	return nil
}

// match finds the guide's models among a plan's, whatever their names.
func (g *PlannedGuide) match(models []PlannedModel) ([]string, error) {
	if len(models) != len(g.Card.Models) {
		return nil, fmt.Errorf("the guide was trained for %d models, the composition is of %d", len(g.Card.Models), len(models))
	}
	names := make([]string, len(models))
	taken := map[string]bool{}
	for sameName := range 2 { // those of the same name come first, where two models are one
		for k, own := range g.Card.Models {
			for _, m := range models {
				if names[k] == "" && !taken[m.Name] && own.differs(m) == "" && (m.Name == own.Name || sameName == 1) {
					names[k], taken[m.Name] = m.Name, true
				}
			}
		}
	}
	for k, own := range g.Card.Models {
		if names[k] != "" {
			continue
		}
		for _, m := range models {
			if m.Name == own.Name && own.differs(m) != "" {
				return nil, fmt.Errorf("the guide was trained for another %s: %s", own.Name, own.differs(m))
			}
		}
		return nil, fmt.Errorf("the guide was trained for a model %s, which is not in the composition", own.Name)
	}
	return names, nil
}

// differs says in what a planned model is another one; "" where it is the same.
func (c *CardModel) differs(m PlannedModel) string {
	const short = 12
	switch {
	case c.WeightsSHA256 != m.Weights.SHA256:
		return fmt.Sprintf("of weights %.*s..., here they are %.*s...", short, c.WeightsSHA256, short, m.Weights.SHA256)
	case c.PluginSHA256 != m.Plugin.SHA256 || c.PluginSHA256 == "" && c.Plugin != m.Plugin.ID:
		return fmt.Sprintf("of another plugin %s", c.Plugin)
	case compact(c.Options) != compact(m.Options):
		return fmt.Sprintf("with the options %s, here they are %s", orNone(compact(c.Options)), orNone(compact(m.Options)))
	}
	if there, here := settings(c.Conditions), settings(conditions(m.file)); there != here {
		return fmt.Sprintf("at %s, here it is at %s", orNone(there), orNone(here))
	}
	return ""
}

// conditions are those that a file gives a model, as they are stored.
func conditions(m config.Model) []store.Setting {
	var out []store.Setting
	for _, c := range m.Conditions {
		out = append(out, store.Setting{Name: c.Name, Value: formatNumber(c.Value)})
	}
	return out
}

// settings prints settings in the order of their names.
func settings(list []store.Setting) string {
	var parts []string
	for _, s := range list {
		parts = append(parts, s.Name+" "+s.Value)
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// compact is JSON without blanks, which a card has for people.
func compact(text []byte) string {
	var b bytes.Buffer
	if json.Compact(&b, text) != nil {
		return string(text)
	}
	return b.String()
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// children says which children a step asks a guide about.
func children(steps string) sample.Children {
	switch steps {
	case config.StepsCandidates:
		return sample.Candidates
	case config.StepsGumbel:
		return sample.GumbelMax
	case config.StepsThinning:
		return sample.Thinning
	}
	return sample.AllChildren
}

// steersAs is the twist of a guide that stands for any: what can be checked of it
// before it is there.
func steersAs(s config.Sample) sample.Twist {
	switch {
	case s.Guide.Value == "":
		return sample.Twist{}
	case s.Steps.Value == config.StepsActions:
		return sample.Twist{Actions: anyActions{}}
	}
	return sample.Twist{Guide: anyGuide{}, Children: children(s.Steps.Value)}
}

// anyGuide and anyActions are never asked.
type (
	anyGuide   struct{ sample.Posterior }
	anyActions struct{ sample.ActionGuide }
)

// Residual implements sample.ActionGuide.
func (anyActions) Residual() bool { return false }
