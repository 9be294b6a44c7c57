package config

// Kinds of training files.
const (
	kindModel = "model"
	kindGuide = "guide"
)

// guide reads what a training file says of a guide: the base models that it is
// trained for, or the images whose classes it tells apart. It is false where the
// file trains a model of its own.
func (t *Training) guide(f map[string]node) bool {
	models, given := f["models"]
	kind := kindModel
	if k, ok := f["kind"]; ok {
		kind = k.choice("kind", kindModel, kindGuide)
	}
	if kind != kindGuide {
		if given {
			models.fail("kind: guide", "only a guide is trained for models")
		}
		return false
	}
	if n, ok := f["data"]; ok && n.has("images") && !given {
		if r, ok := f["reward"]; ok {
			r.fail("take it out", "a guide of images has no reward; it learns from their classes")
		}
		return true
	}
	for _, key := range []string{"reward", "data"} {
		if n, ok := f[key]; ok {
			n.fail("take it out", "a guide has no %s; it learns from paths of its models", key)
		}
	}
	src := t.Mark.src
	before := len(src.errs)
	t.Models = parseModels(src, f)
	if len(t.Models) < 2 && len(src.errs) == before {
		models.fail("models: {a: {...}, b: {...}}", "a guide tells models apart; two are needed at least")
	}
	return true
}
