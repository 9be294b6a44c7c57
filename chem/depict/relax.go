package depict

import "math"

// spring asks for a distance between two atoms.
type spring struct {
	i, j     int
	length   float64
	strength float64
}

// springs are what a frame's geometry is drawn to: bonds of length 1, rings that
// are regular, the firmer ones more so, and room between atoms that are not
// bound.
type springs struct {
	n     int
	list  []spring
	apart []spring // repel below their length
	bends []bend
}

// bend asks for an angle of 120° on the way over i, j and k, to the left or,
// with a negative sine, to the right.
type bend struct {
	i, j, k int
	sine    float64
}

const bendStrength = 1.5

const (
	bondStrength = 4.0
	roomLength   = 1.25
	roomStrength = 0.6
	tooNear      = 0.75 // below this distance atoms repel much more
	tooStrong    = 4.0
)

func (f *frame) springs() *springs {
	n := len(f.nbr)
	e := &springs{n: n}
	tied := make(map[[2]int]bool)
	for i, nbrs := range f.nbr {
		for _, j := range nbrs {
			if i < j {
				e.list = append(e.list, spring{i, j, 1, bondStrength})
				tied[[2]int{i, j}] = true
			}
		}
	}
	bridged := f.bridged()
	for r, ring := range f.rings {
		size := len(ring)
		if size < 4 {
			continue
		}
		strength, length := 1.0, 2*math.Cos(math.Pi/float64(min(size, 8)))
		switch {
		case f.firm[r]:
			strength = 3
		case bridged[r] || size > 8:
			strength = 0.12
		}
		for k, a := range ring {
			c := ring[(k+2)%size]
			pair := [2]int{min(a, c), max(a, c)}
			e.list = append(e.list, spring{a, c, length, strength})
			tied[pair] = true
		}
	}
	for i := range n {
		for j := i + 1; j < n; j++ {
			if !tied[[2]int{i, j}] {
				e.apart = append(e.apart, spring{i, j, roomLength, roomStrength})
			}
		}
	}
	return e
}

// hold sets bends that hold the double bonds as they should be, and turns those
// that are not.
func (e *springs) hold(doubles []stereoBond, at []Point) {
	e.bends = e.bends[:0]
	for _, d := range doubles {
		axis := at[d.b].sub(at[d.a])
		a := at[d.a].sub(at[d.refA]).cross(axis)
		b := axis.cross(at[d.refB].sub(at[d.b]))
		if (a*b < 0) != d.trans {
			if math.Abs(a) < math.Abs(b) {
				a = -a
			} else {
				b = -b
			}
		}
		e.bends = append(e.bends,
			bend{d.refA, d.a, d.b, math.Copysign(math.Sin(third), a)},
			bend{d.a, d.b, d.refB, math.Copysign(math.Sin(third), b)})
	}
}

// bridged tells which rings share two bonds or more with another.
func (f *frame) bridged() []bool {
	out := make([]bool, len(f.rings))
	count := make([]int, len(f.nbr))
	for r, ring := range f.rings {
		for i := range count {
			count[i] = 0
		}
		for _, a := range ring {
			count[a] = 1
		}
		for q := range r {
			shared := 0
			other := f.rings[q]
			for k, a := range other {
				if count[a] == 1 && count[other[(k+1)%len(other)]] == 1 {
					shared++
				}
			}
			if shared >= 2 {
				out[r], out[q] = true, true
			}
		}
	}
	return out
}

// energy is that of a geometry; with a force, minus its gradient is added there.
func (e *springs) energy(at, force []Point) float64 {
	sum := 0.0
	add := func(s spring, d Point, l float64) {
		x := l - s.length
		sum += s.strength * x * x
		if force != nil && l > 1e-9 {
			g := d.times(2 * s.strength * x / l)
			force[s.i] = force[s.i].add(g)
			force[s.j] = force[s.j].sub(g)
		}
	}
	for _, s := range e.list {
		d := at[s.j].sub(at[s.i])
		add(s, d, d.length())
	}
	for _, b := range e.bends {
		u, v := at[b.j].sub(at[b.i]), at[b.k].sub(at[b.j])
		x := u.cross(v) - b.sine
		sum += bendStrength * x * x
		if force != nil {
			f := -2 * bendStrength * x
			byU, byV := Point{v.Y, -v.X}.times(f), Point{-u.Y, u.X}.times(f)
			force[b.i] = force[b.i].sub(byU)
			force[b.j] = force[b.j].add(byU).sub(byV)
			force[b.k] = force[b.k].add(byV)
		}
	}
	for _, s := range e.apart {
		d := at[s.j].sub(at[s.i])
		if l := d.dot(d); l < s.length*s.length {
			l = math.Sqrt(l)
			add(s, d, l)
			if l < tooNear {
				s.length, s.strength = tooNear, tooStrong
				add(s, d, l)
			}
		}
	}
	return sum
}

// relax moves a geometry downhill by the fast inertial method (Bitzek et al.,
// Phys. Rev. Lett. 97 (2006) 170201).
func (e *springs) relax(at []Point, steps int) {
	const longest = 0.15
	speed, force := make([]Point, e.n), make([]Point, e.n)
	dt, mix, good := 0.05, 0.1, 0
	for range steps {
		for i := range force {
			force[i] = Point{}
		}
		e.energy(at, force)
		var power, f2, v2 float64
		for i := range force {
			power += force[i].dot(speed[i])
			f2 += force[i].dot(force[i])
			v2 += speed[i].dot(speed[i])
		}
		if f2 < 1e-10*float64(e.n) {
			return
		}
		if power > 0 {
			if good++; good > 5 {
				dt = min(dt*1.1, 0.25)
				mix *= 0.99
			}
		} else {
			good, mix = 0, 0.1
			dt = max(dt*0.5, 0.005)
			for i := range speed {
				speed[i] = Point{}
			}
			v2 = 0
		}
		pull := mix * math.Sqrt(v2/f2)
		for i := range at {
			speed[i] = speed[i].times(1 - mix).add(force[i].times(pull + dt))
			step := speed[i].times(dt)
			if l := step.length(); l > longest {
				step = step.times(longest / l)
			}
			at[i] = at[i].add(step)
		}
	}
}
