package nn_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op/optest"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/train"
)

// Step 1: the definition. The input has two halves, a and b, side by side; the
// output is a * 1/(1+e^-b) (the gated linear unit of Dauphin et al. 2017).
func gateForm(x []float64, d int) []float64 {
	y := make([]float64, len(x)/2)
	for i := range y {
		r, c := i/d, i%d
		y[i] = x[r*2*d+c] / (1 + math.Exp(-x[r*2*d+d+c]))
	}
	return y
}

// Step 2: the operation.
type gate struct {
	Env   *op.Env
	Label string
	Rows  *op.Rows
	D     int // of the output

	open []float32 // 1/(1+e^-b), kept for Backward
}

func (o *gate) Name() string    { return "gate " + o.Label }
func (o *gate) Shape() op.Shape { return op.Shape{Rows: o.Rows, Cols: o.D} }

func (o *gate) Check(in []op.Shape) error {
	if len(in) != 1 || in[0] != (op.Shape{Rows: o.Rows, Cols: 2 * o.D}) {
		return fmt.Errorf("gate %s: want one input of %d columns", o.Label, 2*o.D)
	}
	return nil
}

func (o *gate) Forward(in [][]float32, out []float32) {
	d, x := o.D, in[0]
	if o.open == nil {
		o.open = make([]float32, o.Rows.Cap*d)
	}
	kern.ParRows(o.Env.Threads, o.Rows.Live, 64, func(from, to int) {
		for r := from; r < to; r++ {
			for c := range d {
				s := float32(1 / (1 + math.Exp(-float64(x[r*2*d+d+c]))))
				o.open[r*d+c] = s
				out[r*d+c] = x[r*2*d+c] * s
			}
		}
	})
}

func (o *gate) Backward(in [][]float32, _, dout []float32, din [][]float32) {
	d, x, dx := o.D, in[0], din[0]
	if dx == nil {
		return // nobody wants it
	}
	kern.ParRows(o.Env.Threads, o.Rows.Live, 64, func(from, to int) {
		for r := from; r < to; r++ {
			for c := range d {
				s, g := o.open[r*d+c], dout[r*d+c]
				dx[r*2*d+c] = g * s
				dx[r*2*d+d+c] = g * x[r*2*d+c] * s * (1 - s)
			}
		}
	})
}

// Step 3: the proof.
func TestTheGateIsItsDefinition(t *testing.T) {
	each(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 2))
		for _, live := range []int{0, 1, 5, 200} {
			rows, e := &op.Rows{Cap: live + 3, Live: live}, &op.Env{}
			optest.Check(t, r, optest.Case{
				Op: &gate{Env: e, Label: "x", Rows: rows, D: 32}, Env: e,
				Shapes: []op.Shape{{Rows: rows, Cols: 64}}, In: [][]float32{normal(r, live*64, 2)},
				Form: func(in [][]float64) []float64 { return gateForm(in[0], 32) },
			})
		}
	})
}

// Step 4: the layer, a linear one whose output passes a gate.
func gated(b nn.Builder, name string, x nn.Value, n int) nn.Value {
	h := nn.Linear(b, name, x, 2*n, false, 1)
	return b.Apply(&gate{Env: b.Env(), Label: name, Rows: x.Shape.Rows, D: n}, h)
}

// spirals is the task of telling three spiral arms apart by the coordinates of
// a point.
type spirals struct {
	params *nn.Params
	rows   op.Rows
	labels op.Labels
	points []float32
	graph  *nn.Graph
	test   *spiralTest
}

const arms = 3

// classifier is the model: points of the plane, padded, to a logit per arm.
func classifier(b nn.Builder, rows *op.Rows) (points []float32, logits nn.Value) {
	x, points := b.Input("points", rows, 16)
	h := gated(b, "first", x, 32)
	h = gated(b, "second", h, 32)
	return points, nn.Linear(b, "arm", h, 16, false, 0.5)
}

// draw fills the rows with random points and returns their arms.
func draw(r *rand.Rand, rows *op.Rows, points []float32, arm func(int)) {
	for i := range rows.Live {
		a, s := r.IntN(arms), math.Sqrt(r.Float64())
		angle := 2*math.Pi*float64(a)/arms + 5*s + 0.1*r.NormFloat64()
		points[i*16], points[i*16+1] = float32(2*s*math.Cos(angle)), float32(2*s*math.Sin(angle))
		arm(a)
	}
}

func newSpirals(seed uint64) (*spirals, error) {
	t := &spirals{params: nn.NewParams(rand.New(rand.NewPCG(seed, 0))), rows: op.Rows{Cap: 128}}
	t.labels = op.Labels{Rows: &t.rows, Classes: arms}
	t.graph = nn.NewGraph(t.params, 2)
	points, logits := classifier(t.graph, &t.rows)
	t.points = points
	return t, t.graph.Minimize(t.graph.Apply(&op.CrossEntropy{Env: t.graph.Env(), Label: "arm", Labels: &t.labels, Columns: 16}, logits))
}

// Params implements train.Task.
func (t *spirals) Params() []*nn.Param { return t.graph.Params() }

// Learn implements train.Task.
func (t *spirals) Learn(r *rand.Rand, version uint64) (float64, error) {
	t.rows.Live = 64 + r.IntN(64) // batches need not be equal
	t.labels.Reset()
	draw(r, &t.rows, t.points, func(a int) { t.labels.Hard(1/float64(t.rows.Live), a) })
	return t.graph.Run(version)
}

// spiralTest runs the model on points that are not learned from.
type spiralTest struct {
	rows   op.Rows
	runner *nn.Runner
	points []float32
	logits nn.Value
}

// Validate implements train.Task: the share of points put on a wrong arm.
func (t *spirals) Validate(p *nn.Params, version uint64) (float64, error) {
	if t.test == nil {
		x := &spiralTest{rows: op.Rows{Cap: 1000, Live: 1000}, runner: nn.NewRunner(p, 2)}
		x.points, x.logits = classifier(x.runner, &x.rows)
		if err := x.runner.Err(); err != nil {
			return 0, err
		}
		t.test = x
	}
	x := t.test
	var want []int
	draw(rand.New(rand.NewPCG(1000, 0)), &x.rows, x.points, func(a int) { want = append(want, a) })
	x.runner.Run(version)
	wrong := 0.0
	for i, a := range want {
		row := x.runner.Data(x.logits)[i*16:][:arms]
		for k := range row {
			if k != a && row[k] >= row[a] {
				wrong++
				break
			}
		}
	}
	return wrong / float64(len(want)), nil
}

// A classifier with an operation of its own, trained until it is right on at
// least 98 of 100 new points, and once more with an interruption.
func Example() {
	config := train.Config{
		Steps: 600, Rate: 0.01, Schedule: train.Schedule{Warmup: 20, Steps: 600, Last: 0.02},
		Clip: 5, Average: 0.98, Validate: 50, Name: "spirals, two gates",
	}
	start := func() (*train.Loop, error) {
		task, err := newSpirals(7)
		if err != nil {
			return nil, err
		}
		return train.New(config, task.params, task, 7)
	}

	whole, err := start()
	if err != nil {
		fmt.Println(err)
		return
	}
	var last train.Stats
	err = whole.Run(context.Background(), train.Hooks{Progress: func(s train.Stats) error { last = s; return nil }})
	fmt.Println("trained:", err)
	fmt.Println("right on 98 %:", last.Best <= 0.02)

	// The same, stopped after 250 updates. The checkpoint is all that is kept.
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	part, err := start()
	if err != nil {
		fmt.Println(err)
		return
	}
	var checkpoint []byte
	err = part.Run(ctx, train.Hooks{
		Progress: func(s train.Stats) error {
			if s.Step == 250 {
				stop()
			}
			return nil
		},
		Checkpoint: func(data []byte) error { checkpoint = data; return nil },
	})
	fmt.Println("stopped:", err)

	// Resumed, as by another process.
	again, err := start()
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := again.Restore(checkpoint); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("resumed:", again.Run(context.Background(), train.Hooks{}))
	a, errA := whole.Snapshot()
	b, errB := again.Snapshot()
	fmt.Println("the same bits:", errA == nil && errB == nil && bytes.Equal(a, b))
	// Output:
	// trained: <nil>
	// right on 98 %: true
	// stopped: context canceled
	// resumed: <nil>
	// the same bits: true
}
