package smiles_test

import (
	"math/rand/v2"
	"slices"
	"strings"
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

// TestWhatSMILESCanSayIsSaid gives the double bonds of random polyenes all
// combinations of configurations, none among them. What is written must say the
// same wherever any choice of marks does, as trying all of them tells; where none
// does, a bond without a configuration lies between marks that others need.
func TestWhatSMILESCanSayIsSaid(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(9, 9))
	said, never := 0, 0
	for said+never < 1500 {
		text, places := bare(polyene(r, 2+r.IntN(3)))
		if len(places) > 8 {
			continue
		}
		plain := chemtest.Parse(t, text)
		doubles := differing(t, plain)
		can := map[string]bool{}
		for code := range power(3, len(places)) {
			can[configurations(chemtest.Parse(t, withMarks(text, places, code)), doubles)] = true
		}
		for code := range power(3, len(doubles)) {
			m := plain.Clone()
			for _, i := range doubles {
				b := &m.Bonds[i]
				if b.Stereo = chem.BondStereo(code % 3); b.Stereo != chem.NoStereo {
					b.StereoAtoms = [2]int32{beside(m, b.A, b.B), beside(m, b.B, b.A)}
				}
				code /= 3
			}
			if err := chem.Perceive(m); err != nil {
				t.Fatal(err)
			}
			s := smiles.Canonical(m)
			back := chemtest.Parse(t, s)
			same := smiles.Canonical(back) == s && marked(back) == marked(m)
			switch {
			case !can[configurations(m, doubles)]:
				never++
				if same {
					t.Errorf("%s has a configuration that no marks say, yet %s does", text, s)
				}
			case !same:
				t.Errorf("%s: %s is not read back as written", text, s)
			default:
				said++
			}
		}
	}
	if said < 1000 || never < 5 {
		t.Errorf("%d said, %d that cannot be", said, never)
	}
}

// bare is a SMILES without its marks, and the places where single bonds have
// room for some.
func bare(s string) (text string, places []int) {
	text = strings.NewReplacer("/", "", "\\", "").Replace(s)
	for i := 1; i < len(text); i++ {
		if c := text[i]; c >= 'A' && c <= 'Z' && text[i-1] != '=' {
			places = append(places, i)
		}
	}
	return text, places
}

// withMarks puts marks, or none, at the places by the ternary digits of a code.
func withMarks(text string, places []int, code int) string {
	var out strings.Builder
	from := 0
	for _, at := range places {
		out.WriteString(text[from:at])
		out.WriteString([]string{"", "/", "\\"}[code%3])
		code /= 3
		from = at
	}
	out.WriteString(text[from:])
	return out.String()
}

// differing lists the double bonds whose substituents differ at both ends: those
// that can be cis or trans.
func differing(t *testing.T, m *chem.Mol) (doubles []int) {
	t.Helper()
	classes := chem.SymmetryClasses(m)
	for i, b := range m.Bonds {
		ok := m.CanBeCisTrans(i)
		for _, at := range [2]int32{b.A, b.B} {
			var seen []int
			for _, nb := range m.Neighbors(int(at)) {
				ok = ok && !slices.Contains(seen, classes[nb.Atom])
				seen = append(seen, classes[nb.Atom])
			}
		}
		if ok {
			doubles = append(doubles, i)
		}
	}
	return doubles
}

// beside is the first neighbour of an atom apart from one.
func beside(m *chem.Mol, at, partner int32) int32 {
	for _, nb := range m.Neighbors(int(at)) {
		if nb.Atom != partner {
			return nb.Atom
		}
	}
	return -1
}

// configurations writes those of some double bonds, told by the first neighbours
// of their ends.
func configurations(m *chem.Mol, doubles []int) string {
	out := make([]byte, 0, len(doubles))
	for _, i := range doubles {
		b := &m.Bonds[i]
		stereo := b.Stereo
		for end, at := range [2]int32{b.A, b.B} {
			if stereo != chem.NoStereo && b.StereoAtoms[end] != beside(m, at, int32(b.Other(int(at)))) {
				stereo = chem.Cis + chem.Trans - stereo
			}
		}
		out = append(out, '0'+byte(stereo))
	}
	return string(out)
}

func power(base, n int) int {
	p := 1
	for range n {
		p *= base
	}
	return p
}
