package config

import (
	"encoding/json"
	"math"
	"slices"

	"github.com/goccy/go-yaml/ast"
)

// DefaultFloor is what a reward counts as at least, and what a failed one
// counts as, where the training file does not say.
const DefaultFloor = 1e-3

// Training is a training file, with all defaults filled in.
type Training struct {
	File   string
	Name   string
	Seed   uint64
	Space  Space // of fragment trees; without meaning where Grid is set
	Grid   *Grid // the space where it is a grid, nil otherwise
	Points int   // dimension of the points of a guide's models where they are continuous, 0 otherwise
	Plugin Text
	Data   *Data     // what is learned from, nil where it is a reward
	Guide  bool      // a guide is trained, and no model
	Models []Model   // base models that a guide is trained for; nil for one of images, whose classes it tells apart
	Reward Objective // what is learned: its desirability is the reward, 0 to 1; on a grid only its name counts
	Floor  float64   // lowest reward, above 0; a failed reward counts as this. 0 on a grid, where none fails
	Train  Options   // passed to the plugin as they are
	Out    Text      // file for the weights, the card beside it
	Mark   Mark
}

// Grid is a hypergrid: what methods are proved on. Package space says how large
// it may be.
type Grid struct {
	Dim  int // axes
	Side int // points on an axis
	Mark Mark
}

// Options are the settings of a plugin, which the platform passes on unread.
type Options struct {
	JSON []byte // a JSON object, keys in the order of the file
	Mark Mark
	keys map[string]Mark
}

// At is the place of a top-level option, or of all where it is not given.
func (o Options) At(key string) Mark {
	if m, ok := o.keys[key]; ok {
		return m
	}
	return o.Mark
}

// Keys are the names of the options given.
func (o Options) Keys() []string {
	var out []string
	for k := range o.keys {
		out = append(out, k)
	}
	return out
}

// LoadTraining reads a training file.
func LoadTraining(path string) (*Training, error) {
	data, err := read(path)
	if err != nil {
		return nil, err
	}
	return ParseTraining(path, data)
}

// ParseTraining reads the content of a training file, as [ParseCampaign] does
// for a campaign.
func ParseTraining(name string, data []byte) (*Training, error) {
	src, root, err := open(name, data)
	if err != nil {
		return nil, err
	}
	t := &Training{File: name, Floor: DefaultFloor, Mark: Mark{src: src, Line: 1, Column: 1}, Plugin: Text{Value: "core/gflownet"}}
	f := root.fields("the training file", "version", "kind", "name", "seed", "space", "plugin", "reward", "data", "models", "train", "out")
	if len(src.errs) > 0 && len(f) == 0 {
		return nil, join(src.errs)
	}
	version(src, f)
	t.Name = fileName(src, f, "model")
	if n, ok := f["seed"]; ok {
		t.Seed = n.seed("seed")
	}
	if t.Grid, t.Points = parseGrid(f), pointsSpace(f); t.Grid == nil && t.Points == 0 {
		t.Space = parseSpace(f)
	}
	molecules, fromData := f["data"]
	isGuide := t.guide(f)
	t.Guide = isGuide
	switch {
	case fromData && molecules.has("images"):
		t.Plugin.Value = "core/score"
		if n, ok := f["space"]; ok {
			n.fail("take it out", "images are points of a space of their own")
		}
	case fromData && molecules.has("points"):
		t.Plugin.Value = "core/score"
		if n, ok := f["space"]; ok {
			n.fail("take it out", "points are in a space of their own, of as many numbers as a line has")
		}
	case isGuide && t.Points > 0:
		t.Plugin.Value = "core/score"
	case isGuide:
		t.Plugin.Value = "core/guide"
	case fromData:
		t.Plugin.Value = "core/diffusion"
	}
	if n, ok := f["plugin"]; ok {
		t.Plugin = n.text("plugin")
	}
	n, fromReward := f["reward"]
	if t.Points > 0 && !isGuide && !fromData {
		f["space"].fail("data: {points: [measured.csv]}", "a model of points learns from data, which say how many numbers a point has")
	}
	switch {
	case isGuide && fromData && molecules.has("images"):
		t.Data = parseData(molecules, isGuide)
	case isGuide:
	case fromData && fromReward:
		molecules.fail("train one model for each, and compose them", "there are a reward and data; a model learns from one of them")
	case fromData && t.Grid != nil && !molecules.has("images") && !molecules.has("points"):
		molecules.fail("space: {vocabulary: builtin}", "molecules are no points of a grid")
	case fromData && t.Points > 0 && !molecules.has("images") && !molecules.has("points"):
		molecules.fail("data: {points: [measured.csv]}", "files of molecules are no points")
	case fromData:
		t.Data = parseData(molecules, isGuide)
	case fromReward:
		t.reward(n)
	default:
		missing(src, "reward", "reward: {function: qed}")
	}
	t.Train = Options{JSON: []byte("{}"), Mark: t.Mark}
	if n, ok := f["train"]; ok {
		t.Train = n.options("train")
	}
	t.Out = Text{Value: t.Name + ".safetensors", Mark: t.Mark}
	if n, ok := f["out"]; ok {
		t.Out = n.text("out")
	}
	return t, join(src.errs)
}

// Path is a path of the file as the process can open it.
func (t *Training) Path(p string) string { return relativeTo(t.File, p) }

// parseGrid is the grid of a file whose space has one, nil for another space.
func parseGrid(f map[string]node) *Grid {
	n, ok := f["space"]
	if !ok || !n.has("grid") {
		return nil
	}
	n = n.fields("space", "grid")["grid"]
	g := &Grid{Mark: n.mark()}
	before := len(n.src.errs)
	size := n.fields("grid", "dim", "side")
	read := func(key string) int {
		if v, ok := size[key]; ok {
			return v.integer(key, 1, math.MaxUint16)
		}
		if len(n.src.errs) == before {
			n.fail("grid: {dim: 2, side: 32}", "the grid has no %s", key)
		}
		return 0
	}
	g.Dim, g.Side = read("dim"), read("side")
	return g
}

// has tells whether a mapping has a key.
func (x node) has(key string) bool {
	switch x.n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return slices.ContainsFunc(x.entries("a mapping"), func(e entry) bool { return e.key == key })
	}
	return false
}

func (t *Training) reward(n node) {
	t.Reward = Objective{Weight: 1, Mark: n.mark()}
	what, known := "the reward", []string{"function", "plugin", "weights", "options", "goal", "target", "range", "width", "curve", "floor"}
	if t.Grid != nil {
		what, known, t.Floor = "the reward of a grid", known[:1], 0
	}
	f := n.fields(what, known...)
	if v, ok := f["function"]; ok {
		t.Reward.Reward = v.text("function")
		t.Reward.Name = t.Reward.Reward.Value
	} else if !n.src.meant["function"] {
		n.fail("function: qed", "the reward has no function")
	}
	if v, ok := f["floor"]; ok {
		before := len(n.src.errs)
		t.Floor = v.number("floor", 0, 1)
		if t.Floor == 0 && len(n.src.errs) == before {
			v.fail("floor: 0.001", "floor is 0; it must be above 0, since the model learns its logarithm")
		}
	}
	t.Reward.wish(f, n)
	t.Reward.scoredBy(f, n)
}

// options keeps a mapping as JSON.
func (x node) options(what string) Options {
	o := Options{Mark: x.mark(), keys: map[string]Mark{}}
	for _, e := range x.entries(what) {
		o.keys[e.key] = e.keyAt
	}
	o.JSON = x.json()
	return o
}

// json is the value as JSON, the keys of mappings in the order of the file.
func (x node) json() []byte {
	sub := func(n ast.Node) []byte { return node{src: x.src, n: n, at: x.at}.json() }
	switch n := x.n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		out := []byte{'{'}
		for i, e := range x.entries("a setting") {
			if i > 0 {
				out = append(out, ',')
			}
			key, _ := json.Marshal(e.key)
			out = append(append(append(out, key...), ':'), e.value.json()...)
		}
		return append(out, '}')
	case *ast.SequenceNode:
		out := []byte{'['}
		for i, v := range n.Values {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(out, sub(v)...)
		}
		return append(out, ']')
	case *ast.NullNode, nil:
		return []byte("null")
	case ast.ScalarNode:
		v := n.GetValue()
		if f, ok := scientific(n); ok {
			v = f
		}
		if f, ok := v.(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
			x.fail("", "%v is not a finite number", f)
			v = 0
		}
		out, err := json.Marshal(v)
		if err != nil {
			x.fail("", "the value cannot be passed on: %v", err)
			return []byte("null")
		}
		return out
	default:
		x.fail("", "%s cannot be passed on", kindOf(x.n))
		return []byte("null")
	}
}
