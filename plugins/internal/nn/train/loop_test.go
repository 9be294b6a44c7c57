package train

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/safetensors"
)

// signs is a task: say in which quadrant a point of the plane lies. Its
// network is two layers with a norm between them.
type signs struct {
	params *nn.Params
	graph  *nn.Graph
	rows   op.Rows
	x      []float32
	labels op.Labels

	runner  *nn.Runner
	logits  nn.Value
	test    op.Rows
	testX   []float32
	runnerP *nn.Params

	failAt, steps int // Learn fails at this call; 0 for never
}

const batch = 24

func network(b nn.Builder, rows *op.Rows) (x []float32, logits nn.Value) {
	in, x := b.Input("points", rows, 16)
	h := nn.Norm(b, "norm", nn.Linear(b, "wide", in, 16, true, 1))
	return x, nn.Linear(b, "narrow", h, 16, false, 1)
}

func newSigns(tb testing.TB, threads int) *signs {
	tb.Helper()
	s := &signs{params: nn.NewParams(rand.New(rand.NewPCG(1, 2))), rows: op.Rows{Cap: batch}, test: op.Rows{Cap: 200}}
	s.graph = nn.NewGraph(s.params, threads)
	s.labels = op.Labels{Rows: &s.rows, Classes: 4}
	var logits nn.Value
	s.x, logits = network(s.graph, &s.rows)
	loss := s.graph.Apply(&op.CrossEntropy{Env: s.graph.Env(), Label: "quadrant", Labels: &s.labels, Columns: 16}, logits)
	if err := s.graph.Minimize(loss); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.graph.Close() })
	return s
}

func point(r *rand.Rand, x []float32) (quadrant int) {
	x[0], x[1], x[2] = float32(r.NormFloat64()), float32(r.NormFloat64()), 1
	if x[0] > 0 {
		quadrant++
	}
	if x[1] > 0 {
		quadrant += 2
	}
	return quadrant
}

func (s *signs) Learn(r *rand.Rand, version uint64) (float64, error) {
	s.steps++
	if s.steps == s.failAt {
		return 0, errors.New("out of data")
	}
	s.rows.Live = batch - r.IntN(5)
	s.labels.Reset()
	for i := range s.rows.Live {
		s.labels.Hard(1/float64(s.rows.Live), point(r, s.x[i*16:]))
	}
	return s.graph.Run(version)
}

func (s *signs) Params() []*nn.Param { return s.graph.Params() }

// Validate is the share of points that are put into a wrong quadrant.
func (s *signs) Validate(p *nn.Params, version uint64) (float64, error) {
	if s.runner == nil {
		s.runner, s.runnerP = nn.NewRunner(p, 1), p
		s.testX, s.logits = network(s.runner, &s.test)
		if err := s.runner.Err(); err != nil {
			return 0, err
		}
	}
	if p != s.runnerP {
		return 0, errors.New("another set of parameters")
	}
	r := rand.New(rand.NewPCG(3, 4))
	s.test.Live = s.test.Cap
	want := make([]int, s.test.Live)
	for i := range want {
		want[i] = point(r, s.testX[i*16:])
	}
	s.runner.Run(version)
	wrong := 0
	for i, q := range want {
		logits := s.runner.Data(s.logits)[i*16:][:4]
		for c, l := range logits {
			if c != q && l >= logits[q] {
				wrong++
				break
			}
		}
	}
	return float64(wrong) / float64(s.test.Live), nil
}

func toy(steps int) Config {
	return Config{
		Steps: steps, Rate: 0.02, Schedule: Schedule{Warmup: 5, Steps: steps, Last: 0.05},
		Decay: 0.01, Clip: 1, Average: 0.9, Validate: 7, Name: "quadrants", Threads: 1,
	}
}

func newLoop(tb testing.TB, c Config) *Loop {
	tb.Helper()
	s := newSigns(tb, c.Threads)
	l, err := New(c, s.params, s, 11)
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

func advance(tb testing.TB, l *Loop, n int) (last Stats) {
	tb.Helper()
	for range n {
		var err error
		if last, err = l.Update(); err != nil {
			tb.Fatal(err)
		}
	}
	return last
}

func snap(tb testing.TB, l *Loop) []byte {
	tb.Helper()
	data, err := l.Snapshot()
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func TestALoopLearns(t *testing.T) {
	l := newLoop(t, toy(400))
	first := advance(t, l, 1)
	last := advance(t, l, 399)
	if !l.Done() || last.Step != 400 || !last.Measured {
		t.Fatalf("the last update is %+v", last)
	}
	if math.Abs(first.Loss-math.Log(4)) > 0.7 {
		t.Errorf("the first loss is %v, an ignorant network's is log 4", first.Loss)
	}
	if last.Best > 0.03 || last.Value > 0.06 {
		t.Errorf("of all points %v are wrong at the end, %v at best", last.Value, last.Best)
	}
	if _, err := l.Update(); err == nil {
		t.Error("a finished training went on")
	}
}

// A run that is interrupted anywhere, any number of times, and resumed in a new
// process is the run that was not.
func TestAnInterruptedRunIsTheSame(t *testing.T) {
	for _, c := range []Config{
		toy(60),
		{Steps: 60, Rate: 0.01, Schedule: Schedule{Half: 30}, Threads: 1},
		{Steps: 60, Rate: 0.01, Beta1: 0.8, Beta2: 0.99, Eps: 1e-6, Average: 0.99, Threads: 3},
	} {
		whole := newLoop(t, c)
		advance(t, whole, c.Steps)
		want := snap(t, whole)
		r := rand.New(rand.NewPCG(5, 6))
		for range 6 {
			l := newLoop(t, c)
			for !l.Done() {
				advance(t, l, min(r.IntN(25), c.Steps-l.step))
				data := snap(t, l)
				if r.IntN(2) == 0 && !l.Done() {
					advance(t, l, 1) // must leave no trace
				}
				if r.IntN(2) == 0 {
					l = newLoop(t, c)
				}
				if err := l.Restore(data); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(snap(t, l), data) {
					t.Fatal("what was restored is not what was written")
				}
			}
			if !bytes.Equal(snap(t, l), want) {
				t.Fatalf("%+v: an interrupted run ends elsewhere", c)
			}
		}
	}
}

func TestTheRunDoesNotDependOnThreads(t *testing.T) {
	c := toy(40)
	one := newLoop(t, c)
	c.Threads = 4
	four := newLoop(t, c)
	advance(t, one, 40)
	advance(t, four, 40)
	if !bytes.Equal(snap(t, one), snap(t, four)) {
		t.Error("one thread and four train different weights")
	}
}

// A network that has packed the weights of now reads those that were restored.
func TestRestoredParametersAreReadAnew(t *testing.T) {
	s := newSigns(t, 1)
	l, err := New(toy(20), s.params, s, 11)
	if err != nil {
		t.Fatal(err)
	}
	loss := func(version uint64) float64 {
		v, err := s.Learn(rand.New(rand.NewPCG(9, 9)), version)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	data := snap(t, l)
	advance(t, l, 10)
	loss(l.version)
	if err := l.Restore(data); err != nil {
		t.Fatal(err)
	}
	got := loss(l.version)
	if want := loss(math.MaxUint64); got != want {
		t.Fatalf("the loss is %v, with weights packed anew %v", got, want)
	}
}

// Two loops over one network, one after the other, must not read weights that
// the network packed for the first.
func TestASecondLoopOverTheSameParametersGoesOn(t *testing.T) {
	c := toy(10)
	c.Average, c.Validate = 0, 0
	s := newSigns(t, 1)
	loss := func(version uint64) float64 {
		r := rand.New(rand.NewPCG(9, 9))
		v, err := s.Learn(r, version)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for range 2 {
		l, err := New(c, s.params, s, 11)
		if err != nil {
			t.Fatal(err)
		}
		got := loss(l.version)
		if want := loss(math.MaxUint64); got != want {
			t.Fatalf("the loss is %v, with weights packed anew %v", got, want)
		}
		advance(t, l, 10)
	}
}

func TestTheBestIsKept(t *testing.T) {
	c := toy(120)
	c.Validate = 3
	l := newLoop(t, c)
	if p, step := l.Best(); p != l.Average() || step != 0 {
		t.Error("there is a best before anything was measured")
	}
	best, at, value := []byte(nil), 0, math.Inf(1)
	for !l.Done() {
		s := advance(t, l, 1)
		if s.Measured != (s.Step%3 == 0) {
			t.Fatalf("update %d: measured %v", s.Step, s.Measured)
		}
		if s.Measured && s.Value < value {
			best, at, value = values(l.Average()), s.Step, s.Value
		}
		if s.Measured && s.Best != value {
			t.Fatalf("update %d: the best is %v, want %v", s.Step, s.Best, value)
		}
	}
	p, step := l.Best()
	if step != at || !bytes.Equal(values(p), best) {
		t.Errorf("the best is of update %d, want %d with the averages of then", step, at)
	}
}

// values prints all parameters.
func values(p *nn.Params) []byte {
	var b bytes.Buffer
	for _, x := range p.All() {
		fmt.Fprintf(&b, "%s %b\n", x.Name, x.Data)
	}
	return b.Bytes()
}

func TestTheAverageFollows(t *testing.T) {
	c := toy(30)
	l := newLoop(t, c)
	want := map[string][]float64{}
	for _, p := range l.params.All() {
		for _, v := range p.Data {
			want[p.Name] = append(want[p.Name], float64(v))
		}
	}
	for step := range c.Steps {
		advance(t, l, 1)
		keep := math.Min(c.Average, float64(1+step)/float64(10+step))
		for _, p := range l.params.All() {
			for i, v := range p.Data {
				want[p.Name][i] = keep*want[p.Name][i] + (1-keep)*float64(v)
			}
		}
	}
	for _, p := range l.Average().All() {
		for i, v := range p.Data {
			if math.Abs(float64(v)-want[p.Name][i]) > 1e-5 {
				t.Fatalf("%s[%d] is %v on average, want %v", p.Name, i, v, want[p.Name][i])
			}
		}
	}
}

func TestAContextStopsTheRun(t *testing.T) {
	c := toy(60)
	whole := newLoop(t, c)
	if err := whole.Run(t.Context(), Hooks{}); err != nil {
		t.Fatal(err)
	}
	cause := errors.New("the machine is needed")
	ctx, cancel := context.WithCancelCause(t.Context())
	l := newLoop(t, c)
	var last []byte
	var seen []int
	h := Hooks{
		Progress: func(s Stats) error {
			seen = append(seen, s.Step)
			if s.Step == 17 {
				cancel(cause)
			}
			return nil
		},
		Checkpoint: func(data []byte) error { last = data; return nil },
	}
	if err := l.Run(ctx, h); !errors.Is(err, cause) {
		t.Fatalf("the run ends with %v", err)
	}
	if len(seen) != 17 || last == nil {
		t.Fatalf("it stopped after %d updates, checkpoint %v", len(seen), last != nil)
	}
	again := newLoop(t, c)
	if err := again.Restore(last); err != nil {
		t.Fatal(err)
	}
	var at []int
	err := again.Run(t.Context(), Hooks{Every: 20, Checkpoint: func([]byte) error { at = append(at, again.step); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(at) != "[20 40]" {
		t.Errorf("checkpoints after updates %v", at)
	}
	if !bytes.Equal(snap(t, whole), snap(t, again)) {
		t.Error("the run that was stopped ends elsewhere")
	}
	full := errors.New("disk full")
	if err := newLoop(t, c).Run(t.Context(), Hooks{Every: 1, Checkpoint: func([]byte) error { return full }}); !errors.Is(err, full) {
		t.Errorf("a failed checkpoint gives %v", err)
	}
	if err := newLoop(t, c).Run(t.Context(), Hooks{Progress: func(Stats) error { return full }}); !errors.Is(err, full) {
		t.Errorf("a failed report gives %v", err)
	}
}

func TestAFailedUpdateLeavesNoTrace(t *testing.T) {
	c := toy(40)
	s := newSigns(t, 1)
	l, err := New(c, s.params, s, 11)
	if err != nil {
		t.Fatal(err)
	}
	advance(t, l, 9)
	before := snap(t, l)
	s.failAt = s.steps + 1
	if _, err := l.Update(); err == nil || err.Error() != "train: update 10: out of data" {
		t.Errorf("the error is %v", err)
	}
	w := s.params.Get("wide.b").Data
	old := w[0]
	w[0] = float32(math.NaN())
	if _, err := l.Update(); err == nil || !strings.Contains(err.Error(), "lower the learning rate") {
		t.Errorf("the error is %v", err)
	}
	w[0] = old
	if !bytes.Equal(snap(t, l), before) {
		t.Error("a failed update changed the training")
	}
}

func TestSnapshotsOfOthersAreRefused(t *testing.T) {
	c := toy(40)
	l := newLoop(t, c)
	advance(t, l, 8)
	data := snap(t, l)
	refused := func(what string, l *Loop, data []byte) {
		t.Helper()
		before := snap(t, l)
		if err := l.Restore(data); err == nil || !strings.HasPrefix(err.Error(), "train: restore: ") {
			t.Errorf("%s: error %v", what, err)
		}
		if !bytes.Equal(snap(t, l), before) {
			t.Errorf("%s: the loop was changed", what)
		}
	}
	for name, change := range map[string]func(*Config){
		"rate": func(c *Config) { c.Rate = 0.03 }, "name": func(c *Config) { c.Name = "others" },
		"schedule": func(c *Config) { c.Schedule.Last = 0.1 }, "steps": func(c *Config) { c.Steps = 41 },
	} {
		d := c
		change(&d)
		refused(name, newLoop(t, d), data)
	}
	s := newSigns(t, 1)
	other, err := New(c, s.params, s, 12)
	if err != nil {
		t.Fatal(err)
	}
	refused("seed", other, data)
	for _, cut := range []int{0, 7, 100, len(data) / 2, len(data) - 1} {
		refused(fmt.Sprint("cut at ", cut), newLoop(t, c), data[:cut])
	}
	for name, edit := range map[string]func(*safetensors.File){
		"another format":   replaced("training/1", "training/2"),
		"a step too far":   replaced(`"step":8`, `"step":41`),
		"a best to come":   replaced(`"best_step":7`, `"best_step":9`),
		"no parameter":     func(f *safetensors.File) { f.Tensors = f.Tensors[1:] },
		"no moment":        func(f *safetensors.File) { f.Tensors = f.Tensors[:len(f.Tensors)-1] },
		"another shape":    func(f *safetensors.File) { f.Tensors[0] = safetensors.Float32(f.Tensors[0].Name, []float32{1}, 1) },
		"not finite":       func(f *safetensors.File) { copy(f.Tensors[0].Data, "\xff\xff\xff\xff") },
		"without metadata": func(f *safetensors.File) { f.Metadata = nil },
	} {
		f, err := safetensors.Decode(bytes.Clone(data))
		if err != nil {
			t.Fatal(err)
		}
		edit(f)
		bad, err := f.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(bad, data) {
			t.Fatalf("%s: the edit changed nothing", name)
		}
		refused(name, newLoop(t, c), bad)
	}
	d := c
	d.Threads = 3 // makes no difference
	if err := newLoop(t, d).Restore(data); err != nil {
		t.Error(err)
	}
}

// replaced edits the metadata.
func replaced(old, by string) func(*safetensors.File) {
	return func(f *safetensors.File) { f.Metadata[metadata] = strings.Replace(f.Metadata[metadata], old, by, 1) }
}

func TestImpossibleConfigurationsAreErrors(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"steps is 0":    func(c *Config) { c.Steps = 0 },
		"rate is 0":     func(c *Config) { c.Rate = 0 },
		"rate is NaN":   func(c *Config) { c.Rate = math.NaN() },
		"average are 0": func(c *Config) { c.Average = 1 },
		"clip are":      func(c *Config) { c.Clip = -1 },
		"validate is":   func(c *Config) { c.Validate = -1 },
		"last is":       func(c *Config) { c.Schedule.Last = 2 },
	} {
		c := toy(3)
		change(&c)
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	s := newSigns(t, 1)
	if _, err := New(toy(3), nn.NewParams(nil), s, 1); err == nil {
		t.Error("a set without the task's parameters was accepted")
	}
}
