package platform

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/molsculpt/molsculpt/platform/config"
	imaged "github.com/molsculpt/molsculpt/platform/digits" // digits is a function here
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/noise"
	"github.com/molsculpt/molsculpt/sdk/space"
	"github.com/molsculpt/molsculpt/store"
)

// openImagesTask reads the images of a training file: examples are points, and
// their labels the numbers of their classes, which are what a guide tells apart.
func openImagesTask(t *config.Training) (*trainingTask, error) {
	from := t.Data.Images
	var errs []error
	var names, labels []string
	var sets []imaged.Classes
	for _, set := range from.Sets {
		var texts []string
		for _, c := range set.Classes {
			if _, err := imaged.ParseClass(c.Value); err != nil {
				errs = append(errs, c.Errorf("%v", err))
			}
			texts = append(texts, c.Value)
		}
		if slices.Contains(labels, set.Name) {
			errs = append(errs, t.Data.Mark.Errorf("%s is there twice", set.Name))
		}
		list := strings.Join(texts, ", ")
		if labels = append(labels, set.Name); set.Name != "" && set.Name != list {
			list = set.Name + ": " + list
		}
		names = append(names, list)
		if len(errs) > 0 {
			continue
		}
		classes, err := imaged.ParseClasses(texts)
		if err == nil && len(sets) > 0 && classes.Channels() != sets[0].Channels() {
			err = fmt.Errorf("some classes have a colour and others none")
		}
		if err != nil {
			errs = append(errs, t.Data.Mark.Errorf("%v", err))
		}
		sets = append(sets, classes)
	}
	if err := config.Collect(errs...); err != nil {
		return nil, err
	}
	set, err := imaged.Open(t.Path(from.Images.Value), t.Path(from.Labels.Value))
	if err != nil {
		return nil, from.Images.Errorf("%v", err)
	}
	sp, err := space.NewPoints(set.Height*set.Width*sets[0].Channels(), noise.Process{})
	if err != nil {
		return nil, from.Images.Errorf("%v", err)
	}
	d := readImages(sp, set, sets, t.Data.HoldOut, t.Seed)
	if d.stats.Train < 2 {
		return nil, t.Data.Mark.Errorf("%d of the images are of a class of the list, and two are needed at least", d.stats.Train)
	}
	card := CardData{Files: []string{from.Images.Value, from.Labels.Value}, Classes: names, HoldOut: t.Data.HoldOut, DataStats: d.stats}
	task := &trainingTask{space: sp, data: d, card: ModelCard{Space: store.Space(sp.Descriptor()), Data: &card}}
	if t.Guide {
		task.labels = labels
	}
	return task, nil
}

// readImages makes examples of the images of a set: one for each class of its
// digit in each list of classes, whose number is the label. Which images are held
// out depends on their place and on the seed.
func readImages(sp *space.Points, images *imaged.Set, sets []imaged.Classes, holdOut float64, seed uint64) *dataSource {
	d := &dataSource{examples: map[string][]sdk.Example{sdk.SourceTrain: nil, sdk.SourceHeldOut: nil}}
	d.stats.Images = images.Len()
	for label, classes := range sets {
		classes.Examples(images, func(_, image int, point []float32) bool {
			source := d.source(rand.New(rand.NewPCG(seed, uint64(image))).Float64() < holdOut)
			d.examples[source] = append(d.examples[source], sdk.Example{State: sp.At(point), Weight: 1, Label: label})
			return true
		})
	}
	return d
}
