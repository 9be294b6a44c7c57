package experiment

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/molsculpt/molsculpt/chem/fingerprint"
	"github.com/molsculpt/molsculpt/chem/smiles"
	"github.com/molsculpt/molsculpt/platform/diagnose"
	"github.com/molsculpt/molsculpt/platform/sample"
)

// The fingerprints by which molecules are compared: those of Garipov et al.
const (
	distanceRadius = 3
	distanceBits   = 2048
)

// distances are earth mover's distances between samples of one size.
type distances struct {
	Size   int
	Labels []string
	EMD    [][]float64 // of samples with different seeds, the one's first and the other's second
	Floor  []float64   // between two samples of one law
}

// floorOf is what the distance of two sets would be if they were of one law: the
// mean of their floors.
func (d *distances) floorOf(i, j int) float64 { return (d.Floor[i] + d.Floor[j]) / 2 }

// equal are n molecules of equal weight: a sample resampled.
func (s *fragmentSample) equal(n int, seed uint64) []string {
	var out []string
	for _, i := range sample.Unweighted(s.LogWeight, n, rand.New(rand.NewPCG(seed, uint64(n)))) {
		out = append(out, s.SMILES[i])
	}
	return out
}

// measureDistances compares all sets with each other. Samples of one seed are not
// independent where compositions are alike, so each set is held against the others
// with the other seed.
func (s *fragmentSite) measureDistances(ctx context.Context, f fragmentCampaign, size int, sets []*fragmentSet) (*distances, error) {
	d := &distances{Size: size}
	var first, again [][]string
	var keys []string
	for _, set := range sets {
		d.Labels = append(d.Labels, set.Label)
		first = append(first, set.Main.equal(size, 1))
		again = append(again, set.Again.equal(size, 2))
		sum := sha256.Sum256([]byte(strings.Join(first[len(first)-1], "\n") + "\n\n" + strings.Join(again[len(again)-1], "\n")))
		keys = append(keys, hex.EncodeToString(sum[:]))
	}
	tables := map[*string]*fingerprint.Table{}
	table := func(list []string) (*fingerprint.Table, error) {
		if t := tables[&list[0]]; t != nil {
			return t, nil
		}
		t, err := fingerprints(list)
		tables[&list[0]] = t
		return t, err
	}
	for i := range sets {
		var row []float64 // the floor, then the distances to those before
		what := fmt.Sprintf("distances, %s, %s", f.Title, sets[i].Text)
		if err := s.env.Stage(ctx, what, append([]string{"other seed"}, keys[:i+1]...), &row, func() error {
			a, err := table(first[i])
			if err != nil {
				return err
			}
			var others []*fingerprint.Table
			for _, list := range append([][]string{again[i]}, again[:i]...) {
				t, err := table(list)
				if err != nil {
					return err
				}
				others = append(others, t)
			}
			row = make([]float64, len(others))
			return atOnce(len(others), func(k int) error {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				var err error
				row[k], err = earthMover(a, others[k])
				return err
			})
		}); err != nil {
			return nil, err
		}
		d.Floor = append(d.Floor, row[0])
		d.EMD = append(d.EMD, append(row[1:], 0))
	}
	for i := range d.EMD {
		for j := i + 1; j < len(d.EMD); j++ {
			d.EMD[i] = append(d.EMD[i], d.EMD[j][i])
		}
	}
	return d, nil
}

// fingerprints are those of molecules, in order.
func fingerprints(list []string) (*fingerprint.Table, error) {
	bits := make([]fingerprint.Bits, len(list))
	if err := atOnce(len(list), func(i int) error {
		m, err := smiles.Parse(list[i])
		if err != nil {
			return fmt.Errorf("read a sample's molecule: %w", err)
		}
		bits[i] = fingerprint.MorganBits(m, distanceRadius, distanceBits)
		return nil
	}); err != nil {
		return nil, err
	}
	t := fingerprint.NewTable(distanceBits)
	for _, b := range bits {
		t.Append(b)
	}
	return t, nil
}

// earthMover is the distance between two sets of one size.
func earthMover(a, b *fingerprint.Table) (float64, error) {
	n := a.Len()
	cost := make([]float32, n*n)
	similar := make([]float64, n)
	for i := range n {
		for j, t := range b.Tanimoto(similar, a.Row(i)) {
			cost[i*n+j] = float32(diagnose.TanimotoCost(t))
		}
	}
	best, err := diagnose.Assign(cost, n)
	if err != nil {
		return 0, err
	}
	return best.Cost, nil
}

// diversity is the mean Tanimoto distance of two different molecules of a list.
func diversity(list []string) (float64, error) {
	t, err := fingerprints(list)
	if err != nil || t.Len() < 2 {
		return math.NaN(), err
	}
	var sum float64
	row := make([]float64, t.Len())
	for i := range t.Len() {
		for j, similarity := range t.Tanimoto(row, t.Row(i)) {
			if j != i {
				sum += 1 - similarity
			}
		}
	}
	n := float64(t.Len())
	return sum / (n * (n - 1)), nil
}

// atOnce does something for 0 to n-1 on all processors; after an error no more is
// begun. The error is that of the smallest number among those done.
func atOnce(n int, do func(int) error) error {
	errs := make([]error, n)
	var next atomic.Int64
	var failed atomic.Bool
	var g sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		g.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && !failed.Load(); i = int(next.Add(1)) - 1 {
				if errs[i] = do(i); errs[i] != nil {
					failed.Store(true)
				}
			}
		})
	}
	g.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
