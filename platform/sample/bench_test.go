package sample_test

import (
	"context"
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// wide is a space with the shape of fragment trees on a large vocabulary: five
// attachments, then Stop, and a table of thousands of cells at each state.
type wide struct{ cells int }

func (w wide) Descriptor() space.Descriptor { return space.Descriptor{Kind: "wide/1"} }
func (w wide) Columns() int                 { return w.cells }
func (w wide) Size(s space.State) int       { return len(s) / 2 }
func (w wide) Validate(space.State) error   { return nil }

func (w wide) Rows(s space.State) int {
	if w.Size(s) == 5 {
		return 0
	}
	return 1
}

func (w wide) Legal(s space.State, legal []bool) bool {
	for c := range legal {
		legal[c] = true
	}
	return w.Size(s) == 5
}

func (w wide) Child(s space.State, cell int) space.State {
	return space.State(binary.LittleEndian.AppendUint16([]byte(s), uint16(cell)))
}

func (w wide) Parents(s space.State) []space.Parent {
	n := len(s)
	return []space.Parent{{State: s[:n-2], Cells: []int{int(s[n-2]) | int(s[n-1])<<8}}}
}

// constant answers the same normalised logits everywhere, from memory: what is
// measured is the host's work, not the model's.
type constant struct {
	w     wide
	cells []float64
	prob  []float64
}

func newConstant(w wide, seed float64) constant {
	c := constant{w, make([]float64, w.cells), make([]float64, w.cells)}
	for i := range c.cells {
		c.cells[i] = 3 * math.Sin(seed*float64(i+1))
	}
	z := logSum(c.cells)
	for i := range c.cells {
		c.cells[i] -= z
		c.prob[i] = math.Exp(c.cells[i])
	}
	return c
}

func (c constant) Steps(_ context.Context, states []space.State, dst []space.Steps) error {
	for i, s := range states {
		if c.w.Rows(s) == 0 {
			dst[i].Stop, dst[i].Cells, dst[i].Prob = 0, dst[i].Cells[:0], dst[i].Prob[:0]
			continue
		}
		dst[i].Stop = math.Inf(-1)
		dst[i].Cells = append(dst[i].Cells[:0], c.cells...)
		dst[i].Prob = append(dst[i].Prob[:0], c.prob...)
	}
	return nil
}

// BenchmarkHostWork is the host's share of sampling with 5,000 cells a state and
// six steps a molecule.
func BenchmarkHostWork(b *testing.B) {
	for _, text := range []string{"a | b", "a & b", "a - b", "a & b & c", "a &{0.3} b", "a - b annealed"} {
		b.Run(text, func(b *testing.B) {
			var o sample.Options
			if plain, ok := strings.CutSuffix(text, " annealed"); ok {
				text, o = plain, sample.Options{Method: sample.Annealed, Twist: sample.Twist{Ladder: sample.Ladder{{.1, .5, .4}}}}
			}
			w := wide{5000}
			e, err := compose.Parse(text)
			if err != nil {
				b.Fatal(err)
			}
			c, err := compose.Compile(e, nil, nil)
			if err != nil {
				b.Fatal(err)
			}
			bases := []space.Policy{newConstant(w, 1), newConstant(w, 1.7), newConstant(w, 2.3)}[:len(c.Models())]
			s, err := sample.New(w, bases, c, o)
			if err != nil {
				b.Fatal(err)
			}
			n := 0
			b.ReportAllocs()
			b.ResetTimer()
			for p, err := range s.Populations(context.Background()) {
				if err != nil {
					b.Fatal(err)
				}
				if n += len(p.Trajectories); n >= b.N {
					break
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "molecules/s")
		})
	}
}
