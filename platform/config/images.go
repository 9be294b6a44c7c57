package config

// Images is data that are coloured digits: images and labels in the format IDX,
// and the classes of them that a model learns, or that a guide tells apart.
type Images struct {
	Images, Labels Text
	Classes        []Text // as "green 3"; see package digits
}

// parseImages is the data of a training file:
//
//	data: {images: train-images-idx3-ubyte.gz, labels: train-labels-idx1-ubyte.gz, classes: [red 0, green 0], hold_out: 0.1}
func parseImages(n node) *Data {
	d := &Data{HoldOut: DefaultHoldOut, Mark: n.mark(), Images: &Images{}}
	f := n.fields("the data", "images", "labels", "classes", "hold_out")
	if v, ok := f["images"]; ok {
		d.Images.Images = v.text("images")
	}
	if v, ok := f["labels"]; ok {
		d.Images.Labels = v.text("labels")
	} else {
		n.fail("labels: train-labels-idx1-ubyte.gz", "the images have no labels")
	}
	if v, ok := f["classes"]; ok {
		for _, item := range v.items("classes") {
			d.Images.Classes = append(d.Images.Classes, item.text("a class"))
		}
	}
	if len(d.Images.Classes) == 0 {
		n.fail("classes: [red 0, green 0]", "the data have no classes")
	}
	if v, ok := f["hold_out"]; ok {
		d.HoldOut = v.number("hold_out", 0, 0.5)
	}
	return d
}
