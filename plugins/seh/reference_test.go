package seh

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/safetensors"
)

// randomWeights is a file of weights that are drawn, about as large as those of
// the proxy.
func randomWeights(t testing.TB, seed uint64) []byte {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	var f safetensors.File
	for _, name := range sortedNames() {
		n := 1
		for _, d := range shapes[name] {
			n *= d
		}
		spread := 1 / math.Sqrt(float64(shapes[name][len(shapes[name])-1]))
		values := make([]float32, n)
		for i := range values {
			values[i] = float32(spread * rng.NormFloat64())
		}
		f.Add(safetensors.Float32(name, values, shapes[name]...))
	}
	data, err := f.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// definition is the proxy in float64, edge by edge as it is defined, with none
// of the network's rearrangements.
type definition struct {
	t tensors
	v variant
}

// linear is W x + b for the tensors of a name.
func (d definition) linear(weight, bias string, x []float64) []float64 {
	w, y := d.t[weight], make([]float64, shapes[weight][0])
	for i := range y {
		if bias != "" {
			y[i] = float64(d.t[bias][i])
		}
		for j, v := range x {
			y[i] += float64(w[i*len(x)+j]) * v
		}
	}
	return y
}

func leaky64(x []float64) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = v
		if v < 0 {
			y[i] = 0.01 * v
		}
	}
	return y
}

// atomVector is the vector of an atom, column by column.
func atomVector(m *chem.Mol, i int) []float64 {
	x := make([]float64, 71)
	a := m.Atoms[i]
	switch chem.Symbol(a.Element) {
	case "H":
		x[0] = 1
	case "C":
		x[1] = 1
	case "N":
		x[2] = 1
	case "O":
		x[3] = 1
	case "F":
		x[4] = 1
	default:
		x[5] = 1
	}
	for k, yes := range []bool{a.Aromatic, a.Hybridization == chem.SP, a.Hybridization == chem.SP2, a.Hybridization == chem.SP3} {
		if yes {
			x[9+k] = 1
		}
	}
	x[13] = float64(a.Hydrogens())
	for _, b := range m.Bonds {
		if int(b.A) == i && m.Atoms[b.B].Element == 1 || int(b.B) == i && m.Atoms[b.A].Element == 1 {
			x[13]++
		}
	}
	x[14+int(a.Element)-1] = 1
	return x
}

// directed is an edge with its vector.
type directed struct {
	from, to int
	vector   []float64
}

func edgesOf(m *chem.Mol) []directed {
	if len(m.Bonds) == 0 {
		return []directed{{0, 0, make([]float64, 4)}}
	}
	var out []directed
	for _, b := range m.Bonds {
		v := make([]float64, 4)
		v[map[chem.Order]int{chem.Single: 0, chem.Double: 1, chem.Triple: 2, chem.Aromatic: 3}[b.Order]] = 1
		out = append(out, directed{int(b.A), int(b.B), v}, directed{int(b.B), int(b.A), v})
	}
	return out
}

// score is the raw score of a molecule.
func (d definition) score(m *chem.Mol) float64 {
	n := len(m.Atoms)
	h := make([][]float64, n)
	for i := range h {
		h[i] = leaky64(d.linear("lin0.weight", "lin0.bias", atomVector(m, i)))
	}
	edges := edgesOf(m)
	theta := make([][]float64, len(edges))
	for e := range edges {
		if e > 0 && slices.Equal(edges[e].vector, edges[e-1].vector) {
			theta[e] = theta[e-1]
			continue
		}
		theta[e] = d.linear("conv.nn.2.weight", "conv.nn.2.bias", leaky64(d.linear("conv.nn.0.weight", "conv.nn.0.bias", edges[e].vector)))
	}
	root := d.t["conv.root"]
	for range 12 {
		sum, count := make([][]float64, n), make([]float64, n)
		for i := range sum {
			sum[i] = make([]float64, 64)
		}
		for e, edge := range edges {
			count[edge.to]++
			for i, v := range h[edge.from] {
				for o := range 64 {
					sum[edge.to][o] += v * theta[e][64*i+o]
				}
			}
		}
		next := make([][]float64, n)
		for i := range next {
			message := make([]float64, 64)
			for o := range message {
				message[o] = sum[i][o]/max(count[i], 1) + float64(d.t["conv.bias"][o])
				for k, v := range h[i] {
					if d.v == port {
						message[o] += float64(root[64*o+k]) * v
					} else {
						message[o] += v * float64(root[64*k+o])
					}
				}
			}
			next[i] = d.gru(leaky64(message), h[i])
		}
		h = next
	}
	return d.set2set(h)
}

func (d definition) gru(x, h []float64) []float64 {
	of := d.linear("gru.weight_ih_l0", "gru.bias_ih_l0", x)
	on := d.linear("gru.weight_hh_l0", "gru.bias_hh_l0", h)
	y := make([]float64, 64)
	for i := range y {
		r, z := sigmoid(of[i]+on[i]), sigmoid(of[64+i]+on[64+i])
		y[i] = (1-z)*math.Tanh(of[128+i]+r*on[128+i]) + z*h[i]
	}
	return y
}

func (d definition) set2set(h [][]float64) float64 {
	query, state, cell := make([]float64, 128), make([]float64, 64), make([]float64, 64)
	for range 3 {
		gates := d.linear("set2set.lstm.weight_ih_l0", "set2set.lstm.bias_ih_l0", query)
		for i, v := range d.linear("set2set.lstm.weight_hh_l0", "set2set.lstm.bias_hh_l0", state) {
			gates[i] += v
		}
		for i := range cell {
			cell[i] = sigmoid(gates[64+i])*cell[i] + sigmoid(gates[i])*math.Tanh(gates[128+i])
			state[i] = sigmoid(gates[192+i]) * math.Tanh(cell[i])
		}
		e, top, total := make([]float64, len(h)), math.Inf(-1), 1e-16
		for i := range h {
			for k, v := range h[i] {
				e[i] += v * state[k]
			}
			top = max(top, e[i])
		}
		for i := range e {
			e[i] = math.Exp(e[i] - top)
			total += e[i]
		}
		read := make([]float64, 64)
		for i := range h {
			for k, v := range h[i] {
				read[k] += e[i] / total * v
			}
		}
		query = append(append([]float64{}, state...), read...)
	}
	return d.linear("lin3.weight", "lin3.bias", query)[0]
}
