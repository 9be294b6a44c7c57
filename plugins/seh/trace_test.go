package seh

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"math"
	"testing"

	"github.com/molsculpt/molsculpt/chem/chemtest"
)

// trace is what the reference computed for a molecule, in float64 and variant
// port: features, states and messages of some steps, and the readout.
type trace struct {
	SMILES   string       `json:"smiles"`
	Features [][3]float64 `json:"x_nonzero"` // atom, column, value
	Edges    [2][]int     `json:"edge_index"`
	Kinds    [][4]float64 `json:"edge_attr"`
	Inside   struct {
		Embedded [][]float64 `json:"lin0_act"`
		Message0 [][]float64 `json:"m_step0"`
		State0   [][]float64 `json:"out_step0"`
		Message1 [][]float64 `json:"m_step1"`
		State1   [][]float64 `json:"out_step1"`
		MessageN [][]float64 `json:"m_step11"`
		StateN   [][]float64 `json:"out_step11"`
		Share0   []float64   `json:"s2s_0_attn"`
		Asked0   [][]float64 `json:"s2s_0_qstar"`
		Share1   []float64   `json:"s2s_1_attn"`
		Asked1   [][]float64 `json:"s2s_1_qstar"`
		Share2   []float64   `json:"s2s_2_attn"`
		Asked2   [][]float64 `json:"s2s_2_qstar"`
	} `json:"trace"`
	Output float64 `json:"output"`
}

func readTraces(t *testing.T) []trace {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(chemtest.Read(t, "seh_proxy", "trace_port_f64.json.gz")))
	if err != nil {
		t.Fatal(err)
	}
	var out []trace
	if err := json.NewDecoder(z).Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

func flat(rows [][]float64) []float64 {
	var out []float64
	for _, r := range rows {
		out = append(out, r...)
	}
	return out
}

func TestEveryStageIsThatOfTheReference(t *testing.T) {
	t.Parallel()
	net := load(t, port).workers.Get().(*worker).run.net
	for _, want := range readTraces(t) {
		t.Run(want.SMILES, func(t *testing.T) {
			t.Parallel()
			near := func(what string, got []float32, want []float64) {
				t.Helper()
				if len(got) != len(want) {
					t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
				}
				for i := range want {
					if !(math.Abs(float64(got[i])-want[i]) < 4e-6*(1+math.Abs(want[i]))) {
						t.Fatalf("%s: number %d is %v, want %v", what, i, got[i], want[i])
					}
				}
			}
			var b batch
			b.reset()
			if err := b.add(chemtest.Parse(t, want.SMILES)); err != nil {
				t.Fatal(err)
			}
			sameFeatures(t, &b, want)
			sameEdges(t, &b, want)

			r := run{net: net}
			messages := func() []float32 { // of a molecule that fits into the gates
				var out []float32
				for i := range b.atoms {
					out = append(out, r.gates[i*gateRow+atM:][:width]...)
				}
				return out
			}
			r.embed(&b)
			near("embedding", r.state, flat(want.Inside.Embedded))
			for step := range steps {
				r.step(&b)
				switch step {
				case 0:
					near("message 0", messages(), flat(want.Inside.Message0))
					near("state 0", r.state, flat(want.Inside.State0))
				case 1:
					near("message 1", messages(), flat(want.Inside.Message1))
					near("state 1", r.state, flat(want.Inside.State1))
				case 11:
					near("message 11", messages(), flat(want.Inside.MessageN))
					near("state 11", r.state, flat(want.Inside.StateN))
				}
			}
			r.read.begin(1)
			for step, shares := range [][]float64{want.Inside.Share0, want.Inside.Share1, want.Inside.Share2} {
				r.read.step(net, &b, r.state)
				got := make([]float32, len(r.read.share))
				for i, s := range r.read.share {
					got[i] = float32(s)
				}
				near("attention", got, shares)
				near("question and answer", r.read.asked, flat([][][]float64{want.Inside.Asked0, want.Inside.Asked1, want.Inside.Asked2}[step]))
			}
			got := make([]float64, 1)
			r.read.scores(net, &b, r.state, got)
			if math.Abs(got[0]-want.Output) > 1e-5 {
				t.Errorf("the score is %v, want %v", got[0], want.Output)
			}
		})
	}
}

func sameFeatures(t *testing.T, b *batch, want trace) {
	t.Helper()
	got := map[[2]int]float64{}
	for i, a := range b.atoms {
		for _, c := range a.ones[:a.n] {
			got[[2]int{i, int(c)}] = 1
		}
		if a.hydrogens > 0 {
			got[[2]int{i, columnH}] = float64(a.hydrogens)
		}
	}
	if len(got) != len(want.Features) {
		t.Errorf("%d features are not 0, want %d", len(got), len(want.Features))
	}
	for _, f := range want.Features {
		if v := got[[2]int{int(f[0]), int(f[1])}]; v != f[2] {
			t.Errorf("feature %v of atom %v is %v, want %v", f[1], f[0], v, f[2])
		}
	}
}

func sameEdges(t *testing.T, b *batch, want trace) {
	t.Helper()
	type edge struct {
		from, to int
		k        kind
	}
	got := map[edge]int{}
	for k, sums := range b.edges {
		for _, s := range sums {
			for _, j := range b.terms[s.from:s.up] {
				got[edge{int(j), int(s.to), kind(k)}]++
			}
		}
	}
	n := 0
	for i, from := range want.Edges[0] {
		k := unjoined
		for c, v := range want.Kinds[i] {
			if v != 0 {
				k = kind(c)
			}
		}
		if e := (edge{from, want.Edges[1][i], k}); got[e] != 1 {
			t.Errorf("edge %+v is there %d times, want once", e, got[e])
		}
		n++
	}
	if len(got) != n {
		t.Errorf("%d edges, want %d", len(got), n)
	}
}
