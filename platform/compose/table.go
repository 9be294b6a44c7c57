package compose

// Densities sets r[a] = Density(x_a, b) for all actions a of a table and returns
// their sum, where action a has the densities x_a,i = scale_i p[a*m+i] under the
// m models.
func (c *Composition) Densities(r, p, scale []float64, b float64) (sum float64) {
	m := len(scale)
	switch t := c.root.(type) {
	case base:
		for a := range r {
			r[a] = scale[t] * p[a*m+int(t)]
			sum += r[a]
		}
		return sum
	case *mixture:
		if t.plain {
			return t.table(r, p, scale)
		}
	case *observed:
		if t.isPair(m) {
			return t.pair(r, p, scale)
		}
		if t.isAlike() {
			return t.alike(r, p, scale)
		}
	}
	var buf [inline]float64
	x := append(buf[:0], scale...)
	for a := range r {
		for i, v := range p[a*m : (a+1)*m] {
			x[i] = scale[i] * v
		}
		r[a] = c.root.at(x, b)
		sum += r[a]
	}
	return sum
}

// scaled is w_i scale_i, which takes the scales off what is multiplied by it.
func (s simplex) scaled(buf, scale []float64) []float64 {
	for i, w := range s.w {
		buf = append(buf, w*scale[i])
	}
	return buf
}

// table is at for every action.
func (t *mixture) table(r, p, scale []float64) (sum float64) {
	var buf [inline]float64
	w, m := t.weight.scaled(buf[:0], scale), len(scale)
	for a := range r {
		var v float64
		for i, x := range p[a*m : a*m+len(w)] {
			v += w[i] * x
		}
		r[a] = v
		sum += v
	}
	return sum
}

// isPair reports whether t is, over two models as they lie, one observation and
// another that costs no power: what & and - of two models compile to.
func (t *observed) isPair(models int) bool {
	return models == 2 && len(t.universe.of) == 2 && t.universe.plain && t.first >= 0 && len(t.seen) == 1 && t.seen[0].kappa == 1
}

// pair is at for every action, w_f x_f * alpha_y x_y / (alpha_0 x_0 + alpha_1 x_1).
func (t *observed) pair(r, p, scale []float64) (sum float64) {
	o, f := &t.seen[0], t.first
	first, label := t.universe.weight.w[f]*scale[f], o.prior.w[o.label]*scale[o.label]
	a0, a1 := o.prior.w[0]*scale[0], o.prior.w[1]*scale[1]
	y := o.label
	p = p[:2*len(r)]
	for a := range r {
		q := label * p[2*a+y]
		if q == 0 {
			r[a] = 0
			continue
		}
		v := first * p[2*a+f] * (q / (a0*p[2*a] + a1*p[2*a+1]))
		r[a] = v
		sum += v
	}
	return sum
}

// isAlike reports whether t is a list of plain observations under one prior, that
// of the universe, over models as they lie: what & of many models compiles to.
func (t *observed) isAlike() bool {
	if t.first < 0 || !t.universe.plain {
		return false
	}
	for k := range t.seen {
		if t.seen[k].kappa != 1 || &t.seen[k].prior.w[0] != &t.universe.weight.w[0] {
			return false
		}
	}
	return true
}

// alike is at for every action, w_f x_f * prod_k w_y_k x_y_k / sum_j w_j x_j.
func (t *observed) alike(r, p, scale []float64) (sum float64) {
	var buf [inline]float64
	w, m := t.universe.weight.scaled(buf[:0], scale), len(scale)
	for a := range r {
		x := p[a*m : a*m+len(w)]
		v := w[t.first] * x[t.first]
		if v > 0 {
			var total float64
			for i := range w {
				total += w[i] * x[i]
			}
			share := 1 / total
			for k := range t.seen {
				y := t.seen[k].label
				v *= w[y] * x[y] * share
			}
		}
		r[a] = v
		sum += v
	}
	return sum
}
