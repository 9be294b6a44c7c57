package gridnet

import "github.com/molsculpt/molsculpt/plugins/internal/nn/kern"

// share is how many columns of the second weights a goroutine takes.
const share = 128

// Backward writes the gradients of the parameters, given that of the outputs:
// dout holds OutWidth numbers for each point of the batch, zero beyond Outputs.
// The sums over points run in their order.
func (n *Net) Backward(b *Batch, dout []float32) {
	if !n.trained {
		panic("gridnet: a gradient of a network that is not trained")
	}
	w, ld, out := n.Width, n.stride(), n.OutWidth()
	if len(dout) != b.n*out {
		panic("gridnet: a gradient of another size than the outputs")
	}
	if b.n == 0 {
		for _, p := range n.params {
			clear(p.Grad)
		}
		return
	}
	b.d1, b.d2 = room(b.d1, b.n, ld), room(b.d2, b.n, ld)
	a1, a2, d1, d2 := b.a1[:b.n*ld], b.a2[:b.n*ld], b.d1[:b.n*ld], b.d2[:b.n*ld]
	kern.ParRows(n.threads, b.n, kern.Even(n.threads, b.n, together), func(from, to int) {
		kern.Gemm(to-from, dout[from*out:], out, 1, &n.lastT, d2[from*ld:], ld, false, nil)
		leakyGrad(a2[from*ld:to*ld], d2[from*ld:])
		kern.Gemm(to-from, d2[from*ld:], ld, 1, &n.secondT, d1[from*ld:], ld, false, nil)
		leakyGrad(a1[from*ld:to*ld], d1[from*ld:])
	})
	grad := func(param int) []float32 { return n.params[param].Grad }
	kern.ParRows(n.threads, w, share, func(from, to int) {
		kern.Product(1, w, to-from, b.n, 1, a1, 1, ld, d2[from:], ld, false, 0, grad(secondWeights)[from:], w)
		kern.Product(1, to-from, out, b.n, 1, a2[from:], 1, ld, dout, out, false, 0, grad(lastWeights)[from*out:], out)
		columnSums(d2[from:], ld, grad(secondBias)[from:to])
		columnSums(d1[from:], ld, grad(firstBias)[from:to])
		n.scatter(b.rows, d1, from, to)
	})
	columnSums(dout, out, grad(lastBias))
}

// columnSums adds up the first columns of the rows of d, which are ld apart.
func columnSums(d []float32, ld int, sum []float32) {
	clear(sum)
	for i := 0; i < len(d); i += ld {
		kern.Add(sum, d[i:i+len(sum)], sum)
	}
}

// scatter adds the gradient of each point to the rows of the first weights that
// it was made of, columns from from to to.
func (n *Net) scatter(rows []int32, d []float32, from, to int) {
	w, ld, grad := n.Width, n.stride(), n.params[firstWeights].Grad
	for i := from; i < len(grad); i += w {
		clear(grad[i : i+to-from])
	}
	for i := from; i < len(d); i += ld {
		for _, r := range rows[:n.Dim] {
			row := grad[int(r)*w+from:][:to-from]
			kern.Add(row, d[i:i+to-from], row)
		}
		rows = rows[n.Dim:]
	}
}
