// Command bench measures package chem beside RDKit: the same molecules and the
// same work, in one run.
//
//	go run ./chem/bench [--molecules FILE] [--count 1000] [--repetitions 9] [--rows canonical,pains] [--json]
//
// It needs a python3 that can import rdkit (Debian: python3-rdkit) and a file
// of SMILES, one per line.
//
// # The protocol
//
// Both sides get the same molecules, chosen at random from the file. For each
// row they first do the work once and the answers are compared; where they
// differ for more than one molecule in a thousand nothing is timed. Then both
// repeat the work in turn, on one thread each, and count the time of the
// processor for it, which other processes disturb less than the time of day. A
// repetition takes a fifth of a second or more. The rate is that of the median
// repetition, the ratio is of the two rates. RDKit runs without Python's
// garbage collector, its calls are those that its users make, and its
// interpreter takes part in all of them. Ours includes the garbage collector.
//
// The rows of threads are ours alone: the work on two threads against the same
// on one, by the time of day, the fastest repetition of each. They need two
// idle cores.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	file := flags.String("molecules", "../shared/data/molsets/zinc250k.smi.gz", "file with a SMILES per line; .gz is unpacked")
	count := flags.Int("count", 1000, "molecules to work on")
	repetitions := flags.Int("repetitions", 9, "measurements of each side and row; the median counts")
	rows := flags.String("rows", "", "names of the rows to measure (default all)")
	python := flags.String("python", "", "interpreter that can import rdkit (default /usr/bin/python3, else python3)")
	seed := flags.Uint64("seed", 1, "of the choice of molecules")
	asJSON := flags.Bool("json", false, "print JSON, with every repetition")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	if *count < 2 || *repetitions < 1 || flags.NArg() > 0 {
		return errors.New("bench: count is at least 2, repetitions at least 1, and there are no arguments but flags")
	}
	works, err := choose(*rows)
	if err != nil {
		return err
	}
	list, err := readMolecules(*file, *count, *seed)
	if err != nil {
		return err
	}
	commands := []string{"/usr/bin/python3", "python3"}
	if *python != "" {
		commands = []string{*python}
	}
	found, err := findPython(ctx, commands...)
	if err != nil {
		return err
	}
	theirs, err := startRDKit(ctx, found)
	if err != nil {
		return err
	}
	b := &bench{theirs: theirs, repetitions: *repetitions, time: repetitionTime, progress: stderr}
	r, err := b.measure(works, list)
	if closed := theirs.close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	if *asJSON {
		return r.json(stdout)
	}
	return r.table(stdout)
}

// choose finds works by their names, all of them for none.
func choose(names string) ([]work, error) {
	if names == "" {
		return works, nil
	}
	var chosen []work
	for _, name := range strings.Split(names, ",") {
		i := slices.IndexFunc(works, func(w work) bool { return w.name == name })
		if i < 0 {
			return nil, fmt.Errorf("bench: no row is called %q (have %s)", name, strings.Join(workNames(), ", "))
		}
		chosen = append(chosen, works[i])
	}
	return chosen, nil
}

func workNames() []string {
	var names []string
	for _, w := range works {
		names = append(names, w.name)
	}
	return names
}
