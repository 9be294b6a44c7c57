package optest

import (
	"math"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
)

// normEps is what layer norm adds to the variance.
const normEps = 1e-5

// Gelu is GELU in its tanh form (Hendrycks and Gimpel 2016).
func Gelu(x float64) float64 {
	return x / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
}

// Linear is x W + b for rows of k, through GELU if gelu, plus r if not nil.
func Linear(x, w, b, r []float64, k int, gelu bool) []float64 {
	n := len(b)
	m := len(x) / k
	y := make([]float64, m*n)
	for i := range m {
		for j := range n {
			s := b[j]
			for p := range k {
				s += x[i*k+p] * w[p*n+j]
			}
			if gelu {
				s = Gelu(s)
			}
			if r != nil {
				s += r[i*n+j]
			}
			y[i*n+j] = s
		}
	}
	return y
}

// Norm is layer norm (Ba et al. 2016) of rows as long as gamma.
func Norm(x, gamma, beta []float64) []float64 {
	d := len(gamma)
	y := make([]float64, len(x))
	for i := 0; i < len(x); i += d {
		var mean, variance float64
		for _, v := range x[i : i+d] {
			mean += v / float64(d)
		}
		for _, v := range x[i : i+d] {
			variance += (v - mean) * (v - mean) / float64(d)
		}
		for j := range d {
			y[i+j] = (x[i+j]-mean)/math.Sqrt(variance+normEps)*gamma[j] + beta[j]
		}
	}
	return y
}

// Attention is multi-head attention within each tree, see [op.Attention].
func Attention(trees *op.Trees, qkv, table []float64, d int) []float64 {
	const width = op.HeadWidth
	out := make([]float64, len(qkv)/3)
	for t := range trees.Trees.Live {
		from, to := int(trees.Start[t]), int(trees.Start[t+1])
		for h := range d / width {
			for i := from; i < to; i++ {
				p := make([]float64, to-from)
				var sum float64
				for j := from; j < to; j++ {
					var s float64
					for c := range width {
						s += qkv[i*3*d+h*width+c] * qkv[j*3*d+d+h*width+c]
					}
					rel := int(trees.Rel[t][(i-from)*16+j-from])
					p[j-from] = math.Exp(s/math.Sqrt(width) + table[h*16+rel])
					sum += p[j-from]
				}
				for j := from; j < to; j++ {
					for c := range width {
						out[i*d+h*width+c] += p[j-from] / sum * qkv[j*3*d+2*d+h*width+c]
					}
				}
			}
		}
	}
	return out
}

// Block is a pre-norm transformer layer, see [op.Block]; p is its parameters in
// the order of that operation's inputs.
func Block(trees *op.Trees, x []float64, p [][]float64, d int) []float64 {
	qkv := Linear(Norm(x, p[0], p[1]), p[2], p[3], nil, d, false)
	middle := Linear(Attention(trees, qkv, p[4], d), p[5], p[6], x, d, false)
	wide := Linear(Norm(middle, p[7], p[8]), p[9], p[10], nil, d, true)
	return Linear(wide, p[11], p[12], middle, 4*d, false)
}

// Tokens is the input of the first layer, see [op.Tokens].
func Tokens(b *op.Nodes, fragments, sites, trees []float64, d int) []float64 {
	out := make([]float64, b.Tokens.Live*d)
	for t := range b.Trees.Trees.Live {
		for i := int(b.Start[t]); i < int(b.Start[t+1]); i++ {
			for c := range d {
				out[i*d+c] = fragments[int(b.Kind[i])*d+c] + trees[t*d+c]
			}
		}
		for e := b.EndStart[t]; e < b.EndStart[t+1]; e++ {
			for c := range d {
				out[int(b.Token[e])*d+c] += Gelu(sites[int(b.Own[e])*2*d+c] + sites[int(b.Other[e])*2*d+d+c])
			}
		}
	}
	return out
}

// Hidden is the hidden layer of the queries, see [op.Hidden].
func Hidden(b *op.Table, projections, sites []float64, d int) []float64 {
	out := make([]float64, b.Rows.Live*d)
	trees := b.Trees.Trees.Live
	fill := func(row, token, first int, site []float64) {
		for c := range d {
			out[row*d+c] = Gelu(projections[token*2*d+c] + projections[first*2*d+d+c] + site[c])
		}
	}
	for t := range trees {
		first := int(b.Start[t])
		for r := int(b.RowStart[t]); r < int(b.RowStart[t+1]); r++ {
			fill(r, int(b.Token[r]), first, sites[int(b.Site[r])*d:])
		}
		fill(int(b.RowStart[trees])+t, first, first, sites[len(sites)-d:])
	}
	return out
}

// LogProb is the log-probabilities of the steps taken and of Stop, see
// [op.LogProb].
func LogProb(b *op.Choice, queries, keys, bias, stopKey []float64, stopBias float64) []float64 {
	d := len(stopKey)
	dot := func(x, y []float64) (s float64) {
		for c := range d {
			s += x[c] * y[c]
		}
		return s
	}
	states := b.States.Live
	out := make([]float64, 2*states)
	for t := range states {
		logit := map[int]float64{} // of the legal cells
		var all []float64
		from := int(b.RowStart[t])
		for r := from; r < int(b.RowStart[t+1]); r++ {
			for c := range b.Width {
				if b.Masks[b.Mask[r]][c] == 0 {
					l := dot(queries[r*d:], keys[c*d:]) + bias[c]
					logit[(r-from)*b.Width+c] = l
					all = append(all, l)
				}
			}
		}
		stop := dot(queries[(int(b.RowStart[states])+t)*d:], stopKey) + stopBias
		if b.Stop[t] {
			all = append(all, stop)
		}
		norm := logSumExp(all)
		out[2*t], out[2*t+1] = stop-norm, stop-norm
		if !b.Stop[t] {
			out[2*t+1] = op.Illegal
		}
		if b.Taken[t] != nil {
			var taken []float64
			for _, c := range b.Taken[t] {
				taken = append(taken, logit[int(c)])
			}
			out[2*t] = logSumExp(taken) - norm
		}
	}
	return out
}

func logSumExp(x []float64) float64 {
	top := math.Inf(-1)
	for _, v := range x {
		top = max(top, v)
	}
	var s float64
	for _, v := range x {
		s += math.Exp(v - top)
	}
	return top + math.Log(s)
}

// Balance is the loss of each trajectory and its residual, see [op.Balance].
// With [op.Variance] and [op.Likelihood] the loss does not depend on z.
func Balance(b *op.Paths, objective op.Objective, knee float64, logp, z []float64) (loss, residual []float64) {
	huber := func(d float64) float64 {
		if knee > 0 && math.Abs(d) > knee {
			return knee * (math.Abs(d) - knee/2)
		}
		return d * d / 2
	}
	n := b.Paths.Live
	loss, residual = make([]float64, n), make([]float64, n)
	for p := range n {
		from, to := int(b.Start[p]), int(b.Start[p+1])
		logZ := 0.0
		for i, c := range b.Code[p] {
			logZ += float64(c) * z[i]
		}
		// flow[k] is log F of the k-th state of the trajectory plus log P_B of
		// the way to it; steps[k] is log P_F of the steps before it.
		flow, steps := make([]float64, to-from), make([]float64, to-from)
		flow[0] = logZ
		for k := 1; k < to-from; k++ {
			flow[k] = b.Target[from+k] - logp[2*(from+k)+1]
			steps[k] = steps[k-1] + logp[2*(from+k-1)]
		}
		last := to - from - 1
		residual[p] = logZ + steps[last] - flow[last]
		switch objective {
		case op.TrajectoryBalance:
			loss[p] = huber(residual[p])
		case op.SubTrajectories:
			parts := 0.0
			for j := range to - from {
				for i := range j {
					loss[p] += huber(flow[i] + steps[j] - steps[i] - flow[j])
					parts++
				}
			}
			loss[p] /= parts
		case op.Likelihood:
			if to-from > 1 {
				loss[p] = b.Target[to-1] - logp[2*(to-1)+1] - steps[last]
			}
		case op.Variance:
			residual[p] = logZ + steps[last] + logp[2*(to-1)] - b.Target[to-1]
		}
		loss[p] /= float64(n)
	}
	if objective != op.Variance {
		return loss, residual
	}
	for p := range n {
		var sum, count float64
		for q := range n {
			if b.Group[q] == b.Group[p] {
				sum, count = sum+residual[q], count+1
			}
		}
		loss[p] = huber(residual[p]-sum/count) / float64(n)
	}
	return loss, residual
}

// Agreement is the loss of each trajectory with [op.Likelihood] and a weight of
// disagreement above 0, see [op.Likelihood].
func Agreement(b *op.Paths, knee, agree float64, logp, z []float64) []float64 {
	_, residual := Balance(b, op.Variance, knee, logp, z)
	members := map[int32][]float64{}
	for p, g := range b.Group[:b.Paths.Live] {
		logZ := 0.0
		for i, c := range b.Code[p] {
			logZ += float64(c) * z[i]
		}
		members[g] = append(members[g], residual[p]-logZ)
	}
	loss := make([]float64, len(residual))
	next := map[int32]int{}
	for p, g := range b.Group[:b.Paths.Live] {
		own := members[g]
		d := own[next[g]]
		next[g]++
		if g == 0 {
			loss[p] = -d / float64(len(own))
			continue
		}
		var mean float64
		for _, x := range own {
			mean += x / float64(len(own))
		}
		value := (d - mean) * (d - mean) / 2
		if knee > 0 && math.Abs(d-mean) > knee {
			value = knee * (math.Abs(d-mean) - knee/2)
		}
		loss[p] = agree * value / float64(len(residual)-len(members[0]))
	}
	return loss
}

// CrossEntropy is the weighted cross-entropy of each row, see
// [op.CrossEntropy]. Rows of logits are columns long.
func CrossEntropy(l *op.Labels, logits []float64, columns int) []float64 {
	out := make([]float64, l.Rows.Live)
	for r := range out {
		row := logits[r*columns:][:l.Classes]
		norm := logSumExp(row)
		for c, o := range row {
			mu := 1.0
			if l.Multiplicity != nil {
				mu = l.Multiplicity[c]
			}
			out[r] -= l.Weight[r] * l.Target[r*l.Classes+c] * (o - norm - math.Log(mu))
		}
	}
	return out
}
