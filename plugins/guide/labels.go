package guide

import (
	"math"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// judge says what a network's terminal head thinks of finished objects. It
// serves one goroutine.
type judge struct {
	net     *network
	params  *nn.Params
	threads int

	trunk    trunk
	runner   *nn.Runner
	terminal nn.Value
}

// posterior writes log q_i of distinct finished objects, so many numbers each as
// there are models. version changes whenever the parameters do.
func (j *judge) posterior(dst []float64, states []space.State, version uint64) error {
	ok := false
	if j.trunk != nil {
		var err error
		if ok, err = j.trunk.read(states); err != nil {
			return err
		}
	}
	if !ok {
		t, err := j.net.trunks.room(states)
		if err != nil {
			return err
		}
		r := nn.NewRunner(j.params, j.threads)
		terminal := nn.Linear(r, "terminal", t.define(r, false).states, pad(j.net.Models), false, 0.3)
		if err := r.Err(); err != nil {
			return err
		}
		j.trunk, j.runner, j.terminal = t, r, terminal
		if _, err := t.read(states); err != nil {
			return err
		}
	}
	j.runner.Run(version)
	m := j.net.Models
	logits := j.runner.Data(j.terminal)
	for i := range states {
		logSoftmax(dst[i*m:(i+1)*m], logits[i*pad(m):][:m])
	}
	return nil
}

// logSoftmax writes the logarithms of the softmax of logits.
func logSoftmax[F float32 | float64](dst []float64, logits []F) {
	top := math.Inf(-1)
	for _, v := range logits {
		top = max(top, float64(v))
	}
	sum := 0.0
	for _, v := range logits {
		sum += math.Exp(float64(v) - top)
	}
	norm := top + math.Log(sum)
	for i, v := range logits {
		dst[i] = float64(v) - norm
	}
}
