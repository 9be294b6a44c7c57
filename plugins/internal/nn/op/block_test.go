package op_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op/optest"
)

// TestABlockGivesTheSameWhereOnlySomeTokensAreRead holds the rows that are read
// to those of the whole layer, bit for bit, whichever they are, and a layer that
// is trained to all of them.
func TestABlockGivesTheSameWhereOnlySomeTokensAreRead(t *testing.T) {
	at := slices.IndexFunc(operations, func(o operation) bool { return o.name == "block" })
	each(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(8, 1))
		for round := range 30 {
			masks := randomMasks(r)
			var list []tree
			for range 1 + r.IntN(40) {
				list = append(list, randomTree(r, masks))
			}
			c := operations[at].make(r, plant(list, masks, r.IntN(3)))
			block := c.Op.(*op.Block)
			tokens, d := c.Shapes[0].Rows.Live, c.Shapes[0].Cols
			whole := run(block, &c)
			var read []int32
			for i := range tokens {
				if r.IntN(4) < round%5 { // none to all
					read = append(read, int32(i))
				}
			}
			block.Read = &read
			input := slices.Clone(c.In[0])
			for c.Env.Threads = 1; c.Env.Threads <= 3; c.Env.Threads++ {
				some := run(block, &c)
				for _, i := range read {
					for k := int(i) * d; k < int(i+1)*d; k++ {
						if math.Float32bits(some[k]) != math.Float32bits(whole[k]) {
							t.Fatalf("token %d of %d, of which %d are read: %v, not %v", i, tokens, len(read), some[k], whole[k])
						}
					}
				}
			}
			if !slices.Equal(input, c.In[0]) {
				t.Fatal("the input has changed")
			}
			c.Env.Train = true
			if trained := run(block, &c); !slices.Equal(trained, whole) {
				t.Fatal("a layer that is trained leaves tokens out")
			}
		}
	})
}

// run is the live rows of an operation's output.
func run(o op.Op, c *optest.Case) []float32 {
	s := o.Shape()
	out := make([]float32, s.Rows.Cap*s.Cols)
	o.Forward(c.In, out)
	return out[:s.Rows.Live*s.Cols]
}
