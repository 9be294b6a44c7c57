package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/alert"
	"github.com/molsculpt/molsculpt/chem/descriptor"
	"github.com/molsculpt/molsculpt/chem/scaffold"
	"github.com/molsculpt/molsculpt/chem/smiles"
	"github.com/spf13/cobra"
)

func (a *app) propsCommand() *cobra.Command {
	var noHeader bool
	var only []string
	c := &cobra.Command{
		Use:   "props FILE",
		Short: "Properties of molecules: weight, logP, TPSA, QED, SA, ...",
		Long: `Reads one SMILES per line (a name after a space or tab is left out; - is standard
input; .gz is unpacked) and writes a table with tabs: one row per line, in the
same order. A line that is no molecule gives a row with its status and message
and does not stop the run.

The columns are smiles, canonical, status (ok, syntax, valence, kekulize, other),
then these, then error:

` + columnHelp(),
		Example: `  molsculpt props molecules.smi > properties.tsv
  molsculpt props molecules.smi --columns mw,logp,qed,sa
  molsculpt props molecules.smi.gz --columns murcko,alerts
  printf 'CCO\nc1ccccc1\n' | molsculpt props -`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			columns, err := chooseColumns(only)
			if err != nil {
				return err
			}
			in, err := a.openInput(args[0])
			if err != nil {
				return err
			}
			defer in.Close()
			if !noHeader {
				fmt.Fprint(a.Out, "smiles\tcanonical\tstatus")
				for _, c := range columns {
					fmt.Fprint(a.Out, "\t", c.name)
				}
				fmt.Fprintln(a.Out, "\terror")
			}
			return mapLines(cmd.Context(), in, a.Out, func(dst []byte, line string, cut bool) []byte {
				return propsRow(dst, columns, line, cut)
			})
		},
	}
	c.Flags().BoolVar(&noHeader, "no-header", false, "leave out the line with the names of the columns")
	c.Flags().StringSliceVar(&only, "columns", nil, "these columns only, in this order")
	return c
}

// column is a column of the table.
type column struct {
	name, unit, about string
	text              func(*descriptor.Analysis) string
}

// propsColumns are the columns of chem/descriptor, then those of other packages.
func propsColumns() []column {
	var out []column
	for _, c := range descriptor.Columns() {
		out = append(out, column{c.Name, c.Unit, c.About, c.Text})
	}
	return append(out,
		column{"murcko", "", "Murcko scaffold; empty without rings", murcko},
		column{"alerts", "", "structural alerts that fire: catalogue/name; ...", alerts})
}

func murcko(a *descriptor.Analysis) string {
	s, err := scaffold.MurckoSMILES(a.Mol())
	if err != nil {
		return "NA"
	}
	return s
}

// catalogues are all alerts that we know of.
var catalogues = sync.OnceValues(func() (*alert.Catalogue, error) {
	var all []*alert.Catalogue
	for _, name := range alert.Names() {
		c, err := alert.Get(name)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return alert.Join("all", all...), nil
})

func alerts(a *descriptor.Analysis) string {
	c, err := catalogues()
	if err != nil {
		return "NA"
	}
	var out strings.Builder
	for k, i := range c.Fired(nil, a.Target()) {
		if k > 0 {
			out.WriteString("; ")
		}
		fmt.Fprintf(&out, "%s/%s", c.Alerts[i].Catalogue, c.Alerts[i].Name)
	}
	return out.String()
}

// columnHelp lists the columns with what they are.
func columnHelp() string {
	var b strings.Builder
	w := table(&b)
	for _, c := range propsColumns() {
		unit := ""
		if c.unit != "" {
			unit = " (" + c.unit + ")"
		}
		fmt.Fprintf(w, "  %s\t%s%s\n", c.name, c.about, unit)
	}
	_ = w.Flush() // into memory
	return strings.TrimRight(b.String(), "\n")
}

func chooseColumns(names []string) ([]column, error) {
	all := propsColumns()
	if names == nil {
		return all, nil
	}
	var out []column
	for _, n := range names {
		i := slices.IndexFunc(all, func(c column) bool { return c.name == n })
		if i < 0 {
			return nil, usagef("there is no column %q", n)
		}
		out = append(out, all[i])
	}
	return out, nil
}

var analyses = sync.Pool{New: func() any { return descriptor.New(nil) }}

// propsRow appends the row of one line.
func propsRow(dst []byte, columns []column, line string, cut bool) []byte {
	smi := firstField(line)
	dst = append(dst, smi...)
	m, status, err := parseMolecule(smi, cut)
	if err != nil {
		dst = append(dst, '\t', '\t')
		dst = append(dst, status...)
		for range columns {
			dst = append(dst, '\t')
		}
		dst = append(dst, '\t')
		return append(append(dst, oneLine(err.Error())...), '\n')
	}
	dst = append(dst, '\t')
	dst = append(dst, smiles.Canonical(m)...)
	dst = append(dst, "\tok"...)
	an, _ := analyses.Get().(*descriptor.Analysis)
	an.Reset(m)
	for _, c := range columns {
		dst = append(append(dst, '\t'), c.text(an)...)
	}
	analyses.Put(an)
	return append(dst, '\t', '\n')
}

// parseMolecule reads a SMILES and says of what kind its error is.
func parseMolecule(smi string, cut bool) (m *chem.Mol, status string, err error) {
	switch {
	case cut:
		return nil, "other", fmt.Errorf("the line is longer than %d bytes", maxLine)
	case smi == "":
		return nil, "syntax", errors.New("the line is empty")
	case countAtoms(smi) > maxAtoms:
		return nil, "other", fmt.Errorf("the molecule has more than %d atoms", maxAtoms)
	}
	m, err = smiles.Parse(smi)
	var syntax *smiles.SyntaxError
	var valence *chem.ValenceError
	var kekulize *chem.KekulizeError
	switch {
	case err == nil:
		status = "ok"
	case errors.As(err, &syntax):
		status = "syntax"
	case errors.As(err, &valence):
		status = "valence"
	case errors.As(err, &kekulize):
		status = "kekulize"
	default:
		status = "other"
	}
	return m, status, err
}

// maxAtoms is how many atoms a molecule of a list may have: the time for one
// grows faster than its size, and one line must not hold up the others.
const maxAtoms = 2000

// countAtoms counts the atoms that a SMILES writes, without reading it properly.
func countAtoms(smi string) int {
	n, inside := 0, false
	for i := range len(smi) {
		c := smi[i]
		switch {
		case c == '[':
			inside = true
			n++
		case c == ']':
			inside = false
		case inside, i > 0 && (c == 'l' && smi[i-1] == 'C' || c == 'r' && smi[i-1] == 'B'):
		case c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '*':
			n++
		}
	}
	return n
}

// firstField is what stands before the first space or tab.
func firstField(line string) string {
	line = strings.TrimLeft(line, " \t")
	if i := strings.IndexAny(line, " \t"); i >= 0 {
		line = line[:i]
	}
	return line
}

func oneLine(s string) string {
	return strings.NewReplacer("\n", "; ", "\t", " ", "\r", "").Replace(s)
}
