package diffusion

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/descriptor"
	"github.com/molsculpt/molsculpt/chem/fragment"
	"github.com/molsculpt/molsculpt/chem/scaffold"
	"github.com/molsculpt/molsculpt/chem/smiles"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Report is how good a model is. What compares it with trees kept back has no
// value where there are none.
type Report struct {
	Learned  int       `json:"learned"`              // trees learned from
	KeptBack int       `json:"kept_back"`            // trees kept back
	Bound    float64   `json:"bound,omitempty"`      // mean bound of -log p(tree) over trees kept back, nats
	LogLoss  float64   `json:"log_loss,omitempty"`   // the same of -log p(tree) by LogLossPaths backward paths
	Paths    int       `json:"log_loss_paths"`       // these
	Samples  int       `json:"samples"`              // own samples looked at below
	Valid    float64   `json:"valid"`                // share that assembles to a molecule
	Unique   float64   `json:"unique"`               // distinct molecules, share of the valid ones
	Novel    float64   `json:"novel"`                // share of the distinct ones that were not learned from
	Size     float64   `json:"fragments"`            // mean
	Scaffold *Overlap  `json:"scaffolds,omitempty"`  // of own samples among those of the data
	Distance []Closing `json:"properties,omitempty"` // of own samples from trees kept back
}

// Overlap is which share of molecules with a ring has a Murcko scaffold that
// occurs in the trees kept back.
type Overlap struct {
	Model float64 `json:"model"`
	Walk  float64 `json:"walk"` // of random walks in the vocabulary
	Data  float64 `json:"data"` // of as many other trees of the data
}

// Closing is how near the distribution of a property comes to that of trees kept
// back: first Wasserstein distances, in the property's unit.
type Closing struct {
	Property string   `json:"property"`
	Model    float64  `json:"model"`
	Walk     float64  `json:"walk"`             // of random walks of the same mean size in the vocabulary
	Data     float64  `json:"data"`             // of as many other trees of the data
	Closed   *float64 `json:"closed,omitempty"` // (walk - model) / (walk - data): 1 is as near as the data themselves; nil where a walk is as near
}

// logLossPaths is how many backward paths an estimate of log p takes.
const logLossPaths = 16

// properties are what distributions are compared by.
var properties = []struct {
	name string
	of   func(*chem.Mol) float64
}{
	{"qed", descriptor.QED},
	{"logp", descriptor.LogP},
	{"mw", descriptor.MolWt},
	{"sa", descriptor.SA},
	{"tpsa", descriptor.TPSA},
}

// NewReport measures a model with n own samples, as many random walks and trees
// of the data.
func NewReport(m *Model, learn, keptBack *Data, n, threads int, r *rand.Rand) (Report, error) {
	rep := Report{Learned: learn.Len(), KeptBack: keptBack.Len(), Paths: logLossPaths, Samples: n}
	own, err := m.Sample(n, 0, r)
	if err != nil {
		return rep, err
	}
	sample := describe(m.Space(), own, threads)
	known := map[space.State]bool{}
	for _, s := range learn.trees {
		known[s] = true
	}
	rep.measureSamples(m.Space(), own, sample, known)
	if keptBack.Len() == 0 {
		return rep, nil
	}
	trees := keptBack.some(n, r)
	for _, k := range []struct {
		paths int
		into  *float64
	}{{1, &rep.Bound}, {logLossPaths, &rep.LogLoss}} {
		log, err := m.LogP(trees, 0, k.paths, r)
		if err != nil {
			return rep, err
		}
		*k.into = -mean(log)
	}
	var size float64
	for _, s := range trees {
		size += float64(m.Space().Size(s)) / float64(len(trees))
	}
	walks := make([]space.State, n)
	for i := range walks {
		w := space.Walk(m.Space(), 1/size, r)
		walks[i] = w.Last()
	}
	kept := describe(m.Space(), trees, threads)
	walk := describe(m.Space(), walks, threads)
	data := describe(m.Space(), learn.some(n, r), threads)
	for p, property := range properties {
		c := Closing{
			Property: property.name,
			Model:    Wasserstein(column(sample, p), column(kept, p)),
			Walk:     Wasserstein(column(walk, p), column(kept, p)),
			Data:     Wasserstein(column(data, p), column(kept, p)),
		}
		if c.Walk > c.Data {
			closed := (c.Walk - c.Model) / (c.Walk - c.Data)
			c.Closed = &closed
		}
		rep.Distance = append(rep.Distance, c)
	}
	there := map[string]bool{}
	for _, x := range kept {
		there[x.scaffold] = true
	}
	rep.Scaffold = &Overlap{overlap(sample, there), overlap(walk, there), overlap(data, there)}
	return rep, nil
}

// measureSamples fills in what needs no trees kept back.
func (rep *Report) measureSamples(sp *space.Fragments, own []space.State, sample []described, known map[space.State]bool) {
	distinct := map[string]bool{}
	valid, novel := 0.0, 0.0
	for i, x := range sample {
		rep.Size += float64(sp.Size(own[i])) / float64(len(own))
		if !x.valid {
			continue
		}
		valid++
		if !distinct[x.smiles] {
			distinct[x.smiles] = true
			if !known[own[i]] {
				novel++
			}
		}
	}
	rep.Valid = valid / float64(len(own))
	rep.Unique = float64(len(distinct)) / max(valid, 1)
	rep.Novel = novel / float64(max(len(distinct), 1))
}

// described is what is known of the molecule of a tree.
type described struct {
	valid            bool
	smiles, scaffold string // the scaffold is "" for a molecule without rings
	values           []float64
}

// describe assembles trees and computes their properties.
func describe(sp *space.Fragments, trees []space.State, threads int) []described {
	out := make([]described, len(trees))
	kern.Par(threads, len(trees), func(i int) {
		m, err := sp.Trees().Assemble(fragment.Tree(trees[i]))
		if err != nil {
			return
		}
		x := described{valid: true, smiles: smiles.Canonical(m)}
		if x.scaffold, err = scaffold.MurckoSMILES(m); err != nil {
			x.scaffold = ""
		}
		for _, p := range properties {
			x.values = append(x.values, p.of(m))
		}
		out[i] = x
	})
	return out
}

func column(list []described, p int) []float64 {
	var out []float64
	for _, x := range list {
		if x.valid {
			out = append(out, x.values[p])
		}
	}
	return out
}

func overlap(list []described, there map[string]bool) float64 {
	var n, hits float64
	for _, x := range list {
		if x.valid && x.scaffold != "" {
			n++
			if there[x.scaffold] {
				hits++
			}
		}
	}
	return hits / max(n, 1)
}

func mean(x []float64) float64 {
	var sum float64
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// Wasserstein is the first Wasserstein distance of two samples: the area between
// their distribution functions. It is NaN where one is empty.
func Wasserstein(a, b []float64) float64 {
	if len(a) == 0 || len(b) == 0 {
		return math.NaN()
	}
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	var area float64
	i, j := 0, 0
	at := min(a[0], b[0])
	for i < len(a) || j < len(b) {
		next := math.Inf(1)
		if i < len(a) {
			next = a[i]
		}
		if j < len(b) {
			next = min(next, b[j])
		}
		area += (next - at) * math.Abs(float64(i)/float64(len(a))-float64(j)/float64(len(b)))
		at = next
		for i < len(a) && a[i] == at {
			i++
		}
		for j < len(b) && b[j] == at {
			j++
		}
	}
	return area
}

// String says it in a line.
func (c Closing) String() string {
	text := fmt.Sprintf("%s: %.4g from the data, a random walk %.4g, other data %.4g", c.Property, c.Model, c.Walk, c.Data)
	if c.Closed != nil {
		text += fmt.Sprintf(": %.0f %% closed", 100**c.Closed)
	}
	return text
}
