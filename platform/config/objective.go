package config

import (
	"math"
	"strings"
)

// objectiveName tells whether a name can be a column of a table and a word of a
// filter. Blanks are allowed: a filter then needs quotes.
func objectiveName(s string) bool {
	switch strings.ToLower(s) {
	case "and", "or", "not":
		return false
	}
	return len(s) <= 100 && strings.TrimSpace(s) == s && printable(s)
}

func parseObjectives(src *source, f map[string]node) []Objective {
	n, ok := f["objectives"]
	if !ok {
		missing(src, "objectives", "objectives: [{name: qed, reward: qed, goal: maximize}]")
		return nil
	}
	return objectiveList(src, n)
}

func objectiveList(src *source, n node) []Objective {
	var out []Objective
	seen := map[string]bool{}
	for _, item := range n.items("objectives") {
		o := parseObjective(src, item)
		if o.Name != "" && seen[o.Name] {
			item.fail("give one of them another name", "two objectives are named %q", o.Name)
		}
		seen[o.Name] = true
		out = append(out, o)
	}
	if len(out) == 0 && len(src.errs) == 0 {
		n.fail("objectives: [{name: qed, reward: qed, goal: maximize}]", "no objective is given")
	}
	return out
}

func parseObjective(src *source, item node) Objective {
	o := Objective{Weight: 1, Mark: item.mark()}
	f := item.fields("the objective", "name", "reward", "plugin", "weights", "options", "goal", "weight", "target", "range", "width", "curve")
	if v, ok := f["reward"]; ok {
		o.Reward = v.text("reward")
	} else if !src.meant["reward"] {
		item.fail("reward: qed (molsculpt score --help lists them)", "the objective has no reward")
	}
	o.Name = o.Reward.Value
	named := f["reward"]
	if v, ok := f["name"]; ok {
		o.Name, named = v.text("name").Value, v
	}
	if o.Name != "" && !objectiveName(o.Name) {
		named.fail("letters, digits, - and _, but not and, or, not", "the name %q cannot be used for an objective", o.Name)
	}
	if v, ok := f["weight"]; ok {
		before := len(src.errs)
		o.Weight = v.number("weight", 0, math.Inf(1))
		if o.Weight == 0 && len(src.errs) == before {
			v.fail("leave the objective out if it shall not count", "weight is 0; it must be above 0")
		}
	}
	o.wish(f, item)
	o.scoredBy(f, item)
	return o
}

// scoredBy reads plugin, weights and options. The plugin's functions have no
// usual goal and curve that are known before it runs, so the file gives them.
func (o *Objective) scoredBy(f map[string]node, item node) {
	v, ok := f["plugin"]
	if !ok {
		for _, key := range []string{"weights", "options"} {
			if v, ok := f[key]; ok {
				v.fail("plugin: core/seh, or plugin: ./path of an executable", "the objective has %s but no plugin", key)
				return
			}
		}
		return
	}
	o.Plugin = v.text("plugin")
	if v, ok := f["weights"]; ok {
		o.Weights = v.text("weights")
	}
	if v, ok := f["options"]; ok {
		o.Options = v.options("options")
	}
	if (o.Goal == "" || o.Curve == nil && o.Width == 0) && !item.src.meant["goal"] && !item.src.meant["curve"] {
		item.fail("goal: maximize, curve: [[0, 0], [8, 1]]", "an objective of a plugin needs a goal and a curve")
	}
}

// wish reads goal, target, range, width and curve, which the training file has
// in the same form.
func (o *Objective) wish(f map[string]node, item node) {
	if v, ok := f["goal"]; ok {
		o.Goal = v.choice("goal", Maximize, Minimize, Target, Range)
	}
	need := func(key, goal string) (node, bool) {
		v, ok := f[key]
		if ok && o.Goal != goal {
			v.fail("goal: "+goal, "%s is for the goal %s", key, goal)
			return v, false
		}
		if _, curve := f["curve"]; !ok && o.Goal == goal && !curve {
			item.fail("", "the goal %s needs the key %s", goal, key)
		}
		return v, ok
	}
	if v, ok := need("target", Target); ok {
		o.Target = v.number("target", math.Inf(-1), math.Inf(1))
	}
	if v, ok := need("range", Range); ok {
		ends := v.items("range")
		if len(ends) != 2 {
			v.fail("range: [200, 500]", "range has %d values; it needs two, low and high", len(ends))
		} else {
			o.Low = ends[0].number("the low end of range", math.Inf(-1), math.Inf(1))
			o.High = ends[1].number("the high end of range", math.Inf(-1), math.Inf(1))
			if o.Low > o.High {
				v.fail("", "range begins at %v, above its end %v", o.Low, o.High)
			}
		}
	}
	if v, ok := f["width"]; ok {
		before := len(v.src.errs)
		o.Width = v.number("width", 0, math.Inf(1))
		if o.Width == 0 && len(v.src.errs) == before {
			v.fail("leave it out for a quarter of the reward's range", "width is 0; it must be above 0")
		}
		if o.Goal != Target && o.Goal != Range {
			v.fail("goal: target", "width is for the goals target and range")
		}
	}
	if v, ok := f["curve"]; ok {
		o.Curve = parseCurve(v)
	}
}

const curveHint = "curve: [[300, 1], [1000, 0]] is 1 up to 300, 0 from 1000 on, a line between"

func parseCurve(n node) []Point {
	var out []Point
	for _, item := range n.items("curve") {
		xy := item.items("a point of the curve")
		if len(xy) != 2 {
			item.fail(curveHint, "a point of the curve has %d numbers; it needs two, value and desirability", len(xy))
			return nil
		}
		p := Point{
			Value:        xy[0].number("the value of a point", math.Inf(-1), math.Inf(1)),
			Desirability: xy[1].number("the desirability of a point", 0, 1),
		}
		if len(out) > 0 && p.Value <= out[len(out)-1].Value {
			item.fail(curveHint, "the values of the curve must rise: %v follows %v", p.Value, out[len(out)-1].Value)
			return nil
		}
		out = append(out, p)
	}
	if len(out) < 2 && len(n.src.errs) == 0 {
		n.fail(curveHint, "the curve needs two points at least")
	}
	return out
}

// LoadObjectives reads the objectives of a campaign file and nothing else of
// it, so that a profile can be used without a campaign.
func LoadObjectives(path string) ([]Objective, error) {
	data, err := read(path)
	if err != nil {
		return nil, err
	}
	src, root, err := open(path, data)
	if err != nil {
		return nil, err
	}
	for _, e := range root.entries("the file") {
		if e.key == "objectives" {
			out := objectiveList(src, e.value)
			return out, join(src.errs)
		}
	}
	missing(src, "objectives", "objectives: [{name: qed, reward: qed, goal: maximize}]")
	return nil, join(src.errs)
}

// NamedObjective is the objective that a reward's name alone stands for.
func NamedObjective(reward string) Objective {
	return Objective{Name: reward, Reward: Text{Value: reward}, Weight: 1}
}
