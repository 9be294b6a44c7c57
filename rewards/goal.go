package rewards

import (
	"errors"
	"fmt"
)

// Goal is what is wanted of a value.
type Goal uint8

// The goals. Default stands for the goal of the function.
const (
	Default  Goal = iota
	Minimize      // the lower the better
	Maximize      // the higher the better
	Target        // the nearer to one value the better
	Range         // anything between two values
)

var goalNames = [...]string{"", "minimize", "maximize", "target", "range"}

// String is the goal's name in campaign files.
func (g Goal) String() string {
	if int(g) < len(goalNames) {
		return goalNames[g]
	}
	return "unknown"
}

// ParseGoal reads a goal's name; British spelling is understood. The empty name
// is Default.
func ParseGoal(s string) (Goal, error) {
	switch s {
	case "minimise":
		return Minimize, nil
	case "maximise":
		return Maximize, nil
	}
	for i, name := range goalNames {
		if name == s {
			return Goal(i), nil
		}
	}
	return 0, fmt.Errorf("rewards: unknown goal %q (one of minimize, maximize, target, range)", s)
}

// Bounds are the figures that a goal may need.
type Bounds struct {
	Low, High float64 // ends of the span over which desirability changes; of the wanted range for Range
	Target    float64 // the wanted value for Target
	Margin    float64 // Target, Range: how far outside desirability falls to 0
}

// Curve is the plain curve for a goal: a straight line between Low and High for
// Minimize and Maximize, a triangle around Target of half width Margin, and for
// Range 1 from Low to High with slopes of width Margin on both sides.
func (g Goal) Curve(b Bounds) (Curve, error) {
	switch g {
	case Minimize, Maximize:
		if b.Low >= b.High {
			return nil, fmt.Errorf("rewards: goal %s: low %v must be below high %v", g, b.Low, b.High)
		}
		if g == Minimize {
			return Falling(b.Low, b.High), nil
		}
		return Rising(b.Low, b.High), nil
	case Target:
		if b.Margin <= 0 {
			return nil, errors.New("rewards: goal target: the margin must be positive")
		}
		return Plateau(b.Target, b.Target, b.Margin), nil
	case Range:
		if b.Low > b.High || b.Margin <= 0 {
			return nil, fmt.Errorf("rewards: goal range: low %v must not exceed high %v, and the margin must be positive", b.Low, b.High)
		}
		return Plateau(b.Low, b.High, b.Margin), nil
	default:
		return nil, errors.New("rewards: no goal is given")
	}
}
