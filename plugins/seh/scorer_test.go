package seh

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/safetensors"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/plugintest"
)

func TestAMoleculeWithoutAScoreSaysWhy(t *testing.T) {
	t.Parallel()
	m := drawn(t, 1, port)
	cases := []struct {
		smiles string
		status sdk.Status
		reason string
	}{
		{"", sdk.NotApplicable, "no atom"},
		{"C(", sdk.ScoreFailed, "read the molecule"},
		{"C(C)(C)(C)(C)C", sdk.ScoreFailed, "read the molecule"},
		{"*C", sdk.NotApplicable, "atom 0 is a wildcard"},
		{"C[Hg]", sdk.NotApplicable, "atom 1 is Hg"},
		{"CO[La]", sdk.NotApplicable, "atom 2 is La; the proxy knows the elements from H to Ba"},
		{"CO[Ba]", sdk.OK, ""},
		{"[NH3]->[Cu]", sdk.NotApplicable, "dative bond joins atoms 0 and 1"},
		{"C~C", sdk.NotApplicable, "bond of unknown order"},
		{"[Re]$[Re]", sdk.NotApplicable, "atom 0 is Re"},
		{"[Mo]$[Mo]", sdk.NotApplicable, "quadruple bond joins atoms 0 and 1"},
		{"C", sdk.OK, ""},
		{"C.C", sdk.OK, ""},
	}
	mols := make([]string, len(cases))
	for i, c := range cases {
		mols[i] = c.smiles
	}
	scores, err := m.Score(t.Context(), mols)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range cases {
		s := scores[i]
		if s.Status != c.status || !strings.Contains(s.Reason, c.reason) || c.reason == "" && s.Reason != "" {
			t.Errorf("%q: %v, %q; want %v, %q", c.smiles, s.Status, s.Reason, c.status, c.reason)
		}
		if want := map[bool]int{true: 2}[c.status == sdk.OK]; len(s.Values) != want {
			t.Errorf("%q: %d values, want %d", c.smiles, len(s.Values), want)
		}
	}
	// Those that were left out leave no trace in the others.
	if one := raw(t, m, []string{"CO[Ba]"})[0]; one != scores[6].Values[0] {
		t.Errorf("CO[Ba] scores %v alone and %v among bad molecules", one, scores[6].Values[0])
	}
}

func TestTheRewardIsClipped(t *testing.T) {
	t.Parallel()
	for raw, want := range map[float64]float64{-3: 1.25e-5, 0: 1.25e-5, 4: 0.5, 8: 1, 10: 1.25, 1e6: 12.5} {
		if got := reward(raw); math.Abs(got-want) > 1e-15 {
			t.Errorf("raw %v gives %v, want %v", raw, got, want)
		}
	}
}

func TestACancelledCallEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := drawn(t, 1, port).Score(ctx, various); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	weights := randomWeights(t, 1)
	for options, want := range map[string]string{
		"":                                "",
		"{}":                              "",
		`{"variant": "port"}`:             "",
		`{"variant": "orig"}`:             "",
		`{"variant": "Port"}`:             `seh: options: variant is "Port"; give port or orig`,
		`{"varant": "port"}`:              `unknown field "varant"; there is variant, port or orig`,
		`{"variant": 1}`:                  "seh: options: ",
		`[]`:                              "seh: options: ",
		`{"variant": "port"} {"a": true}`: "there is more behind the keys",
	} {
		_, err := scorer{}.Load(t.Context(), sdk.LoadRequest{Weights: weights, Options: []byte(options)})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("options %s: the error is %v, want %q", options, err, want)
		}
	}
	one, err := scorer{}.Load(t.Context(), sdk.LoadRequest{Weights: weights})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(raw(t, one.(*model), various), raw(t, drawn(t, 1, port), various)) {
		t.Error("the variant is not port where none is given")
	}
}

func TestWeightsAreChecked(t *testing.T) {
	t.Parallel()
	good := randomWeights(t, 1)
	changed := func(change func(*safetensors.File)) []byte {
		f, err := safetensors.Decode(slices.Clone(good))
		if err != nil {
			t.Fatal(err)
		}
		change(f)
		data, err := f.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"absent":  {nil, "seh: load: no weights are given; they are not a part of this program: convert"},
		"garbage": {[]byte("best_params.pkl.gz"), "seh: load weights: safetensors: decode"},
		"cut off": {good[:len(good)-1], "seh: load weights: safetensors: decode"},
		"missing": {changed(func(f *safetensors.File) {
			f.Tensors = slices.DeleteFunc(f.Tensors, func(t safetensors.Tensor) bool { return t.Name == "conv.root" })
		}), `no tensor "conv.root"`},
		"another shape": {changed(func(f *safetensors.File) {
			f.Tensors = slices.DeleteFunc(f.Tensors, func(t safetensors.Tensor) bool { return t.Name == "lin0.bias" })
			f.Add(safetensors.Float32("lin0.bias", make([]float32, 65), 65))
		}), `tensor "lin0.bias" has the shape [65], want [64]`},
		"not a number": {changed(func(f *safetensors.File) {
			x, err := f.Get("lin3.bias")
			if err != nil {
				t.Fatal(err)
			}
			x.Data = []byte{0, 0, 0xc0, 0x7f}
		}), `"lin3.bias": value 0 is NaN`},
	} {
		_, err := scorer{}.Load(t.Context(), sdk.LoadRequest{Weights: c.data})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v, want %q", name, err, c.want)
		}
	}
}

func TestThePluginKeepsTheProtocol(t *testing.T) {
	t.Parallel()
	plugintest.Run(t, Plugin(), plugintest.Options{
		Scorer: host.Model{Weights: randomWeights(t, 3), Options: []byte(`{"variant": "orig"}`)}, SMILES: various,
	})
}
