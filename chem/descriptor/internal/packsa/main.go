// Command packsa packs the fragment contributions of the synthetic-accessibility
// score into the table that package descriptor embeds.
//
//	go run ./chem/descriptor/internal/packsa fpscores.pkl.gz sascore.bin
//
// The input is fpscores.pkl.gz of RDKit's Contrib/SA_Score (in Debian's package
// rdkit-data): a pickle, protocol 0, of lists [score, hash, hash, ...].
//
// The output is the text MSSA1; as unsigned varints the number of entries, the
// number of distinct scores and a Rice parameter k; the scores in units of 1e-4
// as signed varints, the commonest first; then, entry by entry in the order of
// hashes, two codes in a stream of bits that begins with the lowest bit of each
// byte. The gap to the hash before, less one (the first hash itself), is a Rice
// code: its quotient by 2^k as that many zeros and a one, then k bits. The index
// of the score plus one is an Elias gamma code: n zeros and a one, then the n
// bits below its highest.
package main

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"os"
	"slices"
	"strconv"
	"strings"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: packsa fpscores.pkl.gz sascore.bin")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "packsa:", err)
		os.Exit(1)
	}
}

func run(from, to string) error {
	scores, err := read(from)
	if err != nil {
		return err
	}
	out := pack(scores)
	fmt.Printf("%d contributions in %d bytes\n", len(scores), len(out))
	return os.WriteFile(to, out, 0o644)
}

// read lists the scores, in units of 1e-4, by hash.
func read(path string) (map[uint32]int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	scores := map[uint32]int64{}
	score := int64(0)
	lines := bufio.NewScanner(z)
	for lines.Scan() {
		line := strings.TrimPrefix(lines.Text(), "a")
		switch {
		case strings.HasPrefix(line, "F"):
			x, err := strconv.ParseFloat(line[1:], 64)
			if err != nil {
				return nil, err
			}
			score = int64(math.Round(x * 1e4))
			if float64(score)/1e4 != x {
				return nil, fmt.Errorf("score %v has more than four decimals", x)
			}
		case strings.HasPrefix(line, "I"):
			h, err := strconv.ParseUint(strings.TrimSuffix(line[1:], "L"), 10, 32)
			if err != nil {
				return nil, err
			}
			scores[uint32(h)] = score
		}
	}
	return scores, lines.Err()
}

func pack(scores map[uint32]int64) []byte {
	number := map[int64]int{}
	hashes := make([]uint32, 0, len(scores))
	for h, s := range scores {
		hashes = append(hashes, h)
		number[s]++
	}
	slices.Sort(hashes)
	distinct := make([]int64, 0, len(number))
	for s := range number {
		distinct = append(distinct, s)
	}
	slices.SortFunc(distinct, func(a, b int64) int {
		return cmp.Or(number[b]-number[a], cmp.Compare(a, b))
	})
	index := map[int64]int{}
	for i, s := range distinct {
		index[s] = i
	}

	var best []byte
	for k := uint(8); k < 20; k++ {
		w := writer{out: []byte("MSSA1")}
		w.out = binary.AppendUvarint(w.out, uint64(len(hashes)))
		w.out = binary.AppendUvarint(w.out, uint64(len(distinct)))
		w.out = binary.AppendUvarint(w.out, uint64(k))
		for _, s := range distinct {
			w.out = binary.AppendVarint(w.out, s)
		}
		last, longest := int64(-1), 0
		for _, h := range hashes {
			gap := uint64(int64(h) - last - 1)
			last = int64(h)
			longest = max(longest, int(gap>>k))
			w.unary(int(gap >> k))
			w.bits(gap, k)
			x := uint64(index[scores[h]] + 1)
			n := uint(bits.Len64(x) - 1)
			w.unary(int(n))
			w.bits(x, n)
		}
		w.flush()
		if longest < 40 && (best == nil || len(w.out) < len(best)) {
			best = w.out
		}
	}
	return best
}

// writer writes bits, the lowest of each byte first.
type writer struct {
	out  []byte
	hold uint64
	have uint
}

// bits writes the lowest n bits of x.
func (w *writer) bits(x uint64, n uint) {
	for range n {
		w.hold |= x & 1 << w.have
		x >>= 1
		if w.have++; w.have == 8 {
			w.flush()
		}
	}
}

func (w *writer) unary(n int) {
	for range n {
		w.bits(0, 1)
	}
	w.bits(1, 1)
}

func (w *writer) flush() {
	if w.have > 0 {
		w.out = append(w.out, byte(w.hold))
		w.hold, w.have = 0, 0
	}
}
