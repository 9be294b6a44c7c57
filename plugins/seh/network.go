package seh

import "github.com/molsculpt/molsculpt/plugins/internal/nn/kern"

// slope is that of the network's LeakyReLU below 0.
const slope = 0.01

// rowsAtOnce is how many atoms a step takes through all its products before the
// next ones: their gates stay in the second-level cache.
const rowsAtOnce = 96

// Where the parts of an atom's gates stand, and how long they are together.
const (
	atR     = 0         // a gate, before the sigmoid
	atZ     = width     // another one
	atN     = 2 * width // the state's part of the new state
	atM     = 3 * width // the root term, then the message
	atNews  = 4 * width // the message's part of the new state
	gateRow = 5 * width
)

// run computes scores. It serves one goroutine; what it holds between two
// batches is memory.
type run struct {
	net   *network
	state []float32 // atoms x width
	mean  []float32 // sums x width: states added up, over the number of edges
	sent  []float32 // sums x width: times the matrix of their kind
	gates []float32 // rowsAtOnce x gateRow
	read  readout
}

// scores writes the raw scores of a batch's molecules.
func (r *run) scores(b *batch, dst []float64) {
	r.embed(b)
	for range steps {
		r.step(b)
	}
	r.read.scores(r.net, b, r.state, dst)
}

func row(a []float32, i int) []float32 { return a[i*width : (i+1)*width : (i+1)*width] }

// embed sets the states that atoms begin with.
func (r *run) embed(b *batch) {
	b.index()
	r.mean, r.sent = grow(r.mean, len(b.rows)*width), grow(r.sent, len(b.rows)*width)
	r.state, r.gates = grow(r.state, len(b.atoms)*width), grow(r.gates, rowsAtOnce*gateRow)
	for i, a := range b.atoms {
		h := row(r.state, i)
		copy(h, r.net.embedBias)
		for _, c := range a.ones[:a.n] {
			kern.Add(h, row(r.net.embed, int(c)), h)
		}
		kern.AddScaled(float32(a.hydrogens), row(r.net.embed, columnH), h)
		leaky(h)
	}
}

// step passes messages once.
func (r *run) step(b *batch) {
	r.send(b)
	for from := 0; from < len(b.atoms); from += rowsAtOnce {
		r.receive(b, from, min(len(b.atoms), from+rowsAtOnce))
	}
}

// send multiplies the sums of neighbours by the matrices of their kinds.
func (r *run) send(b *batch) {
	at := 0
	for k, edges := range b.edges {
		for i, s := range edges {
			share := 1 / float32(b.count[s.to])
			dst := row(r.mean, at+i)
			kern.Scale(share, row(r.state, int(b.terms[s.from])), dst)
			for _, j := range b.terms[s.from+1 : s.up] {
				kern.AddScaled(share, row(r.state, int(j)), dst)
			}
		}
		kern.Gemm(len(edges), r.mean[at*width:], width, 1, &r.net.messages[k], r.sent[at*width:], width, false, nil)
		at += len(edges)
	}
}

// receive adds the messages to atoms from to to-1 up and updates their states:
// a gated recurrent unit (Cho et al. 2014) in the form of PyTorch.
func (r *run) receive(b *batch, from, to int) {
	n := to - from
	kern.Gemm(n, r.state[from*width:], width, 1, &r.net.hidden, r.gates, gateRow, false, r.net.hiddenBias)
	for i := range n {
		m := r.gates[i*gateRow+atM:][:width]
		for _, s := range b.rows[b.at[from+i]:b.at[from+i+1]] {
			kern.Add(m, row(r.sent, int(s)), m)
		}
		leaky(m)
	}
	m := r.gates[atM:]
	kern.Gemm(n, m, gateRow, 1, &r.net.gates, r.gates, gateRow, true, nil)
	kern.Gemm(n, m, gateRow, 1, &r.net.news, r.gates[atNews:], gateRow, false, r.net.newsBias)
	for i := range n {
		update(r.gates[i*gateRow:][:gateRow], row(r.state, from+i))
	}
}

// leaky is LeakyReLU, in place.
func leaky(x []float32) {
	for i, v := range x {
		x[i] = max(v, slope*v)
	}
}

// update sets a state h to (1-z) n + z h, where n = tanh(news + r N). The gates r
// and z are given negated, news and N doubled.
func update(g, h []float32) {
	kern.Exp(g[atR:atN], g[atR:atN])
	r, z, n, news := g[atR:atZ], g[atZ:atN], g[atN:atM], g[atNews:gateRow]
	for i := range n {
		n[i] = news[i] + n[i]/(1+r[i])
	}
	kern.Exp(n, n)
	for i, e := range n {
		t := 1 - 2/(1+e)
		h[i] = t + (h[i]-t)/(1+z[i])
	}
}
