package config

// DefaultHoldOut is the share of the molecules that a training keeps back to
// measure itself by, where the file does not say.
const DefaultHoldOut = 0.1

// Data is the molecules, the images or the points that a model learns from.
type Data struct {
	Images  *Images // nil for molecules
	Points  []Text  // files of points, a line of numbers each, with commas, tabs or spaces between; none for molecules
	Files   []Text  // of SMILES, one molecule a line, perhaps with a name behind it; .gz is unpacked
	HoldOut float64 // share that is kept back, 0 to 0.5
	Mark    Mark
}

// parseData is the data of a training file:
//
//	data: {files: [actives.smi, more.smi.gz], hold_out: 0.1}
func parseData(n node, guide bool) *Data {
	if n.has("images") {
		return parseImages(n, guide)
	}
	if n.has("points") {
		return parsePoints(n)
	}
	d := &Data{}
	d.Files = d.list(n, "files", "actives.smi")
	return d
}

// list reads data that are the files of a list under a key, and what is held out.
func (d *Data) list(n node, key, example string) (files []Text) {
	d.HoldOut, d.Mark = DefaultHoldOut, n.mark()
	f := n.fields("the data", key, "hold_out")
	if v, ok := f[key]; ok {
		for _, item := range v.items(key) {
			files = append(files, item.text("a file"))
		}
	}
	if len(files) == 0 {
		n.fail("data: {"+key+": ["+example+"]}", "the data have no files")
	}
	if v, ok := f["hold_out"]; ok {
		d.HoldOut = v.number("hold_out", 0, 0.5)
	}
	return files
}
