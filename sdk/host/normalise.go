package host

import (
	"fmt"
	"math"
	"slices"

	"github.com/molsculpt/molsculpt/sdk/internal/wire"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// bad reports what is no log-preference. Minus infinity is one.
func bad(v float32) bool { return !(v <= math.MaxFloat32) }

// state turns the answer to one question into normalised steps. The question is
// number i of the message, and its table begins at row at.
func (p *Policy) state(s *scratch, a answer, q *question, i, at int) error {
	const call = "Policy.Step"
	columns, name, rows, st := p.space.Columns(), q.name, q.rows, q.state
	n := rows * columns
	s.logits = grow(s.logits, n)
	s.legal = grow(s.legal, n)
	clear(s.legal)
	stopLegal := p.space.Legal(st, s.legal)
	if a.queries != nil {
		if err := p.products(s, a, name, at, rows, st); err != nil {
			return err
		}
	} else if n > 0 {
		s.logits = wire.Floats(s.logits, a.dense[4*at*columns:4*(at*columns+n)])
	}
	stop := wire.Float(a.stop, i)
	if bad(stop) {
		return p.c.wrong(call, statePlace(name, st)+", stop", "%v is no log-preference", stop)
	}
	none := float32(math.Inf(-1))
	if !stopLegal {
		stop = none
	}
	most, logits, legal := stop, s.logits, s.legal[:len(s.logits)]
	for c, v := range logits {
		switch {
		case bad(v):
			return p.c.wrong(call, cellPlace(name, st, c, columns), "%v is no log-preference", v)
		case !legal[c]:
			logits[c] = none
		case v > most:
			most = v
		}
	}
	if most == none {
		if !stopLegal && !slices.Contains(legal, true) {
			return fmt.Errorf("host: the space allows no action at %s", statePlace(name, st))
		}
		return p.c.wrong(call, statePlace(name, st), "every legal action has probability zero")
	}
	normalise(q.dst, logits, float64(stop), float64(most))
	return nil
}

func cellPlace(name int, st space.State, cell, columns int) string {
	return fmt.Sprintf("%s, row %d, column %d", statePlace(name, st), cell/columns, cell%columns)
}

// normalise is the log-softmax over Stop and the cells, in float64; what is not
// legal is minus infinity. The largest preference is taken off before the
// logarithm of the sum is: next to a huge one the logarithm would be lost.
func normalise(dst *space.Steps, logits []float32, stop, most float64) {
	dst.Prob = grow(dst.Prob, len(logits))
	sum := math.Exp(stop-most) + exponentials(dst.Prob, logits, most)
	logSum, share := math.Log(sum), 1/sum
	dst.Stop = (stop - most) - logSum
	dst.Cells = grow(dst.Cells, len(logits))
	cells, prob := dst.Cells[:len(logits)], dst.Prob[:len(logits)]
	for c, v := range logits {
		cells[c] = (float64(v) - most) - logSum
		prob[c] *= share
	}
}

// products fills the logits of one state's legal cells from its queries and the
// keys; the others become zero.
func (p *Policy) products(s *scratch, a answer, name, at, rows int, st space.State) error {
	const call = "Policy.Step"
	columns := p.space.Columns()
	s.query = wire.Floats(s.query, a.queries[4*at*p.width:4*(at+rows)*p.width])
	for i, v := range s.query {
		if bad(v) || math.IsInf(float64(v), -1) {
			return p.c.wrong(call, fmt.Sprintf("%s, row %d", statePlace(name, st), i/p.width), "%v in the query is no finite number", v)
		}
	}
	clear(s.logits)
	for r := range rows {
		q := s.query[r*p.width : (r+1)*p.width]
		out, legal := s.logits[r*columns:(r+1)*columns], s.legal[r*columns:(r+1)*columns]
		waiting := -1 // a legal column whose product is taken together with the next one's
		for c := range out {
			switch {
			case !legal[c]:
			case waiting < 0:
				waiting = c
			default:
				out[waiting], out[c] = dots(q, p.key(waiting), p.key(c))
				waiting = -1
			}
		}
		if waiting >= 0 {
			out[waiting], _ = dots(q, p.key(waiting), p.key(waiting))
		}
		if p.bias != nil {
			for c := range out {
				if legal[c] {
					out[c] += p.bias[c]
				}
			}
		}
	}
	return nil
}

func (p *Policy) key(column int) []float32 { return p.keys[column*p.width : (column+1)*p.width] }

// dots is two inner products with x, each in a fixed order of four sums, so that
// an answer depends on nothing but its arguments. Two at a time keep twice as
// many additions under way.
func dots(x, y, z []float32) (float32, float32) {
	y, z = y[:len(x)], z[:len(x)]
	var a, b, c, d, e, f, g, h float32
	i := 0
	for ; i+4 <= len(x); i += 4 {
		a += x[i] * y[i]
		b += x[i+1] * y[i+1]
		c += x[i+2] * y[i+2]
		d += x[i+3] * y[i+3]
		e += x[i] * z[i]
		f += x[i+1] * z[i+1]
		g += x[i+2] * z[i+2]
		h += x[i+3] * z[i+3]
	}
	for ; i < len(x); i++ {
		a += x[i] * y[i]
		e += x[i] * z[i]
	}
	return (a + b) + (c + d), (e + f) + (g + h)
}

// grow is x with length n, in its own room where that is enough.
func grow[T any](x []T, n int) []T {
	if cap(x) < n {
		return make([]T, n)
	}
	return x[:n]
}
