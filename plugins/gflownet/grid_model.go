package gflownet

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/gridnet"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/safetensors"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// GridModel is a trained network for one grid. Its methods may be called at the
// same time. Where the grid has at most [TablePoints] points, the network computes
// all of them when the model is made, and every answer is looked up.
type GridModel struct {
	shape  gridnet.Shape
	grid   *space.Grid
	params *nn.Params
	net    *gridnet.Net
	card   json.RawMessage

	table []float32 // Outputs of every point, or nil
	free  chan *gridEvaluator
}

var _ space.Policy = (*GridModel)(nil)

// TablePoints is the largest number of points of a grid whose answers are all
// kept: 4 MB of them with two axes.
const TablePoints = 1 << 16

// gridPoints is the number of points of a grid, and whether it is at most
// [TablePoints].
func gridPoints(g *space.Grid) (n int, few bool) {
	n = 1
	for range g.Dim() {
		if n *= g.Side(); n > TablePoints {
			return 0, false
		}
	}
	return n, true
}

// gridIndex numbers the points of a grid by their coordinates, the last axis
// fastest: a child has a higher number than its parents.
func gridIndex(point []int, side int) (n int) {
	for _, x := range point {
		n = n*side + x
	}
	return n
}

// gridPoint is the point of a number.
func gridPoint(n, side int, point []int) {
	for a := len(point) - 1; a >= 0; a-- {
		point[a], n = n%side, n/side
	}
}

// Model is the network as trained so far: the running average of the weights.
func (t *GridTrainer) Model() (*GridModel, error) {
	return newGridModel(t.grid, t.config.Width, t.average.Clone(), t.config.Threads, nil)
}

func newGridModel(g *space.Grid, width int, params *nn.Params, threads int, card json.RawMessage) (*GridModel, error) {
	m := &GridModel{shape: gridShape(g, width), grid: g, params: params, card: card, free: make(chan *gridEvaluator, max(threads, 1))}
	var err error
	if m.net, err = gridnet.New(m.shape, params, 1); err != nil {
		return nil, err
	}
	for range cap(m.free) {
		m.free <- &gridEvaluator{model: m, batch: m.net.NewBatch(), logs: make([]float64, m.shape.Outputs), probs: make([]float64, m.shape.Outputs)}
	}
	if n, few := gridPoints(g); few {
		m.table = make([]float32, n*m.shape.Outputs)
		kern.ParRows(cap(m.free), n, pointsAtOnce, m.tabulate)
	}
	return m, nil
}

// tabulate computes the answers of the points from one number to another.
func (m *GridModel) tabulate(from, to int) {
	e := <-m.free
	defer func() { m.free <- e }()
	e.batch.Reset()
	point := make([]int, m.shape.Dim)
	for i := from; i < to; i++ {
		gridPoint(i, m.shape.Side, point)
		e.batch.Add(point)
	}
	m.net.Forward(e.batch, 0)
	for i := from; i < to; i++ {
		copy(m.table[i*m.shape.Outputs:][:m.shape.Outputs], e.batch.Out(i-from))
	}
}

// Card is the card that the weights file holds, empty if none.
func (m *GridModel) Card() json.RawMessage { return m.card }

// LogZ is what training found for log Z.
func (m *GridModel) LogZ() float64 { return float64(m.params.Get(logZName).Data[0]) }

// gridEvaluator computes the outputs of some points, for one goroutine.
type gridEvaluator struct {
	model  *GridModel
	batch  *gridnet.Batch
	points []int // Dim coordinates to a state
	logs   []float64
	probs  []float64
}

// pointsAtOnce is how many points one evaluation takes.
const pointsAtOnce = 96

// load reads states and computes what is in no table. first is the number of
// the first one, for errors.
func (e *gridEvaluator) load(states []space.State, first int) error {
	m := e.model
	e.points = e.points[:0]
	e.batch.Reset()
	for i, s := range states {
		if err := m.grid.Validate(s); err != nil {
			return fmt.Errorf("gflownet: state %d: %w", first+i, err)
		}
		e.points = m.grid.Coordinates(s, e.points)
		if m.table == nil {
			e.batch.Add(e.point(i))
		}
	}
	if m.table == nil {
		m.net.Forward(e.batch, 0)
	}
	return nil
}

// point is the coordinates of the i-th state.
func (e *gridEvaluator) point(i int) []int {
	return e.points[i*e.model.shape.Dim:][:e.model.shape.Dim]
}

// out is the outputs of the i-th state.
func (e *gridEvaluator) out(i int) []float32 {
	m := e.model
	if m.table == nil {
		return e.batch.Out(i)
	}
	return m.table[gridIndex(e.point(i), m.shape.Side)*m.shape.Outputs:][:m.shape.Outputs]
}

// alone tells whether one goroutine answers n states sooner than several.
func (m *GridModel) alone(n int) bool { return m.table != nil || n <= pointsAtOnce }

// share calls f with an evaluator for parts of n states.
func (m *GridModel) share(n int, f func(e *gridEvaluator, from, to int) error) error {
	errs := make([]error, (n+pointsAtOnce-1)/pointsAtOnce)
	kern.ParRows(cap(m.free), n, pointsAtOnce, func(from, to int) {
		e := <-m.free
		defer func() { m.free <- e }()
		errs[from/pointsAtOnce] = f(e, from, to)
	})
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Steps implements [space.Policy]. It allocates nothing once dst has grown, where
// answers are looked up or at most 96 states are asked for.
func (m *GridModel) Steps(ctx context.Context, states []space.State, dst []space.Steps) error {
	if len(states) != len(dst) {
		return fmt.Errorf("gflownet: steps of %d states with room for %d", len(states), len(dst))
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if m.alone(len(states)) {
		e := <-m.free
		defer func() { m.free <- e }()
		return e.steps(states, dst, 0)
	}
	return m.share(len(states), func(e *gridEvaluator, from, to int) error { return e.steps(states[from:to], dst[from:to], from) })
}

func (e *gridEvaluator) steps(states []space.State, dst []space.Steps, first int) error {
	if err := e.load(states, first); err != nil {
		return err
	}
	dim := e.model.shape.Dim
	for i := range states {
		gridSteps(e.out(i), e.point(i), e.model.shape.Side, e.logs, e.probs)
		d := &dst[i]
		d.Stop = e.logs[dim]
		n := dim * e.model.grid.Rows(states[i])
		d.Cells, d.Prob = append(d.Cells[:0], e.logs[:n]...), append(d.Prob[:0], e.probs[:n]...)
	}
	return nil
}

// gridFormat names the layout of the weights file; another number is another
// layout.
const gridFormat = "molsculpt-gflownet-grid/1"

// gridHeader is the metadata of a weights file.
type gridHeader struct {
	Format string          `json:"format"`
	Net    gridnet.Shape   `json:"net"`
	Space  string          `json:"space"` // digest
	Kernel string          `json:"kernel"`
	Card   json.RawMessage `json:"card,omitempty"`
}

// Encode writes the weights file with a card, which is JSON for people and
// programs to read.
func (m *GridModel) Encode(card json.RawMessage) ([]byte, error) {
	d := m.grid.Descriptor()
	h, err := json.Marshal(gridHeader{Format: gridFormat, Net: m.shape, Space: d.Digest, Kernel: d.Kernel, Card: card})
	if err != nil {
		return nil, fmt.Errorf("gflownet: encode weights: %w", err)
	}
	f := &safetensors.File{Metadata: map[string]string{"molsculpt": string(h)}}
	for _, p := range m.params.All() {
		f.Add(safetensors.Float32(p.Name, p.Data, p.Rows, p.Cols))
	}
	return f.Encode()
}

// DecodeGrid reads a weights file for a grid. Up to threads goroutines work on a
// call, 0 for as many as there are processors.
func DecodeGrid(data []byte, g *space.Grid, threads int) (*GridModel, error) {
	f, err := safetensors.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("gflownet: load weights: %w", err)
	}
	var h gridHeader
	if err := json.Unmarshal([]byte(f.Metadata["molsculpt"]), &h); err != nil {
		return nil, fmt.Errorf("gflownet: load weights: the file is not one of core/gflownet's: %w", err)
	}
	if h.Format != gridFormat {
		return nil, fmt.Errorf("gflownet: load weights: format %q; for a grid this version reads %q", h.Format, gridFormat)
	}
	if d := g.Descriptor(); h.Space != d.Digest || h.Kernel != d.Kernel {
		return nil, fmt.Errorf("gflownet: load weights: they were trained on a grid of %d axes with %d points, here it is %d with %d", h.Net.Dim, h.Net.Side, g.Dim(), g.Side())
	}
	params := nn.NewParams(nil)
	for i := range f.Tensors {
		t := &f.Tensors[i]
		x, err := t.Floats()
		if err != nil {
			return nil, fmt.Errorf("gflownet: load weights: %w", err)
		}
		if len(t.Shape) != 2 {
			return nil, fmt.Errorf("gflownet: load weights: %q has %d dimensions, not 2", t.Name, len(t.Shape))
		}
		if err := params.Set(t.Name, t.Shape[0], t.Shape[1], x); err != nil {
			return nil, fmt.Errorf("gflownet: load weights: %w", err)
		}
	}
	if params.Get(logZName) == nil {
		return nil, fmt.Errorf("gflownet: load weights: parameter %s is missing", logZName)
	}
	if threads < 1 {
		threads = runtime.GOMAXPROCS(0)
	}
	m, err := newGridModel(g, h.Net.Width, params, threads, h.Card)
	if err != nil {
		return nil, fmt.Errorf("gflownet: load weights: %w", err)
	}
	return m, nil
}
