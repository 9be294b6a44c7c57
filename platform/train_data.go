package platform

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"iter"
	"runtime"
	"slices"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/fragment"
	"github.com/molsculpt/molsculpt/chem/smiles"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
	"golang.org/x/sync/errgroup"
)

// DataStats says what became of the molecules of a data set, or of the images
// or points: for these Train and HeldOut alone are counted, of images in a colour.
type DataStats struct {
	Images    int `json:"images,omitempty"` // in the file; none for molecules
	Points    int `json:"points,omitempty"` // in the files; none for molecules
	Lines     int `json:"lines"`
	Unread    int `json:"unread"`    // of these, no molecules
	Molecules int `json:"molecules"` // distinct ones: the largest component, neutral, without stereo
	Expressed int `json:"expressed"` // of these, those with a tree in the space
	Stereo    int `json:"stereo"`    // of the expressed, those that lost stereo
	Trees     int `json:"trees"`     // of the expressed together: a molecule has one where the vocabulary is one-to-one
	Stopped   int `json:"stopped"`   // of the expressed, those with more trees than were counted
	Train     int `json:"train"`     // molecules to learn from
	HeldOut   int `json:"held_out"`  // molecules kept back
}

// CardData says what a model learned from.
type CardData struct {
	Files   []string `json:"files"`
	Classes []string `json:"classes,omitempty"` // of images
	HoldOut float64  `json:"hold_out"`
	DataStats
}

// treesOfMolecule bounds the ways of cutting a molecule that are followed.
const treesOfMolecule = 5000

// dataSource answers a trainer that learns from molecules. A molecule has a
// weight of 1, shared equally by the trees that assemble to it: then p(tree) is
// p(molecule) divided by their number.
type dataSource struct {
	examples map[string][]sdk.Example // by source
	stats    DataStats
}

// Examples gives the examples of a source from number first on.
func (d *dataSource) Examples(_ context.Context, source string, first, n int) ([]sdk.Example, bool, error) {
	all, ok := d.examples[source]
	if !ok {
		return nil, false, fmt.Errorf("platform: there are no examples called %q; there are %q and %q", source, sdk.SourceTrain, sdk.SourceHeldOut)
	}
	first = min(first, len(all))
	to := min(first+n, len(all))
	return all[first:to], to < len(all), nil
}

// source is where one more example goes, held back or not; it is counted.
func (d *dataSource) source(heldOut bool) string {
	if heldOut {
		d.stats.HeldOut++
		return sdk.SourceHeldOut
	}
	d.stats.Train++
	return sdk.SourceTrain
}

// digest names the examples, in order.
func (d *dataSource) digest() string {
	h := sha256.New()
	for _, source := range []string{sdk.SourceTrain, sdk.SourceHeldOut} {
		fmt.Fprintf(h, "%s %d\n", source, len(d.examples[source]))
		for _, e := range d.examples[source] {
			fmt.Fprintf(h, "%x %g", string(e.State), e.Weight)
			if e.Label != 0 {
				fmt.Fprintf(h, " of %d", e.Label)
			}
			fmt.Fprintln(h)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// molecule is a molecule of the data: its identity and its trees.
type molecule struct {
	key      string // canonical SMILES, "" for a line that is no molecule
	trees    []fragment.Tree
	complete bool // whether these are all its trees
	stereo   bool
}

// readData cuts the molecules of a data set into trees of the space, on all
// cores. The order and the repetitions of the lines do not matter: which
// molecules are held out depends on them and on the seed alone.
func readData(ctx context.Context, sp *space.Fragments, lines iter.Seq2[string, error], holdOut float64, seed uint64) (*dataSource, error) {
	const batch = 256
	d := &dataSource{examples: map[string][]sdk.Example{sdk.SourceTrain: nil, sdk.SourceHeldOut: nil}}
	found := map[string]molecule{}
	var pending []string
	flush := func() error {
		list := make([]molecule, len(pending))
		g, gctx := errgroup.WithContext(ctx)
		workers := runtime.GOMAXPROCS(0)
		for w := range workers {
			g.Go(func() error {
				for i := w; i < len(list); i += workers {
					if err := gctx.Err(); err != nil {
						return err
					}
					list[i] = cutMolecule(sp.Trees(), pending[i])
				}
				return nil
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		for _, m := range list {
			if m.key == "" {
				d.stats.Unread++
				continue
			}
			if known, ok := found[m.key]; ok {
				m.stereo = m.stereo || known.stereo
			}
			found[m.key] = m
		}
		pending = pending[:0]
		return nil
	}
	for line, err := range lines {
		if err != nil {
			return nil, err
		}
		d.stats.Lines++
		if pending = append(pending, line); len(pending) == batch*runtime.GOMAXPROCS(0) {
			if err := flush(); err != nil {
				return nil, err
			}
		}
	}
	if err := flush(); err != nil {
		return nil, err
	}
	keys := make([]string, 0, len(found))
	for k := range found {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		d.add(found[k], holdOut, seed)
	}
	return d, nil
}

// add takes in a distinct molecule.
func (d *dataSource) add(m molecule, holdOut float64, seed uint64) {
	d.stats.Molecules++
	if len(m.trees) == 0 {
		return
	}
	d.stats.Expressed++
	d.stats.Trees += len(m.trees)
	if m.stereo {
		d.stats.Stereo++
	}
	if !m.complete {
		d.stats.Stopped++
	}
	h := fnv.New64a()
	fmt.Fprintf(h, "%d %s", seed, m.key)
	source := d.source(float64(h.Sum64()>>11)/(1<<53) < holdOut)
	for _, t := range m.trees {
		d.examples[source] = append(d.examples[source], sdk.Example{State: space.State(t), Weight: 1 / float64(len(m.trees))})
	}
}

// cutMolecule reads a molecule and finds its trees.
func cutMolecule(t *fragment.Trees, line string) molecule {
	read, err := smiles.Parse(line)
	if err != nil {
		return molecule{}
	}
	m, err := fragment.Prepare(read)
	if err != nil {
		return molecule{}
	}
	out := molecule{key: smiles.Canonical(m)}
	for _, a := range read.Atoms {
		out.stereo = out.stereo || a.Chirality != chem.Achiral || a.Arrangement != 0
	}
	for _, b := range read.Bonds {
		out.stereo = out.stereo || b.Stereo != chem.NoStereo
	}
	out.trees, out.complete = t.Decompose(m, treesOfMolecule)
	return out
}

// nothingToLearn says why no molecule of the files is left.
func nothingToLearn(d *config.Data, s *DataStats) error {
	place := d.Mark
	if len(d.Files) == 1 {
		place = d.Files[0].Mark
	}
	var wrong *config.Error
	switch {
	case s.Lines == 0:
		wrong = place.Errorf("there is no molecule in it")
		wrong.Hint = "a SMILES in each line, and behind it a name if you like"
	case s.Molecules == 0:
		wrong = place.Errorf("none of its %d lines is a molecule", s.Lines)
		wrong.Hint = "a SMILES in each line, and behind it a name if you like"
	case s.Expressed == 0:
		wrong = place.Errorf("none of the %d molecules to learn from is a tree of the vocabulary of so few fragments", s.Molecules)
		wrong.Hint = "a larger max_fragments:, or a vocabulary of your own compounds, which molsculpt vocab build makes"
	default:
		wrong = d.Mark.Errorf("hold_out: %g keeps back all of the %d molecules that have a tree in the vocabulary", d.HoldOut, s.Expressed)
		wrong.Hint = "hold_out: 0, or more molecules"
	}
	return wrong
}

// openDataTask reads the molecules of a training file.
func openDataTask(ctx context.Context, t *config.Training, read func(files []string) iter.Seq2[string, error]) (*trainingTask, error) {
	sp, err := openSpace(t.Space, t.Path)
	if err != nil {
		return nil, err
	}
	card := CardData{HoldOut: t.Data.HoldOut}
	var files []string
	for _, f := range t.Data.Files {
		card.Files, files = append(card.Files, f.Value), append(files, t.Path(f.Value))
	}
	if read == nil {
		return nil, t.Data.Mark.Errorf("nothing here reads files of molecules")
	}
	d, err := readData(ctx, sp, read(files), t.Data.HoldOut, t.Seed)
	if err != nil {
		return nil, placedOr(ctx, t.Data.Mark.Errorf("%v", err), err)
	}
	if d.stats.Train == 0 {
		return nil, nothingToLearn(t.Data, &d.stats)
	}
	card.DataStats = d.stats
	return &trainingTask{
		space: sp, data: d,
		card: ModelCard{Space: spaceRecord(sp), Vocabulary: t.Space.Vocabulary.Value, Data: &card},
	}, nil
}
