package alert

import (
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/molsculpt/molsculpt/chem/smarts"
)

// The tables have a row for each alert: its name, its pattern, the number of
// matches that make it fire if that is not 1, and a note.
//
//go:embed catalogues/*.tsv
var tables embed.FS

// source says what a table is.
type source struct{ name, scope, reference string }

const pains = "J. B. Baell and G. A. Holloway, J. Med. Chem. 2010, 53, 2719; in SMARTS by S. Saubern, R. Guha and " +
	"J. B. Baell, Mol. Inform. 2011, 30, 847"

var sources = []source{
	{"pains_a", "pan-assay interference, family A: most frequent", pains},
	{"pains_b", "pan-assay interference, family B", pains},
	{"pains_c", "pan-assay interference, family C: least frequent", pains},
	{
		"brenk", "unwanted for toxicity or unfavourable pharmacokinetics",
		"R. Brenk et al., ChemMedChem 2008, 3, 435",
	},
	{
		"nih", "problematic functional groups",
		"A. Jadhav et al., J. Med. Chem. 2010, 53, 37; R. Doveston et al., Org. Biomol. Chem. 2015, 13, 859",
	},
	{
		"zinc", "drug-likeness and unwanted functional groups",
		"http://blaster.docking.org/filtering/",
	},
	{
		"nibr", "hit triage of the Novartis screening deck: to exclude, flag or annotate",
		"A. Schuffenhauer et al., J. Med. Chem. 2020, 63, 14425, doi:10.1021/acs.jmedchem.0c01332",
	},
}

// Names lists the catalogues.
func Names() []string {
	names := make([]string, len(sources))
	for i, s := range sources {
		names[i] = s.name
	}
	return names
}

var catalogues = func() []func() (*Catalogue, error) {
	list := make([]func() (*Catalogue, error), len(sources))
	for i, s := range sources {
		list[i] = sync.OnceValues(s.read)
	}
	return list
}()

// Get is the catalogue of that name, one of Names. It is compiled when it is
// first asked for.
func Get(name string) (*Catalogue, error) {
	i := slices.Index(Names(), name)
	if i < 0 {
		return nil, fmt.Errorf("alert: get catalogue %q: there are %s", name, strings.Join(Names(), ", "))
	}
	return catalogues[i]()
}

// read compiles a table.
func (s source) read() (*Catalogue, error) {
	data, err := tables.ReadFile("catalogues/" + s.name + ".tsv")
	if err != nil {
		return nil, fmt.Errorf("alert: read catalogue %s: %w", s.name, err)
	}
	c := &Catalogue{Name: s.name, Scope: s.scope, Reference: s.reference}
	for row := range strings.Lines(string(data)) {
		f := strings.Split(strings.TrimSuffix(row, "\n"), "\t")
		a := Alert{Catalogue: s.name, Name: f[0], Min: 1}
		if a.Pattern, err = smarts.CompileMergingH(f[1]); err != nil {
			return nil, fmt.Errorf("alert: read %s of catalogue %s: %w", a.Name, s.name, err)
		}
		if len(f) > 2 {
			if a.Min, err = strconv.Atoi(f[2]); err != nil {
				return nil, fmt.Errorf("alert: read %s of catalogue %s: %w", a.Name, s.name, err)
			}
		}
		if len(f) > 3 {
			a.Note = f[3]
		}
		c.Alerts = append(c.Alerts, a)
	}
	c.prepare()
	return c, nil
}
