package fragment

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

// The vocabulary file is JSON:
//
//	{
//	  "format": "molsculpt-vocabulary", "version": 1,
//	  "name": "...", "source": "...", "rule": "ring-acyclic",
//	  "fragments": [
//	    {"smiles": "Cc1ccccc1", "sites": [0, 2, 3], "count": 17,
//	     "atoms": [[6,0,3,0], [6,0,0,1], ...], "bonds": [[0,1,1], [1,2,4], ...]}
//	  ]
//	}
//
// A site is an atom index in the order of the SMILES; an atom that can carry
// several bonds stands several times. An atom is [element, charge, hydrogens,
// aromatic] or, for an isotope, [..., mass number]; a bond is [atom, atom,
// order] with 4 for aromatic. Atoms and bonds may be left out, and are then
// those of the SMILES; stored, they keep the digest and the numbering of
// columns fixed even where the perception of aromaticity changes.
const (
	fileFormat  = "molsculpt-vocabulary"
	fileVersion = 1
)

type fileVocabulary struct {
	Format    string         `json:"format"`
	Version   int            `json:"version"`
	Name      string         `json:"name"`
	Source    string         `json:"source,omitempty"`
	Rule      Rule           `json:"rule"`
	Fragments []fileFragment `json:"fragments"`
}

type fileFragment struct {
	SMILES string   `json:"smiles"`
	Sites  []int    `json:"sites"`
	Count  int      `json:"count,omitempty"`
	Atoms  [][]int  `json:"atoms,omitempty"`
	Bonds  [][3]int `json:"bonds,omitempty"`
}

// plainFragment is an entry of the list form that the 72 fragments of Bengio et
// al. (2021) are published in: [{"smiles": "...", "attach": [0, 3]}].
type plainFragment struct {
	SMILES string `json:"smiles"`
	Attach []int  `json:"attach"`
}

// maxFragmentAtoms bounds the fragments of a file.
const maxFragmentAtoms = 250

// Parse reads a vocabulary file: our own format, or a JSON list of objects with
// smiles and attach, which gets the rule [Any]. Stereo marks are dropped.
func Parse(data []byte) (*Vocabulary, error) {
	trimmed := bytes.TrimLeft(data, " \t\r\n\ufeff")
	if len(trimmed) > 0 && trimmed[0] == '[' {
		return parsePlain(trimmed)
	}
	var file fileVocabulary
	if err := decodeStrict(trimmed, &file); err != nil {
		return nil, fmt.Errorf("fragment: read vocabulary: %w", err)
	}
	if file.Format != fileFormat {
		return nil, fmt.Errorf("fragment: read vocabulary: format is %q, not %q: is this a vocabulary file?", file.Format, fileFormat)
	}
	if file.Version != fileVersion {
		return nil, fmt.Errorf("fragment: read vocabulary: version %d; this program reads version %d", file.Version, fileVersion)
	}
	entries := make([]Entry, len(file.Fragments))
	for i, f := range file.Fragments {
		e, err := f.entry()
		if err != nil {
			return nil, &EntryError{Index: i, SMILES: f.SMILES, Err: err}
		}
		entries[i] = e
	}
	return New(file.Name, file.Source, file.Rule, entries)
}

func parsePlain(data []byte) (*Vocabulary, error) {
	var list []plainFragment
	if err := decodeStrict(data, &list); err != nil {
		return nil, fmt.Errorf("fragment: read list of fragments: %w", err)
	}
	entries := make([]Entry, len(list))
	for i, f := range list {
		m, err := parseFragment(f.SMILES)
		if err != nil {
			return nil, &EntryError{Index: i, SMILES: f.SMILES, Err: err}
		}
		entries[i] = Entry{SMILES: f.SMILES, Mol: m, Sites: f.Attach}
	}
	return New("", "", Any, entries)
}

// decodeStrict decodes one JSON value and nothing after it, with unknown keys
// as errors and line numbers where the text is at fault.
func decodeStrict(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		if rest := bytes.TrimSpace(data[d.InputOffset():]); len(rest) > 0 {
			return fmt.Errorf("line %d: text after the end of the vocabulary", lineOf(data, d.InputOffset()))
		}
		return nil
	}
	return fmt.Errorf("line %d: %s", lineOf(data, d.InputOffset()), strings.TrimPrefix(err.Error(), "json: "))
}

func lineOf(data []byte, offset int64) int {
	return 1 + bytes.Count(data[:min(int(offset), len(data))], []byte("\n"))
}

// parseFragment reads the SMILES of a fragment and drops its stereo.
func parseFragment(s string) (*chem.Mol, error) {
	if s == "" {
		return nil, fmt.Errorf("no SMILES; give one under \"smiles\"")
	}
	m, err := smiles.Parse(s)
	if err != nil {
		return nil, err
	}
	if len(m.Atoms) > maxFragmentAtoms {
		return nil, fmt.Errorf("%d atoms; at most %d are possible", len(m.Atoms), maxFragmentAtoms)
	}
	for i := range m.Atoms {
		m.Atoms[i].Chirality = chem.Achiral
	}
	for i := range m.Bonds {
		b := &m.Bonds[i]
		b.Direction, b.Stereo, b.StereoAtoms = chem.NoDirection, chem.NoStereo, [2]int32{}
	}
	return m, nil
}

// entry makes an Entry of a stored fragment and checks that the stored atoms
// and bonds are those of the SMILES.
func (f *fileFragment) entry() (Entry, error) {
	m, err := parseFragment(f.SMILES)
	if err != nil {
		return Entry{}, err
	}
	e := Entry{SMILES: f.SMILES, Mol: m, Sites: f.Sites, Count: f.Count}
	if f.Atoms == nil && f.Bonds == nil {
		return e, nil
	}
	const remedy = "correct them, or leave \"atoms\" and \"bonds\" out"
	if len(f.Atoms) != len(m.Atoms) || len(f.Bonds) != len(m.Bonds) {
		return Entry{}, fmt.Errorf("%d atoms and %d bonds are stored, but the SMILES has %d and %d; %s", len(f.Atoms), len(f.Bonds), len(m.Atoms), len(m.Bonds), remedy)
	}
	st := &Stored{Aromatic: make([]bool, len(m.Atoms)), Orders: make([]uint8, len(m.Bonds))}
	for i, a := range f.Atoms {
		at := &m.Atoms[i]
		isotope := 0
		if len(a) == 5 {
			isotope = a[4]
		}
		if len(a) < 4 || len(a) > 5 || a[0] != int(at.Element) || a[1] != int(at.Charge) || a[2] != at.Hydrogens() || isotope != int(at.Isotope) {
			return Entry{}, fmt.Errorf("atom %d is stored as %v, but in the SMILES it has element %d, charge %d and %d hydrogens; %s", i, a, at.Element, at.Charge, at.Hydrogens(), remedy)
		}
		st.Aromatic[i] = a[3] != 0
	}
	stored := make(map[[2]int]int, len(f.Bonds))
	for _, b := range f.Bonds {
		stored[[2]int{min(b[0], b[1]), max(b[0], b[1])}] = b[2]
	}
	for i, b := range m.Bonds {
		order, ok := stored[[2]int{int(min(b.A, b.B)), int(max(b.A, b.B))}]
		if !ok {
			return Entry{}, fmt.Errorf("the bond between atoms %d and %d of the SMILES is not stored; %s", b.A, b.B, remedy)
		}
		agrees := order == bondAromatic || b.Order == chem.Aromatic || order == int(bondLabel(b.Order))
		if order < bondSingle || order > bondAromatic || !agrees {
			return Entry{}, fmt.Errorf("the bond between atoms %d and %d is stored with order %d, which the SMILES does not say; %s", b.A, b.B, order, remedy)
		}
		st.Orders[i] = uint8(order)
	}
	e.Stored = st
	return e, nil
}

// Marshal writes the vocabulary in our own format, one fragment a line.
func (v *Vocabulary) Marshal() []byte {
	var b bytes.Buffer
	head := func(x any) []byte {
		j, err := json.Marshal(x)
		if err != nil {
			panic("fragment: strings and numbers failed to marshal")
		}
		return j
	}
	fmt.Fprintf(&b, "{\"format\":%s,\"version\":%d,\"name\":%s,\"source\":%s,\"rule\":%s,\"fragments\":[",
		head(fileFormat), fileVersion, head(v.name), head(v.source), head(v.rule))
	for i := range v.fragments {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
		b.Write(head(v.fragments[i].stored()))
	}
	b.WriteString("\n]}\n")
	return b.Bytes()
}

// stored is the fragment as the file has it.
func (f *Fragment) stored() fileFragment {
	out := fileFragment{SMILES: f.SMILES, Sites: f.Sites, Count: f.Count, Bonds: [][3]int{}}
	for i, a := range f.Mol.Atoms {
		atom := []int{int(a.Element), int(a.Charge), a.Hydrogens(), int(f.graph.label[i] >> 32 & 1)}
		if a.Isotope != 0 {
			atom = append(atom, int(a.Isotope))
		}
		out.Atoms = append(out.Atoms, atom)
	}
	for _, b := range f.Mol.Bonds {
		out.Bonds = append(out.Bonds, [3]int{int(min(b.A, b.B)), int(max(b.A, b.B)), int(f.graph.bondBetween(b.A, b.B))})
	}
	slices.SortFunc(out.Bonds, func(x, y [3]int) int { return slices.Compare(x[:], y[:]) })
	return out
}
