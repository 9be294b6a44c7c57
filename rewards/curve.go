package rewards

import (
	"fmt"
	"math"
	"strings"
)

// Curve maps a value to a desirability from 0 to 1.
type Curve interface {
	// At is the desirability of x. It is within [0, 1] for every number x.
	At(x float64) float64
	// String describes the curve in one line.
	String() string
}

// Point is a corner of a Linear curve.
type Point struct{ X, Y float64 }

// Linear is a piecewise linear curve through Points, constant outside of them.
// With an Exponent s other than 0 or 1 the desirability is the line's value to
// the power s, which gives the one-sided and two-sided curves of Derringer and
// Suich (1980, equations 3 and 4): s above 1 is strict, below 1 is lenient.
type Linear struct {
	Points   []Point
	Exponent float64
}

// Rising is 0 up to low, 1 from high on, and a line between.
func Rising(low, high float64) Linear {
	return Linear{Points: []Point{{low, 0}, {high, 1}}}
}

// Falling is 1 up to low, 0 from high on, and a line between.
func Falling(low, high float64) Linear {
	return Linear{Points: []Point{{low, 1}, {high, 0}}}
}

// Plateau is 1 from low to high and falls to 0 over margin on both sides.
func Plateau(low, high, margin float64) Linear {
	p := []Point{{low - margin, 0}, {low, 1}, {high, 1}, {high + margin, 0}}
	if low == high {
		p = append(p[:2], p[3])
	}
	return Linear{Points: p}
}

// Check says what is wrong with the curve: it needs two points at least, with
// rising X and with Y in [0, 1], and no negative exponent.
func (l Linear) Check() error {
	if len(l.Points) < 2 {
		return fmt.Errorf("rewards: linear curve: %d points, need two at least", len(l.Points))
	}
	for i, p := range l.Points {
		if math.IsNaN(p.X) || math.IsInf(p.X, 0) || !(p.Y >= 0 && p.Y <= 1) {
			return fmt.Errorf("rewards: linear curve: point %d (%v, %v): y must be from 0 to 1 and x finite", i+1, p.X, p.Y)
		}
		if i > 0 && p.X <= l.Points[i-1].X {
			return fmt.Errorf("rewards: linear curve: point %d: x %v must be above %v", i+1, p.X, l.Points[i-1].X)
		}
	}
	if !(l.Exponent >= 0) || math.IsInf(l.Exponent, 0) {
		return fmt.Errorf("rewards: linear curve: exponent %v must not be negative", l.Exponent)
	}
	return nil
}

// At implements Curve.
func (l Linear) At(x float64) float64 {
	y := l.line(x)
	if l.Exponent != 0 && l.Exponent != 1 {
		y = math.Pow(y, l.Exponent)
	}
	return y
}

func (l Linear) line(x float64) float64 {
	p := l.Points
	if math.IsNaN(x) || len(p) == 0 {
		return 0
	}
	if x <= p[0].X {
		return p[0].Y
	}
	for i := 1; i < len(p); i++ {
		if x <= p[i].X {
			share := (x - p[i-1].X) / (p[i].X - p[i-1].X)
			return p[i-1].Y*(1-share) + p[i].Y*share
		}
	}
	return p[len(p)-1].Y
}

// String implements Curve.
func (l Linear) String() string {
	var b strings.Builder
	b.WriteString("linear")
	for _, p := range l.Points {
		fmt.Fprintf(&b, " (%g, %g)", p.X, p.Y)
	}
	if l.Exponent != 0 && l.Exponent != 1 {
		fmt.Fprintf(&b, " ^%g", l.Exponent)
	}
	return b.String()
}

// Sigmoid is a smooth step, 1/(1 + exp(-(x - Middle)/Width)): 1/2 at Middle,
// rising for a positive Width and falling for a negative one, 0.88 and 0.12 two
// widths away. A Width of 0 is a sharp step up.
type Sigmoid struct{ Middle, Width float64 }

// Check says what is wrong with the curve: Middle and Width must be finite.
func (s Sigmoid) Check() error {
	if x := s.Middle + s.Width; math.IsNaN(x) || math.IsInf(x, 0) {
		return fmt.Errorf("rewards: sigmoid curve: middle %v and width %v must be finite", s.Middle, s.Width)
	}
	return nil
}

// At implements Curve.
func (s Sigmoid) At(x float64) float64 {
	switch {
	case math.IsNaN(x):
		return 0
	case s.Width == 0 && x == s.Middle:
		return 0.5
	case s.Width == 0:
		if x > s.Middle {
			return 1
		}
		return 0
	}
	return 1 / (1 + math.Exp(-(x-s.Middle)/s.Width))
}

// String implements Curve.
func (s Sigmoid) String() string { return fmt.Sprintf("sigmoid middle %g width %g", s.Middle, s.Width) }

// Window is the product of two sigmoids, up around Low and down around High,
// both of the same positive Width: a smooth Plateau.
type Window struct{ Low, High, Width float64 }

// Check says what is wrong with the curve.
func (w Window) Check() error {
	if !(w.Low < w.High) || !(w.Width > 0) || math.IsInf(w.High-w.Low+w.Width, 0) {
		return fmt.Errorf("rewards: window curve: low %v must be below high %v, and width %v above 0", w.Low, w.High, w.Width)
	}
	return nil
}

// At implements Curve.
func (w Window) At(x float64) float64 {
	return Sigmoid{w.Low, w.Width}.At(x) * Sigmoid{w.High, -w.Width}.At(x)
}

// String implements Curve.
func (w Window) String() string {
	return fmt.Sprintf("window from %g to %g width %g", w.Low, w.High, w.Width)
}

var (
	_ Curve = Linear{}
	_ Curve = Sigmoid{}
	_ Curve = Window{}
)
