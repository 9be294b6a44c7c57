package oracle_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/descriptor"
	"github.com/molsculpt/molsculpt/chem/fragment"
	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// golden24 is the space of 24 of the 72 published fragments.
func golden24(t testing.TB, maxFragments int) *space.Fragments {
	t.Helper()
	v, err := fragment.Parse(chemtest.Vocabulary24(t))
	if err != nil {
		t.Fatal(err)
	}
	sp, err := space.NewFragments(v, maxFragments)
	if err != nil {
		t.Fatal(err)
	}
	return sp
}

// facts of every molecule of the space.
type facts struct{ heavy, hetero, qed, sa []float64 }

func measure(t testing.TB, sp *space.Fragments, g *oracle.Graph) facts {
	t.Helper()
	n := len(g.States)
	f := facts{make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)}
	for i, s := range g.States[1:] {
		m, err := sp.Trees().Assemble(fragment.Tree(s))
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range m.Atoms {
			if a.Element == 7 || a.Element == 8 {
				f.hetero[i+1]++
			}
		}
		f.heavy[i+1] = float64(m.HeavyAtoms())
		f.qed[i+1], f.sa[i+1] = descriptor.QED(m), descriptor.SA(m)
	}
	return f
}

func TestGoldenNumbersOfTheFragmentSpace(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("enumerates 52,324 molecules")
	}
	sp := golden24(t, 3)
	g, err := oracle.Enumerate(context.Background(), sp, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	sizes, edges, most := map[int]int{}, 0, 0
	for i, s := range g.States {
		sizes[sp.Size(s)]++
		edges += len(g.Children[i])
		most = max(most, len(g.Children[i]))
		if g.Stop[i] != (s != "") {
			t.Fatalf("Stop at state %d: %v", i, g.Stop[i])
		}
	}
	if got, want := fmt.Sprint(sizes, edges, most), "map[0:1 1:24 2:820 3:51480] 103976 320"; got != want {
		t.Errorf("states, edges and most children: %s, want %s", got, want)
	}
	f := measure(t, sp, g)
	law := func(logR func(i int) float64) *oracle.Flows {
		logs := make([]float64, len(g.States))
		for i := range logs {
			logs[i] = logR(i)
		}
		return oracle.FlowsOf(g, logs)
	}
	square := func(x float64) float64 { return -x * x }
	one := law(func(i int) float64 { return square((f.heavy[i] - 16) / 4) })
	two := law(func(i int) float64 { return square((f.hetero[i] - 3) / 1.5) })
	laws := []*oracle.Law{one.Law(), two.Law()}
	printed(t, "log Z of R1", one.LogZ(), "10.32891916")
	printed(t, "log Z of R2", two.LogZ(), "10.38060026")
	printed(t, "entropy of R1", oracle.Entropy(laws[0].Terminal), "10.652869")
	printed(t, "entropy of R2", oracle.Entropy(laws[1].Terminal), "10.700250")
	printed(t, "L1", oracle.L1(laws[0].Terminal, laws[1].Terminal), "0.659170")
	for _, test := range []struct{ text, evidence, entropy string }{
		{"a & b", "0.20056493", "10.633852"},
		{"a - b", "0.29943507", "10.523424"},
		{"b - a", "0.29943507", "10.569117"},
	} {
		e, err := compose.Parse(test.text)
		if err != nil {
			t.Fatal(err)
		}
		c, err := compose.Compile(e, []string{"a", "b"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		p, logZ, err := oracle.Composite(c, laws)
		if err != nil {
			t.Fatal(err)
		}
		printed(t, test.text+": evidence", math.Exp(logZ), test.evidence)
		printed(t, test.text+": entropy", oracle.Entropy(p), test.entropy)
		mixture := oracle.MixturePolicy([]float64{.5, .5}, laws)
		atState, atEnd := oracle.Potential(c, mixture, laws)
		if d := oracle.L1(oracle.Guided(mixture, atState, atEnd).Terminal, p); d > 1e-12 {
			t.Errorf("%s: the guided policy's law differs by %g", test.text, d)
		}
	}
	// The policy answers cell by cell; its law sums them again.
	again, err := oracle.LawOf(context.Background(), g, laws[0].Policy())
	if err != nil {
		t.Fatal(err)
	}
	if d := oracle.L1(again.Terminal, laws[0].Terminal); d > 1e-12 {
		t.Errorf("the law of the policy differs by %g", d)
	}

	both := compile(t, "a & b")
	for _, test := range []struct {
		beta   float64
		logQED string
		logSA  float64
		joint  string
	}{
		{8, "8.379454", 9.164470, ".180768"},
		{32, "3.742351", 6.029560, ".032035"},
		{96, "-5.481235", 3.595807, ".000307"},
	} {
		q := law(func(i int) float64 { return test.beta * math.Log(max(f.qed[i], 1e-30)) })
		s := law(func(i int) float64 { return test.beta * math.Log((10-f.sa[i])/9) })
		laws := []*oracle.Law{q.Law(), s.Law()}
		printed(t, fmt.Sprintf("log Z of QED^%g", test.beta), q.LogZ(), test.logQED)
		// The packed table of SA contributions is rounded: one unit of the last
		// printed digit is allowed.
		if math.Abs(s.LogZ()-test.logSA) > 1e-6 {
			t.Errorf("log Z of SA^%g = %.6f, want %.6f", test.beta, s.LogZ(), test.logSA)
		}
		p, logZ, err := oracle.Composite(both, laws)
		if err != nil {
			t.Fatal(err)
		}
		printed(t, fmt.Sprintf("evidence at beta %g", test.beta), math.Exp(logZ), test.joint)
		if test.beta != 32 {
			continue
		}
		share := func(p []float64) (sum float64) {
			for i := range p {
				if f.qed[i] >= .6 && f.sa[i] <= 3 {
					sum += math.Exp(p[i])
				}
			}
			return sum
		}
		printed(t, "share under QED", share(laws[0].Terminal), ".487")
		printed(t, "share under SA", share(laws[1].Terminal), ".771")
		printed(t, "share under the mixture", (share(laws[0].Terminal)+share(laws[1].Terminal))/2, ".629")
		printed(t, "share under a & b", share(p), ".970")
	}
}
