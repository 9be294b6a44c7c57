package seh

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/smiles"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/sdk"
)

// various are molecules with all that the network tells apart: every kind of
// bond, atoms with none, several parts, explicit hydrogens, heavy elements,
// charges, more atoms than a goroutine takes at once.
var various = []string{
	"C", "[H][H]", "[2H]C([2H])O", "[NH4+]", "[Na+].[Cl-]", "CC.CC", "C.CC", "c1ccccc1.Cl", "O.O.O",
	"C#N", "N#Cc1ccncc1Br", "C=C=C", "CC(=O)Nc1ccc(O)cc1", "O=C(NC1CCCCC1)NC12CC3CC(CC(C3)C1)C2",
	"CC[Se]C", "C[Mg]Cl", "[Xe]", "[He]", "[Ba+2].[O-]C=O", "FS(F)(F)(F)(F)F", "C[C@H](N)C(=O)[O-]", "c1ccc2[nH]ccc2c1", "OB(O)c1ccccc1", "O=[PH](O)C",
	"CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC",
}

func drawn(t testing.TB, seed uint64, v variant) *model {
	t.Helper()
	net, err := readNetwork(randomWeights(t, seed), v)
	if err != nil {
		t.Fatal(err)
	}
	return newModel(net, 2)
}

// raw are the raw scores, all of which must be there.
func raw(t testing.TB, m *model, mols []string) []float64 {
	t.Helper()
	scores, err := m.Score(t.Context(), mols)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float64, len(scores))
	for i, s := range scores {
		if s.Status != sdk.OK {
			t.Fatalf("%s: %v: %s", mols[i], s.Status, s.Reason)
		}
		out[i] = s.Values[0]
	}
	return out
}

// Not parallel: it changes the kernels.
func TestTheNetworkIsWhatItsDefinitionSays(t *testing.T) {
	before := kern.Active()
	defer func() {
		if err := kern.Use(before); err != nil {
			t.Error(err)
		}
	}()
	seeds := uint64(2)
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		weights, err := readTensors(randomWeights(t, seed))
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range []variant{port, orig} {
			want := make([]float64, len(various))
			for i, s := range various {
				want[i] = definition{weights, v}.score(chemtest.Parse(t, s))
			}
			for _, kernels := range kern.Available() {
				if err := kern.Use(kernels); err != nil {
					t.Fatal(err)
				}
				for i, got := range raw(t, drawn(t, seed, v), various) {
					if !(math.Abs(got-want[i]) < 1e-5) {
						t.Errorf("%s, %s, weights %d: %s scores %v, by the definition %v", kernels, v, seed, various[i], got, want[i])
					}
				}
			}
		}
	}
}

func TestVariantsDiffer(t *testing.T) {
	t.Parallel()
	one, other := raw(t, drawn(t, 1, port), various), raw(t, drawn(t, 1, orig), various)
	for i := range one {
		if math.Abs(one[i]-other[i]) < 1e-4 {
			t.Errorf("%s scores %v in both variants", various[i], one[i])
		}
	}
}

func TestAScoreDoesNotDependOnTheCompany(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 5))
	m := drawn(t, 2, port)
	alone := make([]float64, len(various))
	for i, s := range various {
		alone[i] = raw(t, m, []string{s})[0]
	}
	for range 50 {
		m.threads = 1 + rng.IntN(4)
		pick := make([]int, rng.IntN(100))
		mols := make([]string, len(pick))
		for i := range pick {
			pick[i] = rng.IntN(len(various))
			mols[i] = various[pick[i]]
		}
		for i, x := range raw(t, m, mols) {
			if math.Float64bits(x) != math.Float64bits(alone[pick[i]]) {
				t.Fatalf("%s scores %v alone and %v as number %d of %d on %d threads", mols[i], alone[pick[i]], x, i, len(mols), m.threads)
			}
		}
	}
}

// renumbered is m with its atoms and bonds in another order.
func renumbered(m *chem.Mol, rng *rand.Rand) *chem.Mol {
	to := rng.Perm(len(m.Atoms))
	out := &chem.Mol{Atoms: make([]chem.Atom, len(m.Atoms)), Bonds: slices.Clone(m.Bonds)}
	for i, a := range m.Atoms {
		out.Atoms[to[i]] = a
	}
	for i, b := range out.Bonds {
		out.Bonds[i].A, out.Bonds[i].B = int32(to[b.B]), int32(to[b.A])
	}
	rng.Shuffle(len(out.Bonds), func(i, j int) { out.Bonds[i], out.Bonds[j] = out.Bonds[j], out.Bonds[i] })
	out.Connect()
	return out
}

func TestTheOrderOfAtomsDoesNotMatter(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(8, 13))
	m := drawn(t, 4, orig)
	want := raw(t, m, various)
	net := m.workers.Get().(*worker).run.net
	for i, text := range various {
		mol := chemtest.Parse(t, text)
		for range 10 {
			var b batch
			b.reset()
			if err := b.add(renumbered(mol, rng)); err != nil {
				t.Fatal(err)
			}
			got := make([]float64, 1)
			(&run{net: net}).scores(&b, got)
			other := smiles.Write(mol, smiles.WriteOptions{Rand: rng})
			again := raw(t, m, []string{other})[0]
			// Sums of floats depend on the order in the last places. Where a
			// molecule has no bonds its first atom alone has an edge.
			if text == "[Na+].[Cl-]" {
				continue
			}
			if math.Abs(got[0]-want[i]) > 1e-5 || math.Abs(again-want[i]) > 1e-5 {
				t.Errorf("%s scores %v, renumbered %v, as %s %v", text, want[i], got[0], other, again)
			}
		}
	}
}
