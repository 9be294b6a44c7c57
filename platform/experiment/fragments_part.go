package experiment

import (
	"context"
	"fmt"
	"strings"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/platform/sample"
)

// referenceTimes is how many molecules the reference has for one of a sample; less
// in the reduced form.
const (
	referenceTimes      = 20
	referenceTimesSmall = 6
)

// importanceTimes is the same of independent draws by the composition's own steps.
const importanceTimes = 10

// fragmentPart is what was found with one campaign file.
type fragmentPart struct {
	Title     string
	Molecules int // wanted of each sample
	Particles int
	Models    []fragmentSet // each alone
	Sets      []fragmentSet // compositions, in the order of their file
	Distances *distances    // nil where none were measured
	Trees     treeCount

	guide guideReport
}

// fragmentSet is a composition with its samples by all methods.
type fragmentSet struct {
	composition
	Label    string
	Observed []int // models whose rewards are wanted high; nil for a mixture

	// Reference is the exact sample by importance, from the mixture of the models;
	// nil for a model and for the mixture itself. Where it is thin, Importance is
	// another, of independent draws by annealed steps; not in the reduced form.
	Reference, Importance *fragmentSample

	// Main is the sample that pages go by: of a mixture path by path, where several
	// models are to be likely on a ladder, by annealed SMC, and else by the method
	// that the campaign file asks for.
	Main  *fragmentSample
	Again *fragmentSample // the same with another seed; nil where there is none

	// By method; nil where there is none.
	SMC, Annealed, Rejection, Unweighted, Guided *fragmentSample

	Best      []fragmentBest
	Diversity float64 // mean Tanimoto distance of two molecules
}

// part samples everything of one campaign file.
func (s *fragmentSite) part(ctx context.Context, f fragmentCampaign) (*fragmentPart, error) {
	file, err := config.LoadCampaign(s.env.Path(f.File))
	if err != nil {
		return nil, err
	}
	p := &fragmentPart{Title: f.Title, Molecules: file.Budget.Molecules, Particles: file.Sample.Particles}
	guided := fragmentDraw{Method: "guided"}
	if guided.Guide, p.guide, err = s.guideOf(ctx, f); err != nil {
		return nil, err
	}
	guided.Actions = p.guide.Head == "action"
	var models []string
	for _, m := range file.Models {
		models = append(models, m.Name)
	}
	times := referenceTimes
	if s.env.Small {
		times = referenceTimesSmall
	}
	mixture, err := s.draw(ctx, f, fragmentDraw{Compose: strings.Join(models, " | "), Times: times, Stream: ofReference, paths: true})
	if err != nil {
		return nil, err
	}
	if p.Trees, err = s.countTrees(ctx, f, file, mixture.SMILES); err != nil {
		return nil, err
	}
	for i, m := range models {
		set := fragmentSet{composition: composition{Heading: "Models", Name: m, Text: m}, Label: yardsticks[m].Label, Observed: []int{i}}
		if err := s.samples(ctx, f, &set, models, nil, fragmentDraw{}); err != nil {
			return nil, err
		}
		p.Models = append(p.Models, set)
	}
	for _, c := range s.compositions {
		set := fragmentSet{composition: c, Label: c.Name}
		if err := s.samples(ctx, f, &set, models, mixture, guided); err != nil {
			return nil, err
		}
		p.Sets = append(p.Sets, set)
	}
	all := make([]*fragmentSet, 0, len(p.Models)+len(p.Sets))
	for i := range p.Models {
		all = append(all, &p.Models[i])
	}
	for i := range p.Sets {
		all = append(all, &p.Sets[i])
	}
	for _, set := range all {
		if err := s.look(ctx, f, set); err != nil {
			return nil, err
		}
	}
	if s.distances {
		if p.Distances, err = s.measureDistances(ctx, f, p.Molecules, all); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// samples draws one composition by every method that there is for it.
func (s *fragmentSite) samples(ctx context.Context, f fragmentCampaign, set *fragmentSet, models []string, mixture *fragmentSample, guided fragmentDraw) error {
	e, err := compose.Parse(set.Text)
	if err != nil {
		return err
	}
	c, err := compose.Compile(e, models, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", set.Text, err)
	}
	if observes := observed(c); observes != nil {
		set.Observed = observes
	}
	main := fragmentDraw{Compose: set.Text}
	if set.Main, err = s.draw(ctx, f, main); err != nil {
		return err
	}
	_, even := c.Mixture()
	if !even {
		set.SMC = set.Main
		if set.Main.Of.Diagnostics.Method == sample.Rejection.String() {
			set.Rejection = set.Main
			if set.SMC, err = s.draw(ctx, f, fragmentDraw{Compose: set.Text, Method: "smc"}); err != nil {
				return err
			}
		}
		if len(set.Observed) > 1 {
			main.Method = "annealed"
			if set.Annealed, err = s.draw(ctx, f, main); err != nil {
				return err
			}
			set.Main = set.Annealed
		}
	}
	if s.distances {
		main.Stream = ofSecond
		if set.Again, err = s.draw(ctx, f, main); err != nil {
			return err
		}
	}
	if even {
		return nil
	}
	if set.Unweighted, err = s.draw(ctx, f, fragmentDraw{Compose: set.Text, Method: "unweighted"}); err != nil {
		return err
	}
	if guided.Guide != "" {
		guided.Compose = set.Text
		if set.Guided, err = s.draw(ctx, f, guided); err != nil {
			return err
		}
	}
	if len(e.Models()) == len(models) {
		// The mixture's models are in the order of the file.
		set.Reference = mixture.as(c)
		if !set.Reference.tells() && !s.env.Small {
			set.Importance, err = s.draw(ctx, f, fragmentDraw{Compose: set.Text, Method: "importance", Times: importanceTimes, Stream: ofReference})
		}
	}
	return err
}

// exact is the sample that tells what the composition has, whatever the other
// methods say; nil where none does.
func (s *fragmentSet) exact() *fragmentSample {
	for _, x := range []*fragmentSample{s.Reference, s.Importance} {
		if x != nil && x.tells() {
			return x
		}
	}
	return nil
}
