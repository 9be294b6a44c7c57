package depict

import "math"

// Point is a place or a vector in the plane. In Coordinates the unit is the
// length of a usual bond and y goes up; in a Picture it is the pixel and y goes
// down.
type Point struct{ X, Y float64 }

func (p Point) add(q Point) Point        { return Point{p.X + q.X, p.Y + q.Y} }
func (p Point) sub(q Point) Point        { return Point{p.X - q.X, p.Y - q.Y} }
func (p Point) times(f float64) Point    { return Point{p.X * f, p.Y * f} }
func (p Point) dot(q Point) float64      { return p.X*q.X + p.Y*q.Y }
func (p Point) cross(q Point) float64    { return p.X*q.Y - p.Y*q.X }
func (p Point) length() float64          { return math.Sqrt(p.X*p.X + p.Y*p.Y) }
func (p Point) angle() float64           { return math.Atan2(p.Y, p.X) }
func (p Point) distance(q Point) float64 { return p.sub(q).length() }
func (p Point) turned(left Point) Point {
	return Point{p.X*left.X - p.Y*left.Y, p.X*left.Y + p.Y*left.X}
}
func (p Point) middle(q Point) Point           { return Point{(p.X + q.X) / 2, (p.Y + q.Y) / 2} }
func (p Point) left() Point                    { return Point{-p.Y, p.X} }
func direction(angle float64) Point            { s, c := math.Sincos(angle); return Point{c, s} }
func (p Point) along(q Point, f float64) Point { return Point{p.X + f*(q.X-p.X), p.Y + f*(q.Y-p.Y)} }

// unit is the vector of length 1 in the direction of p; that of x for a vector
// without length.
func (p Point) unit() Point {
	l := p.length()
	if l < 1e-12 {
		return Point{1, 0}
	}
	return p.times(1 / l)
}

// mirrored is p reflected in the line through a in the direction of unit
// vector u.
func (p Point) mirrored(a, u Point) Point {
	d := p.sub(a)
	return a.add(u.times(2 * d.dot(u))).sub(d)
}

// crosses tells whether the segments ab and cd have an inner point in common.
func crosses(a, b, c, d Point) bool {
	ab, cd := b.sub(a), d.sub(c)
	s1, s2 := ab.cross(c.sub(a)), ab.cross(d.sub(a))
	s3, s4 := cd.cross(a.sub(c)), cd.cross(b.sub(c))
	const eps = 1e-9
	return (s1 > eps && s2 < -eps || s1 < -eps && s2 > eps) && (s3 > eps && s4 < -eps || s3 < -eps && s4 > eps)
}

// centroid is the mean of points.
func centroid(points []Point) Point {
	var c Point
	for _, p := range points {
		c = c.add(p)
	}
	return c.times(1 / float64(max(1, len(points))))
}

// turn is an angle brought between 0 (included) and 2π.
func turn(angle float64) float64 {
	angle = math.Mod(angle, 2*math.Pi)
	if angle < 0 {
		angle += 2 * math.Pi
	}
	return angle
}

// freeGap is the widest sector at the origin between the given directions: the
// angle where it begins, anticlockwise, and its width.
func freeGap(angles []float64) (from, width float64) { return bestGap(angles, nil) }

// bestGap is the best sector at the origin between the given directions: wide,
// and with few obstacles near the place in its middle.
func bestGap(angles []float64, obstacles []Point) (from, width float64) {
	if len(angles) == 0 {
		return 0, 2 * math.Pi
	}
	best := math.Inf(-1)
	for _, a := range angles {
		w := 2 * math.Pi
		for _, b := range angles {
			if d := turn(b - a); d > 1e-9 && d < w {
				w = d
			}
		}
		score := w
		middle := direction(a + w/2)
		for _, p := range obstacles {
			score -= 1.5 * max(0, 1.1-p.distance(middle))
		}
		if score > best+1e-9 {
			best, from, width = score, a, w
		}
	}
	return from, width
}
