package config

// Images is data that are coloured digits: images and labels in the format IDX,
// and which of them are learned.
type Images struct {
	Images, Labels Text
	// Sets are what a guide tells apart, in the order of the file: each class, or
	// each of some lists of classes, as models have learned them. Of a model there
	// is one, without a name.
	Sets []ImageSet
}

// ImageSet is images of some classes.
type ImageSet struct {
	Name    string
	Classes []Text // as "green 3"; see package digits
}

// parseImages is the data of a training file:
//
//	data: {images: train-images-idx3-ubyte.gz, labels: train-labels-idx1-ubyte.gz, classes: [red 0, green 0], hold_out: 0.1}
//
// That of a guide has classes, which it tells apart, or models: {a: [red 0, green
// 0], b: [green 0, green 1]}, the classes that models have learned.
func parseImages(n node, guide bool) *Data {
	d := &Data{HoldOut: DefaultHoldOut, Mark: n.mark(), Images: &Images{}}
	keys := []string{"images", "labels", "classes", "hold_out"}
	if guide {
		keys = append(keys, "models")
	}
	f := n.fields("the data", keys...)
	if v, ok := f["images"]; ok {
		d.Images.Images = v.text("images")
	}
	if v, ok := f["labels"]; ok {
		d.Images.Labels = v.text("labels")
	} else {
		n.fail("labels: train-labels-idx1-ubyte.gz", "the images have no labels")
	}
	list := func(name string, v node) {
		set := ImageSet{Name: name}
		for _, item := range v.items("classes") {
			set.Classes = append(set.Classes, item.text("a class"))
		}
		if len(set.Classes) == 0 {
			v.fail("classes: [red 0, green 0]", "the list has no classes")
		}
		d.Images.Sets = append(d.Images.Sets, set)
	}
	classes, given := f["classes"]
	models, named := f["models"]
	switch {
	case given && named:
		models.fail("take one of them out", "the guide tells classes apart, or models, not both")
	case given && guide:
		for _, item := range classes.items("classes") {
			class := item.text("a class")
			d.Images.Sets = append(d.Images.Sets, ImageSet{Name: class.Value, Classes: []Text{class}})
		}
	case given:
		list("", classes)
	case named:
		for _, e := range models.entries("models") {
			list(e.key, e.value)
		}
	default:
		n.fail("classes: [red 0, green 0]", "the data have no classes")
	}
	if guide && len(d.Images.Sets) == 1 {
		n.fail("classes: [red 0, green 0]", "a guide tells classes apart; two are needed at least")
	}
	if v, ok := f["hold_out"]; ok {
		d.HoldOut = v.number("hold_out", 0, 0.5)
	}
	return d
}
