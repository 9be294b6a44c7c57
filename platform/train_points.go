package platform

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"iter"
	"math"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/hashicorp/go-hclog"

	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/platform/diffuse"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/noise"
	"github.com/molsculpt/molsculpt/sdk/space"
	"github.com/molsculpt/molsculpt/store"
)

// openPointsTask reads the points of a training file.
func openPointsTask(ctx context.Context, t *config.Training, read func(files []string) iter.Seq2[string, error]) (*trainingTask, error) {
	if read == nil {
		return nil, t.Data.Mark.Errorf("nothing here reads files of points")
	}
	card := CardData{HoldOut: t.Data.HoldOut}
	var sp *space.Points
	d := &dataSource{examples: map[string][]sdk.Example{sdk.SourceTrain: nil, sdk.SourceHeldOut: nil}}
	for _, f := range t.Data.Points {
		card.Files = append(card.Files, f.Value)
		number := 0
		for line, err := range read([]string{t.Path(f.Value)}) {
			if number++; err != nil {
				return nil, placedOr(ctx, f.Errorf("%v", err), err)
			}
			point, err := parsePoint(line)
			switch {
			case err != nil && number == 1 && isHeader(line):
				continue
			case err != nil:
				return nil, f.Errorf("line %d of %s: %v", number, f.Value, err)
			case len(point) == 0:
				continue
			}
			if sp == nil {
				if sp, err = space.NewPoints(len(point), noise.Process{}); err != nil {
					return nil, f.Errorf("%v", err)
				}
			}
			if len(point) != sp.Dim() {
				return nil, f.Errorf("line %d of %s has %d numbers, the first point has %d", number, f.Value, len(point), sp.Dim())
			}
			d.addPoint(sp.At(point), t.Data.HoldOut, t.Seed)
		}
	}
	if d.stats.Train < 2 {
		return nil, t.Data.Mark.Errorf("there are %d points to learn from; two are needed at least", d.stats.Train)
	}
	card.DataStats = d.stats
	return &trainingTask{space: sp, data: d, card: ModelCard{Space: store.Space(sp.Descriptor()), Data: &card}}, nil
}

// words are the fields of a line: commas, semicolons, tabs or spaces are between
// them.
func words(line string) []string {
	return strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(",;\t \r", r) })
}

// isHeader says that a line has names and no number.
func isHeader(line string) bool {
	for _, word := range words(line) {
		if _, err := strconv.ParseFloat(word, 64); err == nil {
			return false
		}
	}
	return true
}

// parsePoint reads a line of numbers; none for an empty one.
func parsePoint(line string) ([]float32, error) {
	var out []float32
	for _, word := range words(line) {
		v, err := strconv.ParseFloat(word, 32)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("%.40q is no finite number", word)
		}
		out = append(out, float32(v))
	}
	return out, nil
}

// addPoint takes in a point. Which are held out depends on them, on how many came
// before, and on the seed.
func (d *dataSource) addPoint(s space.State, holdOut float64, seed uint64) {
	d.stats.Points++
	h := fnv.New64a()
	fmt.Fprintf(h, "%d %d %s", seed, d.stats.Points, string(s))
	source := d.source(float64(h.Sum64()>>11)/(1<<53) < holdOut)
	d.examples[source] = append(d.examples[source], sdk.Example{State: s, Weight: 1})
}

// openPointsGuide starts the continuous models of a guide's training file: what
// space they share, they alone know.
func openPointsGuide(ctx context.Context, t *config.Training, cat *catalog.Catalog, log hclog.Logger) (*trainingTask, error) {
	task := &trainingTask{}
	dir := filepath.Dir(t.Path("x"))
	var errs []error
	var list []PlannedModel
	for _, m := range t.Models {
		p, err := findModel(&config.Campaign{Models: t.Models}, cat, m.Name, dir)
		errs = append(errs, err)
		list = append(list, p)
		task.card.Models = append(task.card.Models, CardModel{
			Name: m.Name, Plugin: p.Plugin.ID, PluginSHA256: p.Plugin.SHA256, WeightsSHA256: p.Weights.SHA256, Options: p.Options, Conditions: conditions(m),
		})
	}
	if err := config.Collect(errs...); err != nil {
		return nil, err
	}
	points, err := startPoints(ctx, list, log)
	if err != nil {
		return nil, placedOr(ctx, t.Mark.Errorf("%v", err), err)
	}
	if got := points.Space.Dim(); got != t.Points {
		points.Close()
		return nil, t.Mark.Errorf("the models are of points of %d numbers, the file says %d", got, t.Points)
	}
	task.points, task.space = points, points.Space
	task.card.Space = store.Space(task.space.Descriptor())
	return task, nil
}

// guideSteps is how many steps the chains have whose ends a guide learns from.
const guideSteps = 250

// givePoints lets the training of a guide ask for points of its models: each is a
// path of one state, with the log-likelihoods of the chain that led to it.
func (t *trainingTask) givePoints(training *host.Training) error {
	names := t.points.Names
	training.Models, training.Rewards = names, nil
	var samplers []func(ctx context.Context, first, n int) ([]sdk.Path, error)
	for i, name := range names {
		e, err := compose.Parse(name)
		if err != nil {
			return err
		}
		c, err := compose.Compile(e, names, nil)
		if err != nil {
			return err
		}
		samplers = append(samplers, func(ctx context.Context, first, n int) ([]sdk.Path, error) {
			s, err := diffuse.New(t.points.Space, t.points.Fields, c, diffuse.Options{
				// Streams of the random numbers are populations; models differ in the seed.
				Seed: training.Seed ^ uint64(i+1)<<56, Steps: guideSteps, Particles: 1, First: first, Populations: n,
			})
			if err != nil {
				return nil, err
			}
			var out []sdk.Path
			for p, err := range s.Populations(ctx) {
				if err != nil {
					return nil, err
				}
				if len(p.Trajectories) == 0 {
					return nil, errors.New("platform: a chain of a model that the model itself makes impossible")
				}
				end := p.Trajectories[0]
				out = append(out, sdk.Path{Label: i, States: end.States, LogBase: end.LogBase})
			}
			return out, nil
		})
	}
	training.Paths = func(ctx context.Context, first uint64, n int) ([]sdk.Path, error) {
		var out []sdk.Path
		for _, s := range samplers {
			paths, err := s(ctx, int(first), n)
			if err != nil {
				return nil, err
			}
			out = append(out, paths...)
		}
		return out, nil
	}
	return nil
}
