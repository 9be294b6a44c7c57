package seh

import (
	"math"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
)

// readout turns the states of a molecule's atoms into its score by Set2Set
// (Vinyals, Bengio and Kudlur 2016): a recurrent cell asks, and reads a mean of
// the states weighted by how well they answer.
type readout struct {
	asked []float32 // molecules x 2 width: the cell's state, and what it read
	cell  []float32 // molecules x width
	gates []float32 // molecules x 4 width
	share []float64 // of each atom of a molecule
}

// scores writes the raw scores of a batch's molecules.
func (r *readout) scores(net *network, b *batch, state []float32, dst []float64) {
	r.begin(b.molecules())
	for range readSteps {
		r.step(net, b, state)
	}
	for k := range b.molecules() {
		dst[k] = float64(kern.Dot(r.asked[k*2*width:][:2*width], net.out) + net.outBias)
	}
}

// begin makes room for n molecules, of which nothing is known.
func (r *readout) begin(n int) {
	r.asked, r.cell, r.gates = grow(r.asked, n*2*width), grow(r.cell, n*width), grow(r.gates, n*4*width)
	clear(r.asked)
	clear(r.cell)
}

// step asks and reads once.
func (r *readout) step(net *network, b *batch, state []float32) {
	kern.Gemm(b.molecules(), r.asked, 2*width, 1, &net.read, r.gates, 4*width, false, net.readBias)
	for k := range b.molecules() {
		asked := r.asked[k*2*width:][:2*width]
		ask(r.gates[k*4*width:][:4*width], row(r.cell, k), asked[:width])
		r.recall(asked[:width], state[b.first[k]*width:b.first[k+1]*width], asked[width:])
	}
}

// ask moves the cell, a long short-term memory, and writes its state.
func ask(gates, cell, state []float32) {
	for j := range state {
		i, f, g, o := float64(gates[j]), float64(gates[width+j]), float64(gates[2*width+j]), float64(gates[3*width+j])
		c := sigmoid(f)*float64(cell[j]) + sigmoid(i)*math.Tanh(g)
		cell[j], state[j] = float32(c), float32(sigmoid(o)*math.Tanh(c))
	}
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// recall writes the mean of a molecule's states, weighted by the softmax of their
// products with the question.
func (r *readout) recall(question, states, dst []float32) {
	atoms := len(states) / width
	r.share = grow(r.share, atoms)
	most := math.Inf(-1)
	for i := range atoms {
		r.share[i] = float64(kern.Dot(row(states, i), question))
		most = max(most, r.share[i])
	}
	sum := 1e-16
	for i, e := range r.share {
		r.share[i] = math.Exp(e - most)
		sum += r.share[i]
	}
	clear(dst)
	for i := range r.share {
		r.share[i] /= sum
		kern.AddScaled(float32(r.share[i]), row(states, i), dst)
	}
}
