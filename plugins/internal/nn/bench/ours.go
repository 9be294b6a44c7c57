package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/blas"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/safetensors"
	gonum "gonum.org/v1/gonum/blas"
)

// ours is our side: the network of the last "load" and the matrices of the last
// "matrices".
type ours struct {
	threads int

	params  *nn.Params
	batch   *batch
	graph   *nn.Graph
	adam    nn.AdamW
	runner  *nn.Runner
	logp    nn.Value
	version uint64

	a, b, c []float32
	m, k, n int
}

// serveOurs answers requests as our side with so many threads.
func serveOurs(threads int, in io.Reader, out io.Writer) error {
	runtime.GOMAXPROCS(threads)
	s := &ours{threads: threads}
	return serve(map[string]func(request) (answer, error){
		"about": s.about, "memory": s.memory, "peak": s.peak,
		"load": s.load, "check": s.check, "train": s.train, "infer": s.infer,
		"matrices": s.matrices, "product": s.product,
	}, in, out)
}

func (s *ours) about(request) (answer, error) {
	return answer{Version: runtime.Version(), Kernels: kern.Active()}, nil
}

func (s *ours) memory(request) (answer, error) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return answer{Bytes: m.TotalAlloc, GCs: m.NumGC}, nil
}

// peak measures what multiply-adds on registers reach, on all threads at once;
// the best of some runs, for a peak is what nothing disturbed.
func (s *ours) peak(r request) (answer, error) {
	const rounds = 1 << 20
	var best float64
	for range r.Count {
		done := make([]float64, s.threads)
		var wait sync.WaitGroup
		start := time.Now()
		for i := range done {
			wait.Go(func() { done[i] = kern.MultiplyAdd(rounds) })
		}
		wait.Wait()
		var sum float64
		for _, d := range done {
			sum += d
		}
		best = max(best, sum/time.Since(start).Seconds())
	}
	return answer{Peak: best}, nil
}

// load reads the parameters and the batch, and builds the network twice: as a
// graph to train and as a runner to infer with.
func (s *ours) load(r request) (answer, error) {
	f, err := readFile(r.File)
	if err != nil {
		return answer{}, err
	}
	if s.graph != nil {
		if err := s.graph.Close(); err != nil {
			return answer{}, err
		}
	}
	if s.batch, err = readBatch(f); err != nil {
		return answer{}, err
	}
	if s.params, err = parameters(f); err != nil {
		return answer{}, err
	}
	s.version, s.adam = 1, nn.AdamW{Rate: rate, Eps: eps, Threads: s.threads}
	s.runner = nn.NewRunner(s.params, s.threads)
	s.logp = define(s.runner, s.batch)
	if err := s.runner.Err(); err != nil {
		return answer{}, err
	}
	s.graph = nn.NewGraph(s.params, s.threads)
	logp := define(s.graph, s.batch)
	z := s.graph.Param(logZ, 1, kern.Lane, nn.Init{})
	return answer{}, s.graph.Minimize(s.graph.Apply(&square{batch: s.batch}, logp, z))
}

// step is a training step: forward, backward and Adam.
func (s *ours) step() (loss float64, err error) {
	if loss, err = s.graph.Run(s.version); err != nil {
		return 0, err
	}
	s.adam.Step(s.graph.Params())
	s.version++
	return loss, nil
}

// check infers, then takes Count training steps, and writes the
// log-probabilities, the gradients of the first step and the losses.
func (s *ours) check(r request) (answer, error) {
	out := &safetensors.File{}
	s.runner.Run(s.version)
	var logp []float32
	for t := range s.batch.count.Live {
		logp = append(logp, s.runner.Data(s.logp)[2*t])
	}
	out.Add(safetensors.Float32(logProbabilities, logp, len(logp)))
	var losses []float32
	for i := range r.Count {
		loss, err := s.step()
		if err != nil {
			return answer{}, err
		}
		losses = append(losses, float32(loss))
		if i == 0 {
			for _, p := range s.graph.Params() {
				out.Add(safetensors.Float32(gradientOf+p.Name, p.Grad, p.Rows, p.Cols))
			}
		}
	}
	out.Add(safetensors.Float32(stepLosses, losses, len(losses)))
	return answer{}, writeFile(r.Out, out)
}

func (s *ours) train(r request) (answer, error) {
	return timed(r.Count, func() error {
		_, err := s.step()
		return err
	})
}

func (s *ours) infer(r request) (answer, error) {
	return timed(r.Count, func() error {
		s.runner.Run(s.version)
		return nil
	})
}

// timed does work once to warm up, and then count times.
func timed(count int, work func() error) (answer, error) {
	if err := work(); err != nil {
		return answer{}, err
	}
	start := time.Now()
	for range count {
		if err := work(); err != nil {
			return answer{}, err
		}
	}
	return answer{Seconds: time.Since(start).Seconds() / float64(count)}, nil
}

// matrices reads the factors of a product, multiplies them once and writes the
// result.
func (s *ours) matrices(r request) (answer, error) {
	f, err := readFile(r.File)
	if err != nil {
		return answer{}, err
	}
	a, err := f.Get("a")
	if err != nil {
		return answer{}, err
	}
	b, err := f.Get("b")
	if err != nil {
		return answer{}, err
	}
	s.m, s.k, s.n = a.Shape[0], a.Shape[1], b.Shape[1]
	if s.a, err = a.Floats(); err != nil {
		return answer{}, err
	}
	if s.b, err = b.Floats(); err != nil {
		return answer{}, err
	}
	s.c = make([]float32, s.m*s.n)
	s.multiply()
	out := &safetensors.File{}
	out.Add(safetensors.Float32("c", s.c, s.m, s.n))
	return answer{}, writeFile(r.Out, out)
}

func (s *ours) multiply() {
	blas.Implementation{Threads: s.threads}.Sgemm(gonum.NoTrans, gonum.NoTrans, s.m, s.n, s.k, 1, s.a, s.k, s.b, s.n, 0, s.c, s.n)
}

func (s *ours) product(r request) (answer, error) {
	return timed(r.Count, func() error {
		s.multiply()
		return nil
	})
}

func readFile(path string) (*safetensors.File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("bench: read: %w", err)
	}
	return safetensors.Decode(data)
}

func writeFile(path string, f *safetensors.File) error {
	data, err := f.Encode()
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return fmt.Errorf("bench: write: %w", err)
	}
	return nil
}
