package depict

import (
	"math"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/wedge"
)

// Measures of bonds, in bond lengths.
const (
	doubleSpace = 0.17 // between the lines of a double bond
	tripleSpace = 0.15
	wedgeWidth  = 0.2 // at the wide end
	hashSpace   = 0.095
)

// bond draws one bond, clear of the labels at its ends.
func (v *canvas) bond(i int) {
	b := &v.m.Bonds[i]
	p, q := v.ends(int(b.A), int(b.B))
	if p == q {
		return
	}
	switch w := v.wedges[i]; {
	case w.Kind != wedge.Flat:
		if w.From == b.B {
			p, q = q, p
		}
		v.wedge(w.Kind, p, q)
	case b.Kekule == chem.Double:
		v.double(i, p, q)
	case b.Kekule == chem.Triple:
		v.parallel(p, q, -tripleSpace, 0, tripleSpace)
	case b.Kekule == chem.Quadruple:
		v.parallel(p, q, -1.5*tripleSpace, -0.5*tripleSpace, 0.5*tripleSpace, 1.5*tripleSpace)
	case b.Kekule == chem.Dative:
		v.arrow(p, q)
	case b.Kekule == chem.Zero:
		v.dots(p, q)
	default:
		v.line(v.pen, black, p, q)
	}
}

// ends are where the line between two atoms begins and ends.
func (v *canvas) ends(a, b int) (p, q Point) {
	p, q = v.at[a], v.at[b]
	dir := q.sub(p)
	length := dir.length()
	dir = dir.unit()
	margin := 0.07 * v.scale
	from, to := 0.0, length
	if l := v.labels[a]; l != nil {
		from = l.exit(dir, margin)
	}
	if l := v.labels[b]; l != nil {
		to = length - l.exit(dir.times(-1), margin)
	}
	if to-from < 0.12*length { // never nothing
		mid := min(length, max(0, (from+to)/2))
		from, to = max(0, mid-0.06*length), min(length, mid+0.06*length)
	}
	return p.add(dir.times(from)), p.add(dir.times(to))
}

// parallel draws lines beside the axis, at the given distances in bond lengths.
func (v *canvas) parallel(p, q Point, offsets ...float64) {
	left := q.sub(p).unit().left().times(v.scale)
	for _, o := range offsets {
		v.line(v.pen, black, p.add(left.times(o)), q.add(left.times(o)))
	}
}

// double draws a double bond: two lines about the axis where it is symmetric,
// else one on the axis and a shorter one on the side of the ring or of the
// substituents.
func (v *canvas) double(i int, p, q Point) {
	b := &v.m.Bonds[i]
	side := v.doubleSide(i)
	if side == 0 {
		v.parallel(p, q, -doubleSpace/2, doubleSpace/2)
		return
	}
	v.line(v.pen, black, p, q)
	axis := q.sub(p).unit()
	shift := axis.left().times(side * doubleSpace * v.scale)
	trim := func(a, other int) float64 {
		if v.labels[a] != nil || v.m.Degree(a) == 1 {
			return 0
		}
		// Up to the bisector of the angle with the next bond on this side.
		out := v.at[other].sub(v.at[a])
		least := math.Pi
		for _, nb := range v.m.Neighbors(a) {
			if int(nb.Atom) == other {
				continue
			}
			d := v.at[nb.Atom].sub(v.at[a])
			if out.cross(d)*out.cross(shift) > 0 {
				least = min(least, math.Abs(math.Atan2(out.cross(d), out.dot(d))))
			}
		}
		return min(0.3, doubleSpace/math.Tan(max(0.35, least/2))) * v.scale
	}
	from := p.add(shift).add(axis.times(max(0, trim(int(b.A), int(b.B)))))
	to := q.add(shift).sub(axis.times(max(0, trim(int(b.B), int(b.A)))))
	v.line(v.pen, black, from, to)
}

// doubleSide is the side on which the second line of a double bond is drawn:
// 1 for the left of the way from A to B as drawn, -1 for the right, 0 for both.
func (v *canvas) doubleSide(i int) float64 {
	b := &v.m.Bonds[i]
	axis := v.at[b.B].sub(v.at[b.A])
	sign := func(p Point) float64 {
		// left() turns from x to y, which on the page, with y down, is the same
		// formula as here.
		if axis.cross(p.sub(v.at[b.A])) < 0 {
			return -1
		}
		return 1
	}
	if ring := v.ringOf(i); ring != nil {
		var points []Point
		for _, a := range ring {
			points = append(points, v.at[a])
		}
		return sign(centroid(points))
	}
	degA, degB := v.m.Degree(int(b.A)), v.m.Degree(int(b.B))
	if degA == 1 && degB == 1 {
		return 0
	}
	sum, count := 0.0, 0
	for _, end := range [2]int32{b.A, b.B} {
		for _, nb := range v.m.Neighbors(int(end)) {
			if nb.Atom == b.A || nb.Atom == b.B {
				continue
			}
			d := axis.unit().cross(v.at[nb.Atom].sub(v.at[b.A])) / v.scale
			if math.Abs(d) > 0.2 {
				sum += math.Copysign(1, d)
			}
			count++
		}
	}
	terminal := min(degA, degB) == 1
	hetero := v.m.Atoms[b.A].Element != 6 && degA == 1 || v.m.Atoms[b.B].Element != 6 && degB == 1
	switch {
	case terminal && (hetero || count != 1), !terminal && sum == 0 && count > 2:
		return 0
	case sum == 0:
		if terminal || degA == 2 && degB == 2 && count == 2 && v.straight(i) {
			return 0
		}
		return 1
	}
	return math.Copysign(1, sum)
}

// straight tells whether a double bond goes on in a straight line at an end, as
// in a cumulene.
func (v *canvas) straight(i int) bool {
	b := &v.m.Bonds[i]
	axis := v.at[b.B].sub(v.at[b.A]).unit()
	for _, end := range [2]int32{b.A, b.B} {
		for _, nb := range v.m.Neighbors(int(end)) {
			if int(nb.Bond) != i && math.Abs(axis.cross(v.at[nb.Atom].sub(v.at[end]))) > 0.1*v.scale {
				return false
			}
		}
	}
	return true
}

// ringOf is the ring in which a double bond is drawn: the one with most double
// bonds for its size, or none.
func (v *canvas) ringOf(i int) []int32 {
	b := &v.m.Bonds[i]
	if !b.InRing {
		return nil
	}
	var best []int32
	bestScore := math.Inf(-1)
	for _, ring := range v.m.Rings {
		n := len(ring)
		if n > 9 {
			continue
		}
		holds, doubles := false, 0
		for k, a := range ring {
			j := v.m.BondBetween(int(a), int(ring[(k+1)%n]))
			holds = holds || j == i
			if j >= 0 && v.m.Bonds[j].Kekule == chem.Double {
				doubles++
			}
		}
		if !holds {
			continue
		}
		score := float64(doubles)/float64(n) - 0.01*math.Abs(float64(n-6))
		if score > bestScore {
			best, bestScore = ring, score
		}
	}
	return best
}

// wedge draws a bond out of the plane, with its narrow end at p.
func (v *canvas) wedge(kind wedge.Kind, p, q Point) {
	half := q.sub(p).unit().left().times(wedgeWidth / 2 * v.scale)
	switch kind {
	case wedge.Up:
		tip := half.times(v.pen / (wedgeWidth * v.scale))
		v.Shapes = append(v.Shapes, Shape{Kind: Fill, Color: black, Points: []Point{p.add(tip), q.add(half), q.sub(half), p.sub(tip)}})
	case wedge.Down:
		count := max(3, int(q.sub(p).length()/(hashSpace*v.scale)))
		for k := 1; k <= count; k++ {
			f := float64(k) / float64(count)
			mid, w := p.along(q, f), half.times(0.12+0.88*f)
			v.line(v.pen*0.9, black, mid.add(w), mid.sub(w))
		}
	default:
		v.wave(p, q, max(2, int(math.Round(5*q.sub(p).length()/v.scale))))
	}
}

func (v *canvas) arrow(p, q Point) {
	axis := q.sub(p).unit()
	head := 0.25 * v.scale
	base := q.sub(axis.times(head))
	v.line(v.pen, black, p, base)
	wing := axis.left().times(0.1 * v.scale)
	v.Shapes = append(v.Shapes, Shape{Kind: Fill, Color: black, Points: []Point{q, base.add(wing), base.sub(wing)}})
}

func (v *canvas) dots(p, q Point) {
	count := max(2, int(q.sub(p).length()/(0.14*v.scale)))
	for k := range count {
		f := float64(2*k) / float64(2*count-1)
		v.line(v.pen, black, p.along(q, f), p.along(q, f+1/float64(2*count-1)))
	}
}
