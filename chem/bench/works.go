package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/alert"
	"github.com/molsculpt/molsculpt/chem/descriptor"
	"github.com/molsculpt/molsculpt/chem/fingerprint"
	"github.com/molsculpt/molsculpt/chem/scaffold"
	"github.com/molsculpt/molsculpt/chem/smarts"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

// work is a row of the report: what both sides do to each molecule.
type work struct {
	name  string
	about string
	bar   float64 // the ratio that we mean to reach, 0 for none
	limit int     // most molecules, 0 for no limit: RDKit must end in reasonable time
	pairs bool    // the rate is of pairs of molecules, all with all

	// prepare makes the workers of our side. Each of the functions that worker
	// returns may run beside the others; it works on molecule i and returns an
	// answer where asked to.
	prepare func(list []string) (worker func() job, err error)

	// agree compares our answer for a molecule with RDKit's.
	agree func(ours, theirs string) bool
}

// job does the work for molecule i. The answer is empty unless it is wanted,
// so that writing it is not measured.
type job func(i int, wanted bool) (string, error)

var works = []work{
	{name: "parse", about: "parse", prepare: fromText(func(m *chem.Mol, wanted bool) string {
		if !wanted {
			return ""
		}
		return strconv.Itoa(len(m.Atoms))
	}), agree: equal},
	{name: "canonical", about: "parse, canonical SMILES", bar: 5, prepare: fromText(func(m *chem.Mol, _ bool) string {
		return smiles.Canonical(m)
	}), agree: sameMolecule},
	{name: "properties", about: "parse, QED, SA, Morgan 2", bar: 20, prepare: properties, agree: near},
	{name: "murcko", about: "Murcko scaffold, canonical", prepare: fromMolecule(func() func(*chem.Mol, bool) (string, error) {
		return func(m *chem.Mol, _ bool) (string, error) { return scaffold.MurckoSMILES(m) }
	}), agree: sameMolecule},
	{name: "morgan", about: "Morgan 2, 2048 bits", prepare: bits(func(w *fingerprint.Workspace, m *chem.Mol) fingerprint.Bits {
		return w.MorganBits(m, 2, 2048)
	}), agree: equal},
	{name: "pairs", about: "atom pairs, 2048 bits", prepare: bits(func(_ *fingerprint.Workspace, m *chem.Mol) fingerprint.Bits {
		return fingerprint.AtomPairBits(m, 2048, false)
	}), agree: equal},
	{name: "torsions", about: "torsions, 2048 bits", prepare: bits(func(_ *fingerprint.Workspace, m *chem.Mol) fingerprint.Bits {
		return fingerprint.TorsionBits(m, 2048, false)
	}), agree: equal},
	{name: "paths", about: "paths and subgraphs, 2048 bits", limit: 200, prepare: bits(func(_ *fingerprint.Workspace, m *chem.Mol) fingerprint.Bits {
		return fingerprint.SubgraphBits(m, 2048)
	}), agree: equal},
	{name: "pains", about: "search for the 480 PAINS alerts", bar: 3, limit: 200, prepare: pains, agree: equal},
	{name: "tanimoto", about: "bulk Tanimoto, 2048 bits", bar: 15, pairs: true, prepare: tanimoto, agree: near},
}

// fromText is work on SMILES that are parsed each time.
func fromText(f func(*chem.Mol, bool) string) func([]string) (func() job, error) {
	return func(list []string) (func() job, error) {
		return func() job {
			return func(i int, wanted bool) (string, error) {
				m, err := smiles.Parse(list[i])
				if err != nil {
					return "", err
				}
				return f(m, wanted), nil
			}
		}, nil
	}
}

// fromMolecule is work on molecules that are parsed before, by a function that
// a worker has for itself.
func fromMolecule(f func() func(*chem.Mol, bool) (string, error)) func([]string) (func() job, error) {
	return func(list []string) (func() job, error) {
		mols := make([]*chem.Mol, len(list))
		for i, s := range list {
			m, err := smiles.Parse(s)
			if err != nil {
				return nil, fmt.Errorf("bench: parse %s: %w", s, err)
			}
			mols[i] = m
		}
		return func() job {
			g := f()
			return func(i int, wanted bool) (string, error) { return g(mols[i], wanted) }
		}, nil
	}
}

func bits(f func(*fingerprint.Workspace, *chem.Mol) fingerprint.Bits) func([]string) (func() job, error) {
	return fromMolecule(func() func(*chem.Mol, bool) (string, error) {
		var w fingerprint.Workspace
		return func(m *chem.Mol, wanted bool) (string, error) {
			b := f(&w, m)
			if !wanted {
				return "", nil
			}
			return strconv.Itoa(b.Count()), nil
		}
	})
}

func properties(list []string) (func() job, error) {
	return func() job {
		a := descriptor.New(nil)
		return func(i int, wanted bool) (string, error) {
			m, err := smiles.Parse(list[i])
			if err != nil {
				return "", err
			}
			a.Reset(m)
			qed, sa := a.QED(), a.SA()
			b := fingerprint.FoldCounts(a.Morgan(), 2048)
			if !wanted {
				return "", nil
			}
			return fmt.Sprint(qed, sa, b.Count()), nil
		}
	}, nil
}

func pains(list []string) (func() job, error) {
	var parts []*alert.Catalogue
	for _, name := range []string{"pains_a", "pains_b", "pains_c"} {
		c, err := alert.Get(name)
		if err != nil {
			return nil, fmt.Errorf("bench: prepare pains: %w", err)
		}
		parts = append(parts, c)
	}
	c := alert.Join("pains", parts...)
	return fromMolecule(func() func(*chem.Mol, bool) (string, error) {
		var target smarts.Target
		var fired []int
		return func(m *chem.Mol, wanted bool) (string, error) {
			target.Reset(m)
			fired = c.Fired(fired[:0], &target)
			if !wanted {
				return "", nil
			}
			return strconv.Itoa(len(fired)), nil
		}
	})(list)
}

func tanimoto(list []string) (func() job, error) {
	table := fingerprint.NewTable(2048)
	for _, s := range list {
		m, err := smiles.Parse(s)
		if err != nil {
			return nil, fmt.Errorf("bench: parse %s: %w", s, err)
		}
		table.Append(fingerprint.MorganBits(m, 2, 2048))
	}
	return func() job {
		dst := make([]float64, table.Len())
		return func(i int, wanted bool) (string, error) {
			table.Tanimoto(dst, table.Row(i))
			if !wanted {
				return "", nil
			}
			sum := 0.0
			for _, x := range dst {
				sum += x
			}
			return fmt.Sprint(sum), nil
		}
	}, nil
}

func equal(ours, theirs string) bool { return ours == theirs }

// sameMolecule compares SMILES: ours are canonical, RDKit's canonical form is
// another.
func sameMolecule(ours, theirs string) bool {
	m, err := smiles.Parse(theirs)
	return err == nil && smiles.Canonical(m) == ours
}

// near compares lists of numbers, to 1e-3 of the larger or of 1.
func near(ours, theirs string) bool {
	a, b := strings.Fields(ours), strings.Fields(theirs)
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		x, err := strconv.ParseFloat(a[i], 64)
		if err != nil {
			return false
		}
		y, err := strconv.ParseFloat(b[i], 64)
		if err != nil || math.Abs(x-y) > 1e-3*max(1, math.Abs(x), math.Abs(y)) {
			return false
		}
	}
	return true
}
