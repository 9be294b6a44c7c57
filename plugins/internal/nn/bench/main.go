// Command bench measures the networks of the bundled plugins beside PyTorch:
// the same network, data, weights and cores, in one run.
//
//	go run ./plugins/internal/nn/bench [--json] [--rows network,products] [--repetitions 20]
//
// It needs a python3 that can import torch, with a BLAS worth comparing with
// behind it (Debian: python3-torch and libopenblas0-pthread).
//
// # The network
//
// A graph transformer: tokens of 32 inputs, an embedding, 4 pre-norm layers 128
// wide with 8 heads, a feed-forward net of 512 with GELU in its tanh form, a
// bias per head for the relation of two tokens from a table of 16 (the last is
// padding), a final layer norm, a linear head to 64 cells per token, a softmax
// over the legal cells of a tree. A training step is the forward pass to the
// log-probability of one taken cell per tree, the mean of (log Z + log p -
// target)^2, the backward pass and one step of Adam. Inference ends at the
// log-probabilities. Ours is package nn as the plugins use it: a graph to train,
// a runner to infer. Rows with trees of one size have no padding on either side;
// in the ragged row torch pads and masks.
//
// # The protocol
//
// Both sides are processes that answer requests, ours this program started
// again with the argument serve. A row first gives both the same weights and
// batch and compares the log-probabilities, all gradients and the losses of
// three steps of Adam, to 1e-4 of their norms; where they differ nothing is
// timed. Then both repeat the work in turn, and each measures the seconds around
// the work alone. A repetition does the work so often that it takes 20 ms or
// more. The ratio is torch's median by ours.
//
// Torch is at its best: waiting threads sleep (OMP_WAIT_POLICY=passive),
// OpenBLAS takes the processor for what it is (OPENBLAS_CORETYPE), and each row
// has the fastest of several settings, measured before: one thread or all, in
// torch and in its BLAS, and vector code as torch chooses or the widest there is
// (ATEN_CPU_CAPABILITY). Inference is under torch.inference_mode, by the network
// as it is or compiled by torch.jit, whichever is faster. The report names the
// setting: torch's threads + those of its BLAS, and the rest. Ours has all
// threads. Where torch would multiply with the reference BLAS, the program
// refuses.
//
// The kernels are the best of the machine, or those that MOLSCULPT_KERNELS
// names; then torch is held to the same instructions. The products of matrices
// are measured with each. The share of the peak is that of fused multiply-adds
// on registers, measured in the same run; operations are counted as two for each
// multiplication of the matrix products, without padding.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
)

// serveArgument makes the program our side; the number of threads follows.
const serveArgument = "serve"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	if len(args) == 2 && args[0] == serveArgument {
		threads, err := strconv.Atoi(args[1])
		if err != nil {
			return fmt.Errorf("bench: serve: %w", err)
		}
		return serveOurs(threads, stdin, stdout)
	}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	asJSON := flags.Bool("json", false, "print JSON, with every repetition")
	rows := flags.String("rows", "network,products", "what to measure")
	repetitions := flags.Int("repetitions", 20, "measurements of each side and row; the median counts")
	threads := flags.Int("threads", runtime.NumCPU(), "cores for each side")
	python := flags.String("python", "", "interpreter that can import torch (default /usr/bin/python3, else python3)")
	seed := flags.Uint64("seed", 1, "of weights and data")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	if *repetitions < 1 || *threads < 1 || flags.NArg() > 0 {
		return errors.New("bench: repetitions and threads are at least 1, and there are no arguments but flags")
	}
	commands := []string{"/usr/bin/python3", "python3"}
	if *python != "" {
		commands = []string{*python}
	}
	found, err := findPython(ctx, commands...)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // it is in the system's folder for such files
	b := &bench{dir: dir, python: found, threads: *threads, repetitions: *repetitions, progress: stderr}
	report := report{Repetitions: *repetitions, Threads: *threads}
	if report.Versions, err = b.versions(ctx); err != nil {
		return err
	}
	if referenceBLAS(report.Versions.BLAS) {
		return fmt.Errorf("bench: torch multiplies with the reference BLAS (%s), which would flatter us (Debian: apt-get install libopenblas0-pthread)",
			strings.Join(report.Versions.BLAS, ", "))
	}
	r := rand.New(rand.NewPCG(*seed, 0))
	for _, kind := range strings.Split(*rows, ",") {
		switch kind {
		case "network":
			report.Network, err = b.networks(ctx, kern.Active(), candidates(kern.Active(), *threads), networkRows(r), r)
		case "products":
			report.Products, err = b.products(ctx, vectorKernels(), shapes, r)
		default:
			err = fmt.Errorf("bench: no rows are called %q (have network, products)", kind)
		}
		if err != nil {
			return err
		}
	}
	if *asJSON {
		return report.json(stdout)
	}
	return report.table(stdout)
}

// vectorKernels are the kernels that the machine can run, the best first,
// without the generic ones where there are others.
func vectorKernels() []string {
	list := kern.Available()
	slices.Reverse(list)
	return list[:max(len(list)-1, 1)]
}
