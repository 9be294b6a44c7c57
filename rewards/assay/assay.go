// Package assay says what a score is worth on compounds that were measured. Read
// takes the potencies from a table of ChEMBL's, Compare holds a score to them.
//
// A measurement is a value or a bound: of a compound that did not inhibit at
// 10 uM one knows that its potency is below 5. Bounds are kept as bounds. The
// rank correlation is over values alone; the concordance is over all pairs of
// compounds of which one knows which is the more potent.
package assay

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

// Potency is what is known of a compound's pIC50, -log10 of the concentration
// in mol/l that inhibits by half: it lies from Low to High. They are equal where
// it was measured; where there is only a bound the other one is infinite.
type Potency struct{ Low, High float64 }

// Exact reports whether the potency was measured.
func (p Potency) Exact() bool { return p.Low == p.High }

// Compound is a compound with its potency.
type Compound struct {
	SMILES       string // canonical, of the largest part
	Potency      Potency
	Measurements int // that the potency is made of
}

// Table is what Read found.
type Table struct {
	Compounds []Compound // by SMILES
	Skipped   Skipped
}

// Skipped counts the rows that Read left out, each by the first reason.
type Skipped struct {
	Kind       int // no IC50 in nM with a relation and a value above 0
	Doubtful   int // marked by ChEMBL as out of range, in error or a duplicate
	Unreadable int // no SMILES, or one that cannot be read
	Contrary   int // bounds of one compound that exclude each other
}

// The columns that are read. They are named as in ChEMBL's download of
// activities, which is separated by semicolons.
const (
	columnSMILES    = "Smiles"
	columnType      = "Standard Type"
	columnRelation  = "Standard Relation"
	columnValue     = "Standard Value"
	columnUnits     = "Standard Units"
	columnValidity  = "Data Validity Comment"
	columnDuplicate = "Potential Duplicate"
)

// Read reads a table of activities of one target as ChEMBL gives it out. Rows
// for one compound are put together: the median of its values, and where it has
// only bounds the narrowest.
func Read(r io.Reader) (Table, error) {
	var t Table
	in := csv.NewReader(r)
	in.Comma = ';'
	header, err := in.Read()
	if err != nil {
		return t, fmt.Errorf("assay: read the names of columns: %w", err)
	}
	at := map[string]int{}
	for i, name := range header {
		at[name] = i
	}
	for _, name := range []string{columnSMILES, columnType, columnRelation, columnValue, columnUnits, columnValidity, columnDuplicate} {
		if _, ok := at[name]; !ok {
			return t, fmt.Errorf("assay: read the names of columns: there is no %q", name)
		}
	}
	found := map[string][]Potency{}
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return t, fmt.Errorf("assay: read a row: %w", err)
		}
		get := func(column string) string { return row[at[column]] }
		p, ok := potency(get(columnType), get(columnRelation), get(columnValue), get(columnUnits))
		switch {
		case !ok:
			t.Skipped.Kind++
			continue
		case get(columnValidity) != "" || get(columnDuplicate) == "True":
			t.Skipped.Doubtful++
			continue
		}
		name, err := parent(get(columnSMILES))
		if err != nil {
			t.Skipped.Unreadable++
			continue
		}
		found[name] = append(found[name], p)
	}
	for name, measured := range found {
		p, ok := together(measured)
		if !ok {
			t.Skipped.Contrary += len(measured)
			continue
		}
		t.Compounds = append(t.Compounds, Compound{name, p, len(measured)})
	}
	slices.SortFunc(t.Compounds, func(a, b Compound) int { return cmp.Compare(a.SMILES, b.SMILES) })
	return t, nil
}

// potency is what a row says.
func potency(kind, relation, value, units string) (Potency, bool) {
	if kind != "IC50" || units != "nM" {
		return Potency{}, false
	}
	v, err := strconv.ParseFloat(value, 64)
	if err != nil || !(v > 0) || math.IsInf(v, 0) {
		return Potency{}, false
	}
	p := 9 - math.Log10(v)
	switch relation {
	case "'='":
		return Potency{p, p}, true
	case "'>'", "'>='":
		return Potency{math.Inf(-1), p}, true
	case "'<'", "'<='":
		return Potency{p, math.Inf(1)}, true
	}
	return Potency{}, false
}

// parent is the canonical SMILES of the largest part of a compound.
func parent(text string) (string, error) {
	m, err := smiles.Parse(text)
	if err != nil {
		return "", err
	}
	if len(m.Atoms) == 0 {
		return "", errors.New("there is no atom")
	}
	if m, err = chem.LargestComponent(m); err != nil {
		return "", err
	}
	return smiles.Canonical(m), nil
}

// together is the potency that several measurements give. It is not ok where
// bounds exclude each other.
func together(measured []Potency) (p Potency, ok bool) {
	var values []float64
	p = Potency{math.Inf(-1), math.Inf(1)}
	for _, m := range measured {
		if m.Exact() {
			values = append(values, m.Low)
			continue
		}
		p.Low, p.High = max(p.Low, m.Low), min(p.High, m.High)
	}
	if n := len(values); n > 0 {
		slices.Sort(values)
		v := (values[(n-1)/2] + values[n/2]) / 2
		return Potency{v, v}, true
	}
	return p, p.Low < p.High
}
