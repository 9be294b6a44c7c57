package config

import (
	"math"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The bounds of a campaign file, past which a number is taken for a mistake.
const (
	MaxMolecules    = 10_000_000
	MaxParticles    = 65_536
	MaxFragments    = 64
	DefaultFragment = 9  // max_fragments where the file has none
	DefaultParticle = 64 // particles where the file has none
)

// Campaign is a campaign file, with all defaults filled in.
type Campaign struct {
	File       string // as given; "-" for none
	Text       string // what was written in it
	Name       string
	Seed       uint64
	Space      Space
	Models     []Model // in the order of the file
	Compose    Text
	Allow      Allow
	Sample     Sample
	Objectives []Objective
	Budget     Budget
	Mark       Mark // the file's beginning
}

// Space names what the models walk.
type Space struct {
	Vocabulary   Text // "builtin" or a file, relative to the campaign file
	MaxFragments int  // largest tree, in fragments
}

// Model is a base model.
type Model struct {
	Name       string
	Plugin     Text        // "core/gflownet", or "./path" of an executable
	Weights    Text        // "builtin:qed", or a file; empty where a plugin needs none
	Conditions []Condition // beta and the like, in the order of the file
	Options    Options     // for the plugin, which alone knows them
	Mark       Mark
}

// Condition is a number a model is conditioned on.
type Condition struct {
	Name  string
	Value float64
	Mark  Mark
}

// Goals of an objective.
const (
	Maximize = "maximize"
	Minimize = "minimize"
	Target   = "target"
	Range    = "range"
)

// Objective is a scoring function with what is wished of it.
type Objective struct {
	Name    string
	Reward  Text    // a built-in function, or an output of the plugin where there is one
	Plugin  Text    // that scores; empty for a built-in function
	Weights Text    // of the plugin: "builtin:NAME" or a file; may be empty
	Options Options // of the plugin, which alone knows them
	Goal    string  // one of the goals, or "" for the reward's own
	Weight  float64 // of the geometric mean, above 0
	Target  float64 // the wished value, with goal target
	Low     float64 // the wished range, with goal range
	High    float64
	Width   float64 // distance from target or range at which desirability is 0; 0 for the reward's own
	Curve   []Point // desirability by value, linear between the points; nil for the goal's own
	Mark    Mark
}

// Point is a corner of a desirability curve.
type Point struct {
	Value        float64 // in the unit of the scoring function
	Desirability float64 // 0 to 1
}

// Budget says when to stop: at whichever bound is met first.
type Budget struct {
	Molecules int // finished trajectories, 0 for no bound of this kind
	Distinct  int // distinct valid molecules, 0 for no bound of this kind
	Mark      Mark
}

var nameRule = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// LoadCampaign reads a campaign file.
func LoadCampaign(path string) (*Campaign, error) {
	data, err := read(path)
	if err != nil {
		return nil, err
	}
	return ParseCampaign(path, data)
}

// ParseCampaign reads the content of a campaign file; name is for messages and
// to resolve relative paths. All mistakes of form are reported at once.
func ParseCampaign(name string, data []byte) (*Campaign, error) {
	src, root, err := open(name, data)
	if err != nil {
		return nil, err
	}
	c := &Campaign{File: name, Text: string(data), Mark: Mark{src: src, Line: 1, Column: 1}}
	f := root.fields("the campaign", "version", "name", "seed", "space", "models", "compose", "allow", "sample", "objectives", "budget")
	if len(src.errs) > 0 && len(f) == 0 {
		return nil, join(src.errs)
	}
	version(src, f)
	c.Name = fileName(src, f, "campaign")
	if n, ok := f["seed"]; ok {
		c.Seed = n.seed("seed")
	}
	c.Space = parseSpace(f)
	c.Models = parseModels(src, f)
	if n, ok := f["compose"]; ok {
		c.Compose = n.text("compose")
	} else if len(c.Models) == 1 {
		c.Compose = Text{Value: c.Models[0].Name, Mark: c.Models[0].Mark}
	} else if len(c.Models) > 1 {
		missing(src, "compose", "an expression over the models, for example compose: qed & sa")
	}
	c.Allow = parseAllow(f)
	c.Sample = parseSample(f, c.Mark)
	c.Objectives = parseObjectives(src, f)
	c.Budget = parseBudget(src, f)
	return c, join(src.errs)
}

// Path is a path of the file as the process can open it: relative ones are
// relative to the file's folder.
func (c *Campaign) Path(p string) string { return relativeTo(c.File, p) }

func relativeTo(file, p string) string {
	if filepath.IsAbs(p) || file == "-" || file == "" {
		return p
	}
	return filepath.Join(filepath.Dir(file), p)
}

func missing(src *source, key, hint string) {
	if src.meant[key] {
		return // a mistyped key was reported
	}
	e := Mark{src: src}.Errorf("the key %s is missing", key)
	e.Hint = hint
	src.errs = append(src.errs, e)
}

func version(src *source, f map[string]node) {
	n, ok := f["version"]
	if !ok {
		missing(src, "version", "version: 1")
		return
	}
	if v := n.integer("version", 0, math.MaxInt32); v != 1 {
		n.fail("version: 1", "version %d is not known to this program", v)
	}
}

func fileName(src *source, f map[string]node, what string) string {
	n, ok := f["name"]
	if !ok {
		missing(src, "name", "name: my-"+what)
		return ""
	}
	t := n.text("name")
	if len(t.Value) > 100 || strings.ContainsAny(t.Value, "/\\") || !printable(t.Value) {
		n.fail("letters, digits, - and _", "the name %q cannot be used", t.Value)
	}
	return t.Value
}

// printable tells whether a name can be shown in a terminal and a table.
func printable(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}

func parseSpace(f map[string]node) Space {
	s := Space{Vocabulary: Text{Value: "builtin"}, MaxFragments: DefaultFragment}
	n, ok := f["space"]
	if !ok {
		return s
	}
	g := n.fields("space", "vocabulary", "max_fragments")
	if v, ok := g["vocabulary"]; ok {
		s.Vocabulary = v.text("vocabulary")
	}
	if v, ok := g["max_fragments"]; ok {
		s.MaxFragments = v.integer("max_fragments", 1, MaxFragments)
	}
	return s
}

func parseModels(src *source, f map[string]node) []Model {
	n, ok := f["models"]
	if !ok {
		missing(src, "models", "models: {qed: {plugin: core/gflownet, weights: builtin:qed, beta: 32}}")
		return nil
	}
	var out []Model
	for _, e := range n.entries("models") {
		m := Model{Name: e.key, Mark: e.keyAt}
		if !nameRule.MatchString(m.Name) || m.Name == "obs" || m.Name == "over" || m.Name == "harmonic" {
			err := e.keyAt.Errorf("a model cannot be named %q", m.Name)
			err.Hint = "a letter, then letters, digits or _ (obs, over and harmonic are words of the expression language)"
			src.errs = append(src.errs, err)
		}
		before := len(src.errs)
		for _, k := range e.value.entries("model " + m.Name) {
			switch k.key {
			case "plugin":
				m.Plugin = k.value.text("plugin")
			case "weights":
				m.Weights = k.value.text("weights")
			case "options":
				m.Options = k.value.options("options")
			default:
				known := []string{"plugin", "weights", "options"}
				if !k.value.isNumber() && (Nearest(k.key, known) == "" && k.value.almostNumber()) {
					k.value.fail("without quotes, as beta: 32", "condition %s must be a finite number, not %s", k.key, kindOf(k.value.n))
					continue
				}
				if !k.value.isNumber() {
					err := k.keyAt.Errorf("unknown key %q in model %s", k.key, m.Name)
					err.Hint = didYouMean(k.key, append(known, "a condition with a number, as beta: 32"))
					src.errs = append(src.errs, err)
					continue
				}
				c := Condition{Name: k.key, Mark: k.keyAt}
				c.Value = k.value.number("condition "+k.key, math.Inf(-1), math.Inf(1))
				m.Conditions = append(m.Conditions, c)
			}
		}
		if len(src.errs) == before {
			checkModel(src, m)
		}
		out = append(out, m)
	}
	if len(out) == 0 && len(src.errs) == 0 {
		n.fail("models: {qed: {plugin: core/gflownet, weights: builtin:qed, beta: 32}}", "no model is given")
	}
	return out
}

func checkModel(src *source, m Model) {
	if m.Plugin.Value == "" {
		err := m.Mark.Errorf("model %s: the plugin is missing", m.Name)
		err.Hint = "plugin: core/gflownet, or plugin: ./path of an executable"
		src.errs = append(src.errs, err)
		return
	}
	if m.Weights.Value == "" && strings.HasPrefix(m.Plugin.Value, "core/") {
		err := m.Mark.Errorf("model %s: the weights are missing", m.Name)
		err.Hint = "weights: builtin:qed, or weights: FILE.safetensors written by molsculpt train"
		src.errs = append(src.errs, err)
	}
}

func parseBudget(src *source, f map[string]node) Budget {
	n, ok := f["budget"]
	if !ok {
		missing(src, "budget", "budget: {molecules: 2000}")
		return Budget{}
	}
	b := Budget{Mark: n.mark()}
	g := n.fields("budget", "molecules", "distinct")
	if v, ok := g["molecules"]; ok {
		b.Molecules = v.integer("the budget of molecules", 1, MaxMolecules)
	}
	if v, ok := g["distinct"]; ok {
		b.Distinct = v.integer("the budget of distinct molecules", 1, MaxMolecules)
		if b.Molecules > 0 && b.Distinct > b.Molecules {
			v.fail("raise molecules or lower distinct", "%d distinct molecules cannot come out of %d", b.Distinct, b.Molecules)
		}
	}
	if len(g) == 0 && len(src.errs) == 0 {
		n.fail("budget: {molecules: 2000}", "the budget has neither molecules nor distinct")
	}
	return b
}
