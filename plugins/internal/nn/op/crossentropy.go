package op

import (
	"math"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/kern"
)

// Labels is what a classifier should say of the rows of a batch. The caller
// sets Rows.Live, empties the labels with [Labels.Reset] and appends one for
// each row.
type Labels struct {
	Rows    *Rows
	Classes int
	// Target has Classes entries per row: the probability of each class, or
	// any shares of the row's loss that are not negative.
	Target []float64
	// Weight[r] multiplies the loss of row r. With weights 1/Rows.Live the sum
	// of the losses is their mean.
	Weight []float64
	// Multiplicity[c] is the number of equally probable cases that class c
	// stands for: n!/prod n_j! where classes are multisets and cases are tuples.
	// A logit is that of the whole class, so that log Q(case) is the logarithm
	// of the softmax minus that of the multiplicity. nil counts as ones. It
	// moves the loss, not the gradient.
	Multiplicity []float64
}

// Reset empties the labels, keeping their memory.
func (l *Labels) Reset() { l.Target, l.Weight = l.Target[:0], l.Weight[:0] }

// Soft appends the label of the next row: a share for each class.
func (l *Labels) Soft(weight float64, target ...float64) {
	if len(target) != l.Classes {
		panic("op: a label does not have one share per class")
	}
	l.Target, l.Weight = append(l.Target, target...), append(l.Weight, weight)
}

// Hard appends the label of the next row, which belongs to one class.
func (l *Labels) Hard(weight float64, class int) {
	if class < 0 || class >= l.Classes {
		panic("op: a label names a class that does not exist")
	}
	for c := range l.Classes {
		share := 0.0
		if c == class {
			share = 1
		}
		l.Target = append(l.Target, share)
	}
	l.Weight = append(l.Weight, weight)
}

// CrossEntropy is the loss of each row: its weight times the sum over the
// classes of target * -log Q. Input: logits (rows x Columns), of which the
// first Labels.Classes count; the softmax is over these.
type CrossEntropy struct {
	Env     *Env
	Label   string
	Labels  *Labels
	Columns int // padded

	slope []float64 // of the loss, Classes per row
}

// Name implements Op.
func (o *CrossEntropy) Name() string { return "cross-entropy " + o.Label }

// Check implements Op.
func (o *CrossEntropy) Check(in []Shape) error {
	return want(o.Name(), in, Shape{o.Labels.Rows, o.Columns})
}

// Shape implements Op.
func (o *CrossEntropy) Shape() Shape { return Shape{o.Labels.Rows, 1} }

// Forward implements Op.
func (o *CrossEntropy) Forward(in [][]float32, out []float32) {
	l := o.Labels
	n, classes := l.Rows.Live, l.Classes
	if len(l.Weight) != n || len(l.Target) != n*classes || l.Multiplicity != nil && len(l.Multiplicity) != classes {
		panic("op: as many labels as rows are needed")
	}
	o.slope = zeros(o.slope, n*classes)
	kern.ParRows(o.Env.Threads, n, rowsAtOnce, func(from, to int) {
		for r := from; r < to; r++ {
			out[r] = float32(l.loss(r, in[0][r*o.Columns:][:classes], o.slope[r*classes:]))
		}
	})
}

// loss is the loss of row r and its slope at the logits.
func (l *Labels) loss(r int, logits []float32, slope []float64) (loss float64) {
	target, weight := l.Target[r*l.Classes:][:l.Classes], l.Weight[r]
	if weight == 0 {
		return 0 // whatever the logits
	}
	norm := LogSumExp(logits)
	var total float64
	for c, t := range target {
		total += t
		if t == 0 {
			continue // 0 log 0 is 0
		}
		loss -= t * (float64(logits[c]) - norm)
		if l.Multiplicity != nil {
			loss += t * math.Log(l.Multiplicity[c])
		}
	}
	for c, t := range target {
		slope[c] = weight * (total*math.Exp(float64(logits[c])-norm) - t)
	}
	return weight * loss
}

// LogSumExp is the logarithm of the sum of e^logit: a class's logit minus it is
// the logarithm of its probability.
func LogSumExp(logits []float32) float64 {
	top := math.Inf(-1)
	for _, v := range logits {
		top = max(top, float64(v))
	}
	var sum float64
	for _, v := range logits {
		sum += math.Exp(float64(v) - top)
	}
	return top + math.Log(sum)
}

// Backward implements Op.
func (o *CrossEntropy) Backward(_ [][]float32, _, dout []float32, din [][]float32) {
	if din[0] == nil {
		return
	}
	n, classes := o.Labels.Rows.Live, o.Labels.Classes
	for r := range n {
		row := din[0][r*o.Columns:][:o.Columns]
		clear(row)
		for c := range classes {
			row[c] = float32(o.slope[r*classes+c]) * dout[r]
		}
	}
}
