package seh

import (
	"errors"
	"fmt"
	"slices"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/safetensors"
)

// Sizes of the network, fixed by its weights.
const (
	width       = 64  // of the state of an atom
	edgeHidden  = 128 // of the network that makes matrices of bonds
	steps       = 12  // of message passing
	readSteps   = 3   // of reading out
	hiddenParts = 4   // products of the state of an atom: r, z, n and the root term
)

// variant says how the root matrix is used, see the package comment.
type variant string

const (
	port variant = "port" // out root^T, as published rewards have it
	orig variant = "orig" // out root, as the network was trained
)

// network is the proxy with its weights laid out for products. It may be used
// by several goroutines at the same time.
type network struct {
	embed     []float32 // columns x width: what a column adds to the state
	embedBias []float32

	messages [kinds]kern.Packed // width x width

	// The gates r and z are stored negated, and what makes n doubled: update needs
	// e^-r, e^-z and e^2n. Both are exact.
	hidden     kern.Packed // width x 4 width: the state's part of r, z and n, and the root term
	hiddenBias []float32   // with the message's biases of r and z
	gates      kern.Packed // width x 2 width: the message's part of r and z
	news       kern.Packed // width x width: and of n
	newsBias   []float32

	read     kern.Packed // 2 width x 4 width: the gates i, f, g, o of the readout, of its state and what it read
	readBias []float32

	out     []float32 // 2 width
	outBias float32
}

// shapes are those of the tensors that a file must have. All matrices are
// outputs x inputs, but for conv.root.
var shapes = map[string][]int{
	"lin0.weight": {width, columns}, "lin0.bias": {width},
	"conv.root": {width, width}, "conv.bias": {width},
	"conv.nn.0.weight": {edgeHidden, edgeFeatures}, "conv.nn.0.bias": {edgeHidden},
	"conv.nn.2.weight": {width * width, edgeHidden}, "conv.nn.2.bias": {width * width},
	"gru.weight_ih_l0": {3 * width, width}, "gru.weight_hh_l0": {3 * width, width},
	"gru.bias_ih_l0": {3 * width}, "gru.bias_hh_l0": {3 * width},
	"set2set.lstm.weight_ih_l0": {4 * width, 2 * width}, "set2set.lstm.weight_hh_l0": {4 * width, width},
	"set2set.lstm.bias_ih_l0": {4 * width}, "set2set.lstm.bias_hh_l0": {4 * width},
	"lin3.weight": {1, 2 * width}, "lin3.bias": {1},
}

// tensors are the values of a file by name.
type tensors map[string][]float32

// readTensors reads the tensors of shapes from a file of the format
// safetensors.
func readTensors(data []byte) (tensors, error) {
	f, err := safetensors.Decode(data)
	if err != nil {
		return nil, err
	}
	t := tensors{}
	var errs []error
	for _, name := range sortedNames() {
		found, err := f.Get(name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if !slices.Equal(found.Shape, shapes[name]) {
			errs = append(errs, fmt.Errorf("tensor %q has the shape %v, want %v", name, found.Shape, shapes[name]))
			continue
		}
		t[name], err = found.Floats()
		errs = append(errs, err)
	}
	return t, errors.Join(errs...)
}

func sortedNames() []string {
	names := make([]string, 0, len(shapes))
	for n := range shapes {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// readNetwork reads the weights.
func readNetwork(data []byte, v variant) (*network, error) {
	t, err := readTensors(data)
	if err != nil {
		return nil, err
	}
	n := &network{
		embed: transpose(t["lin0.weight"], width, columns), embedBias: t["lin0.bias"],
		out: t["lin3.weight"], outBias: t["lin3.bias"][0],
	}
	for k := range kinds {
		pack(&n.messages[k], t.message(k), width)
	}

	for _, name := range []string{"gru.weight_ih_l0", "gru.weight_hh_l0", "gru.bias_ih_l0", "gru.bias_hh_l0"} {
		a := t[name] // blocks r, z, n of width rows
		scale(-1, a[:len(a)/3*2])
		scale(2, a[len(a)/3*2:])
	}
	ih, hh := t["gru.weight_ih_l0"], t["gru.weight_hh_l0"]
	root := t["conv.root"]
	if v == orig {
		root = transpose(root, width, width)
	}
	pack(&n.hidden, transpose(slices.Concat(hh, root), hiddenParts*width, width), width)
	bi, bh := t["gru.bias_ih_l0"], t["gru.bias_hh_l0"]
	n.hiddenBias = slices.Concat(plus(bi[:2*width], bh[:2*width]), bh[2*width:], t["conv.bias"])
	n.newsBias = bi[2*width:]
	pack(&n.gates, transpose(ih[:2*width*width], 2*width, width), width)
	pack(&n.news, transpose(ih[2*width*width:], width, width), width)

	// The input q* of the readout is its own state and what it read, so that the
	// state has two matrices, which are added.
	of := slices.Clone(t["set2set.lstm.weight_ih_l0"])
	for i := range 4 * width {
		row := of[2*width*i:][:width]
		copy(row, plus(row, t["set2set.lstm.weight_hh_l0"][width*i:][:width]))
	}
	pack(&n.read, transpose(of, 4*width, 2*width), 2*width)
	n.readBias = plus(t["set2set.lstm.bias_ih_l0"], t["set2set.lstm.bias_hh_l0"])
	return n, nil
}

// message is the matrix of a kind of edge, inputs x outputs: the edge network's
// answer to the edge's vector.
func (t tensors) message(k kind) []float32 {
	hidden := make([]float64, edgeHidden)
	for i := range hidden {
		v := float64(t["conv.nn.0.bias"][i])
		if k != unjoined {
			v += float64(t["conv.nn.0.weight"][i*edgeFeatures+int(k)])
		}
		hidden[i] = max(v, slope*v)
	}
	theta := make([]float32, width*width)
	for i := range theta {
		v := float64(t["conv.nn.2.bias"][i])
		for j, h := range hidden {
			v += float64(t["conv.nn.2.weight"][i*edgeHidden+j]) * h
		}
		theta[i] = float32(v)
	}
	return theta
}

// pack lays out a matrix of k rows.
func pack(p *kern.Packed, b []float32, k int) { p.Pack(1, b, len(b)/k, k, len(b)/k, false) }

// transpose is the transpose of a rows x cols matrix.
func transpose(a []float32, rows, cols int) []float32 {
	t := make([]float32, len(a))
	for i := range rows {
		for j := range cols {
			t[j*rows+i] = a[i*cols+j]
		}
	}
	return t
}

// plus is a + b.
func plus(a, b []float32) []float32 {
	s := make([]float32, len(a))
	for i := range s {
		s[i] = a[i] + b[i]
	}
	return s
}

func scale(f float32, a []float32) {
	for i := range a {
		a[i] *= f
	}
}
