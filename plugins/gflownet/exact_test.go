package gflownet

import (
	"math"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/molsculpt/molsculpt/chem/descriptor"
	"github.com/molsculpt/molsculpt/chem/fragment"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/treetest"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// enumerate lists all states of a space by size, the empty one first.
func enumerate(sp *space.Fragments, size int) [][]space.State {
	levels := [][]space.State{{""}}
	for n := range size {
		seen := map[space.State]bool{}
		var next []space.State
		for _, s := range levels[n] {
			legal := make([]bool, sp.Rows(s)*sp.Columns())
			sp.Legal(s, legal)
			for c, ok := range legal {
				if ok {
					if x := sp.Child(s, c); !seen[x] {
						seen[x] = true
						next = append(next, x)
					}
				}
			}
		}
		levels = append(levels, next)
	}
	return levels
}

// terminalLaw is the exact probability of each finished tree under the model,
// by dynamic programming over its policy.
func terminalLaw(tb testing.TB, m *Model, levels [][]space.State, beta float64) map[space.State]float64 {
	tb.Helper()
	visit := map[space.State]float64{"": 1}
	law := map[space.State]float64{}
	for _, level := range levels {
		next := make([]map[space.State]float64, (len(level)+63)/64)
		stops := make([]float64, len(level))
		kern.ParRows(2, len(level), 64, func(from, to int) {
			out := map[space.State]float64{}
			steps := make([]space.Steps, to-from)
			if err := m.At(beta).Steps(tb.Context(), level[from:to], steps); err != nil {
				panic(err)
			}
			for i := range steps {
				u := visit[level[from+i]]
				stops[from+i] = u * math.Exp(steps[i].Stop)
				for c, l := range steps[i].Cells {
					if v := math.Exp(l); v > 0 {
						out[m.Space().Child(level[from+i], c)] += u * v
					}
				}
			}
			next[from/64] = out
		})
		for i, x := range level {
			if x != "" {
				law[x] = stops[i]
			}
		}
		for _, part := range next {
			for x, u := range part {
				visit[x] += u
			}
		}
	}
	return law
}

// TestTheTransformerItselfBecomesExact trains on the space of 24 fragments and
// holds the law of the policy, by dynamic programming, against QED^8. Up to 2
// fragments (844 trees) by default; up to 3 (52,324 trees) with
//
//	MOLSCULPT_EXACT=3 go test -run ItselfBecomesExact -timeout 30m -v ./plugins/gflownet
func TestTheTransformerItselfBecomesExact(t *testing.T) {
	if testing.Short() {
		t.Skip("trains a network")
	}
	size, steps := 2, 2000
	if v := os.Getenv("MOLSCULPT_EXACT"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > 3 {
			t.Fatalf("MOLSCULPT_EXACT is %q; give 1, 2 or 3", v)
		}
		if size = n; n == 3 {
			steps = 8000
		}
	}
	if v := os.Getenv("MOLSCULPT_EXACT_STEPS"); v != "" {
		steps, _ = strconv.Atoi(v)
	}
	const beta = 8.0
	sp := treetest.Golden(t, size)
	levels := enumerate(sp, size)
	logQED := map[space.State]float64{}
	var logZ float64
	for _, level := range levels[1:] {
		for _, s := range level {
			mol, err := sp.Trees().Assemble(fragment.Tree(s))
			if err != nil {
				t.Fatal(err)
			}
			logQED[s] = math.Log(descriptor.QED(mol))
			logZ += math.Exp(beta * logQED[s])
		}
	}
	logZ = math.Log(logZ)
	if want := map[int]int{1: 24, 2: 844, 3: 52324}[size]; len(logQED) != want {
		t.Fatalf("%d trees, want %d", len(logQED), want)
	}
	tr, err := NewTrainer(sp, Config{
		Width: 64, Layers: 2, Steps: steps, Batch: 64, BetaMax: 16, BetaFocus: beta, FocusShare: 0.5,
		MeanSize: 2, Rate: 2e-3, Average: 0.99, Knee: -1, Threads: runtime.GOMAXPROCS(0),
	}, 1)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	for !tr.Done() {
		ask, err := tr.Propose()
		if err != nil {
			t.Fatal(err)
		}
		log := make([]float64, len(ask))
		for i, s := range ask {
			log[i] = logQED[s]
		}
		st, err := tr.Update(log)
		if err != nil {
			t.Fatal(err)
		}
		if st.Step%200 == 0 {
			t.Logf("%5.1fs %+v", time.Since(start).Seconds(), st)
		}
	}
	m, err := tr.Model()
	if err != nil {
		t.Fatal(err)
	}
	law := terminalLaw(t, m, levels, beta)
	var tv, sum float64
	for s, l := range logQED {
		tv += math.Abs(law[s]-math.Exp(beta*l-logZ)) / 2
		sum += law[s]
	}
	t.Logf("%d trees, %d updates in %.1f s: total variation %.4f, log Z %.4f (exact %.4f)", len(logQED), steps, time.Since(start).Seconds(), tv, m.LogZ(beta), logZ)
	if math.Abs(sum-1) > 1e-4 {
		t.Errorf("the law adds up to %v", sum)
	}
	if tv > 0.05 {
		t.Errorf("total variation %.4f, want at most 0.05", tv)
	}
}
