package smiles_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

// polyene writes a random polyene whose single bonds are marked at random, so
// that many of its double bonds have contradictory marks or some at one end.
func polyene(r *rand.Rand, doubles int) string {
	mark := func() string { return []string{"/", "\\", "/", "\\", ""}[r.IntN(5)] }
	end := func() string { return []string{"C", "F", "CC", "N", "Cl"}[r.IntN(5)] }
	var arm func() string
	arm = func() string {
		if doubles == 0 {
			return end()
		}
		doubles--
		near, far := "", ""
		if r.IntN(2) == 0 {
			near = "(" + mark() + arm() + ")"
		}
		if r.IntN(2) == 0 {
			far = "(" + mark() + arm() + ")"
		}
		return "C" + near + "=C" + far + mark() + arm()
	}
	start := end()
	if r.IntN(8) == 0 {
		start = "F/C=C"
	}
	return start + mark() + arm()
}

func TestDoubleBondsStayOpenAmongOthers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in, canonical string
		stereo        []chem.BondStereo // in the order of bonds, of the double ones
	}{
		{"C/C=C/C=C(/C)/C=C/CC", "C/C=C/C=C(/C)/C=C/CC", []chem.BondStereo{chem.Trans, chem.NoStereo, chem.Trans}},
		{"CC/C=C/C(\\C)=C/C=C/C", "C/C=C/C=C(/C)/C=C/CC", []chem.BondStereo{chem.Trans, chem.NoStereo, chem.Trans}},
		{"C/C=C/C=C(/C=C/F)/C=C/CC", "", []chem.BondStereo{chem.Trans, chem.NoStereo, chem.Trans, chem.Trans}},
		{"C/C=C/C=C(C)C=CCC", "C/C=C/C=C(C)C=CCC", []chem.BondStereo{chem.Trans, chem.NoStereo, chem.NoStereo}},
	} {
		m := chemtest.Parse(t, c.in)
		var got []chem.BondStereo
		for _, b := range m.Bonds {
			if b.Order == chem.Double {
				got = append(got, b.Stereo)
			}
		}
		if !slices.Equal(got, c.stereo) {
			t.Errorf("%s: configurations %v, want %v", c.in, got, c.stereo)
		}
		if s := smiles.Canonical(m); c.canonical != "" && s != c.canonical {
			t.Errorf("%s: canonical form %s, want %s", c.in, s, c.canonical)
		}
	}
}

func TestPolyenesKeepTheirConfigurations(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 7))
	open := 0
	for range 10000 {
		s := polyene(r, 1+r.IntN(7))
		m := chemtest.Parse(t, s)
		for i, b := range m.Bonds {
			if b.Stereo == chem.NoStereo && m.CanBeCisTrans(i) {
				open++
			}
		}
		want := smiles.Canonical(m)
		for _, law := range laws {
			if got, err := law.way(m, r); err != nil || got != want {
				t.Errorf("%s: %s: %s, not %s %v", s, law.name, got, want, err)
			}
		}
	}
	if open < 1000 {
		t.Errorf("only %d double bonds without a configuration", open)
	}
}
