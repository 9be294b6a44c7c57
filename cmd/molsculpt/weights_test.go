package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"path"
	"slices"
	"testing"

	"github.com/molsculpt/molsculpt/platform"
	"github.com/molsculpt/molsculpt/platform/config"
)

// cardOf is the card of a bundled model, with the SHA-256 of its weights.
func cardOf(t *testing.T, name string) (card platform.ModelCard, sum string) {
	t.Helper()
	text, err := weights.ReadFile(path.Join("weights", name+".card.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &card); err != nil {
		t.Fatalf("the card of %s: %v", name, err)
	}
	data, err := weights.ReadFile(path.Join("weights", name+".safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(data)
	return card, hex.EncodeToString(digest[:])
}

// A bundled model has the card of its weights, and what made them is the training
// file beside it.
func TestEveryBundledModelHasItsCardAndItsTrainingFile(t *testing.T) {
	t.Parallel()
	var a app
	cat, err := a.catalog()
	if err != nil {
		t.Fatal(err)
	}
	if len(cat.Weights) == 0 {
		t.Fatal("no model is bundled")
	}
	for _, w := range cat.Weights {
		card, sum := cardOf(t, w.Name)
		if card.Name != w.Name || card.WeightsSHA256 != sum {
			t.Errorf("the card of %s is that of %s, whose weights have the SHA-256 %.12s...; here it is %.12s...", w.Name, card.Name, card.WeightsSHA256, sum)
		}
		text, err := weights.ReadFile(path.Join("weights", w.Name+".yaml"))
		if err != nil {
			t.Errorf("%s: %v", w.Name, err)
			continue
		}
		file, err := config.ParseTraining(w.Name+".yaml", text)
		if err != nil {
			t.Errorf("%s: %v", w.Name, err)
			continue
		}
		if file.Name != card.Name || file.Plugin.Value != card.Plugin || file.Seed != card.Seed || file.Space.Vocabulary.Value != card.Vocabulary || file.Space.MaxFragments != card.Space.MaxSize {
			t.Errorf("%s: the card says plugin %s, seed %d and %s of up to %d fragments; the training file %s, %d and %s of up to %d", w.Name,
				card.Plugin, card.Seed, card.Vocabulary, card.Space.MaxSize, file.Plugin.Value, file.Seed, file.Space.Vocabulary.Value, file.Space.MaxFragments)
		}
	}
}

// What the model of drug-like molecules has to reach: molecules that are all valid,
// nearly all different and mostly new, each property at least this share of the way
// from random walks to the data.
const (
	leastSamples = 10_000
	leastUnique  = 0.99
	leastNovel   = 0.9
	leastClosed  = 0.8
)

// likeness is what a card says of a model that learned from molecules.
type likeness struct {
	Report struct {
		Learned   int     `json:"learned"`
		KeptBack  int     `json:"kept_back"`
		Samples   int     `json:"samples"`
		Valid     float64 `json:"valid"`
		Unique    float64 `json:"unique"`
		Novel     float64 `json:"novel"`
		Scaffolds *struct {
			Model, Walk, Data float64
		} `json:"scaffolds"`
		Properties []struct {
			Property          string
			Model, Walk, Data float64
			Closed            *float64
		} `json:"properties"`
	} `json:"report"`
}

func TestTheDruglikeModelIsLikeItsMolecules(t *testing.T) {
	t.Parallel()
	card, _ := cardOf(t, "druglike")
	if card.Data == nil {
		t.Fatal("the card says nothing of data")
	}
	if d := card.Data; len(d.Files) == 0 || d.HeldOut == 0 || d.Train+d.HeldOut != d.Expressed || d.Expressed > d.Molecules || d.Molecules+d.Unread > d.Lines {
		t.Errorf("the data do not add up: %+v", *d)
	}
	var says likeness
	if err := json.Unmarshal(card.Model, &says); err != nil {
		t.Fatal(err)
	}
	r := says.Report
	if card.Data.Trees == card.Data.Expressed && (r.Learned != card.Data.Train || r.KeptBack != card.Data.HeldOut) {
		t.Errorf("it is measured by %d trees kept back of %d, the data have %d of %d", r.KeptBack, r.Learned+r.KeptBack, card.Data.HeldOut, card.Data.Expressed)
	}
	if r.Samples < leastSamples || r.Valid != 1 || r.Unique < leastUnique || r.Novel < leastNovel || r.Novel > 1 {
		t.Errorf("of %d samples a share of %g is valid, of these %g different, of these %g new; at least %d, 1, %g and %g are wanted",
			r.Samples, r.Valid, r.Unique, r.Novel, leastSamples, leastUnique, leastNovel)
	}
	var names []string
	for _, p := range r.Properties {
		names = append(names, p.Property)
		closed := (p.Walk - p.Model) / (p.Walk - p.Data)
		switch {
		case p.Closed == nil || !(p.Walk > p.Data) || math.Abs(*p.Closed-closed) > 1e-9:
			t.Errorf("%s: %g from the data, walks %g, other data %g: that is not what the card says is closed", p.Property, p.Model, p.Walk, p.Data)
		case closed < leastClosed:
			t.Errorf("%s: %.1f %% of the way is closed; %.0f %% are wanted", p.Property, 100*closed, 100*leastClosed)
		}
	}
	if want := []string{"logp", "mw", "qed", "sa", "tpsa"}; !slices.Equal(slices.Sorted(slices.Values(names)), want) {
		t.Errorf("the card has the properties %v, not %v", names, want)
	}
	// Scaffolds are stated, without a bar, and nearer to the data than by chance.
	if s := r.Scaffolds; s == nil || !(s.Data > s.Walk) || !(s.Model > s.Walk) || s.Model > 1 {
		t.Errorf("scaffolds: %+v", s)
	}
}
