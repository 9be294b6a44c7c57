package main

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
)

// readMolecules reads a file of SMILES and returns count of them, chosen at
// random, in a random order.
func readMolecules(path string, count int, seed uint64) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("bench: read molecules (name a file of SMILES with --molecules): %w", err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return nil, fmt.Errorf("bench: read molecules: %s: %w", path, err)
		}
	}
	var list []string
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if fields := strings.Fields(lines.Text()); len(fields) > 0 {
			list = append(list, fields[0])
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("bench: read molecules: %s: %w", path, err)
	}
	if len(list) < 2 {
		return nil, fmt.Errorf("bench: read molecules: %s: it has %d, but comparing needs two", path, len(list))
	}
	rand.New(rand.NewPCG(seed, 0)).Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list[:min(count, len(list))], nil
}
