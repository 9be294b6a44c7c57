package platform

import (
	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/rewards"
)

// NewObjective turns what the file wishes into a scoring function with its
// desirability curve; dir is what paths are relative to. The function of a
// plugin must be started before it scores. A mistake is a *config.Error at its
// place.
func NewObjective(o config.Objective, cat *catalog.Catalog, dir string) (rewards.Objective, error) {
	f, err := function(o, cat, dir)
	if err != nil {
		return rewards.Objective{}, err
	}
	goal, err := rewards.ParseGoal(o.Goal)
	if err != nil {
		return rewards.Objective{}, o.Mark.Errorf("%v", err)
	}
	out := rewards.Objective{Name: o.Name, Function: f, Goal: goal, Weight: o.Weight, Curve: curveOf(o, f)}
	out, err = out.Resolve()
	if err != nil {
		return out, o.Mark.Errorf("%v", err)
	}
	return out, nil
}

// function is the built-in function of the objective's reward, or the plugin's.
func function(o config.Objective, cat *catalog.Catalog, dir string) (rewards.Function, error) {
	if o.Plugin.Value != "" {
		s, err := newScorer(o, cat, dir)
		if err != nil {
			return rewards.Function{}, err
		}
		return rewards.Function{Name: o.Reward.Value, Scorer: s}, nil
	}
	f, ok := rewards.Find(o.Reward.Value)
	if !ok {
		e := o.Reward.Errorf("there is no reward %q", o.Reward.Value)
		e.Hint = suggestion(o.Reward.Value, rewards.Names())
		return rewards.Function{}, e
	}
	return f, nil
}

// curveOf is the desirability curve that the file asks for, nil for the usual
// one of the function and goal.
func curveOf(o config.Objective, f rewards.Function) rewards.Curve {
	if o.Curve != nil {
		points := make([]rewards.Point, len(o.Curve))
		for i, p := range o.Curve {
			points[i] = rewards.Point{X: p.Value, Y: p.Desirability}
		}
		return rewards.Linear{Points: points}
	}
	width := o.Width
	if width == 0 {
		width = (f.High - f.Low) / 4 // a quarter of what values are to be expected
	}
	switch o.Goal {
	case config.Target:
		return rewards.Plateau(o.Target, o.Target, width)
	case config.Range:
		return rewards.Plateau(o.Low, o.High, width)
	}
	return nil
}

func suggestion(word string, choices []string) string {
	if n := config.Nearest(word, choices); n != "" {
		return "did you mean " + n + "?"
	}
	list := ""
	for i, c := range choices {
		if i > 0 {
			list += ", "
		}
		list += c
	}
	return "one of " + list
}
