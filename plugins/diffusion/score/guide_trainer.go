package score

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/molsculpt/molsculpt/plugins/internal/nn"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/op"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/train"
	"github.com/molsculpt/molsculpt/sdk/noise"
)

// Labelled is clean points of several models, or classes.
type Labelled struct {
	Data
	Label []int // of each point
	// LogBase is the log-density of each point under every model, models numbers
	// each, up to a constant of the point; nil where it is not known.
	LogBase []float64
}

// The ways to label the ends, see GuideConfig.Labels.
const (
	labelsExact = "exact"
	labelsEMA   = "ema"
)

// GuideConfig says how a guide is trained.
type GuideConfig struct {
	Config
	Observations int    `json:"observations,omitempty"` // that a composition makes at most; 2
	Labels       string `json:"labels,omitempty"`       // exact: from the models' own likelihoods; ema: from the guide itself, as in the paper. exact where these are known
	Samples      int    `json:"samples,omitempty"`      // points of each model that are learned from; 4000
}

// complete returns c with defaults, for points of so many numbers.
func (c GuideConfig) complete(dimension int, known bool) (GuideConfig, error) {
	var err error
	if c.Config, err = c.Complete(dimension); err != nil {
		return c, err
	}
	if c.Observations == 0 {
		c.Observations = 2
	}
	if c.Samples == 0 {
		c.Samples = 4000
	}
	if c.Labels == "" {
		c.Labels = labelsEMA
		if known {
			c.Labels = labelsExact
		}
	}
	switch {
	case c.Labels != labelsExact && c.Labels != labelsEMA:
		return c, fmt.Errorf("labels is %q; give %s or %s", c.Labels, labelsExact, labelsEMA)
	case c.Labels == labelsExact && !known:
		return c, fmt.Errorf("labels is %s, and no likelihood of the examples is known; give %s", labelsExact, labelsEMA)
	case c.Samples < 100:
		return c, fmt.Errorf("samples is %d; give 100 or more", c.Samples)
	}
	return c, nil
}

// GuideTrainer trains a guide: see the package comment and, for the loss, Garipov
// et al. 2023, appendix. There is one head for all times. It is deterministic as
// [Trainer] is.
type GuideTrainer struct {
	*train.Loop
	config   GuideConfig
	outcomes *Outcomes
	scaling  Scaling
	task     *guideTask
}

// NewGuideTrainer starts the training of a guide for models, whose points the
// process makes noisy; some points are kept back to measure it by.
func NewGuideTrainer(c GuideConfig, p noise.Process, models []string, learn, keptBack *Labelled, seed uint64) (*GuideTrainer, error) {
	c.Process, c.Parameters = p.Name(), p.Parameters()
	c, err := c.complete(learn.Dim, learn.LogBase != nil)
	if err != nil {
		return nil, fmt.Errorf("score: %w", err)
	}
	o := &Outcomes{Models: models, Observations: c.Observations}
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("score: %w", err)
	}
	if learn.Len() < 2 {
		return nil, fmt.Errorf("score: %d points to learn from; two are needed at least", learn.Len())
	}
	mean, sd := learn.moments()
	if err := fits(c.Config, mean, sd); err != nil {
		return nil, err
	}
	t := &GuideTrainer{config: c, outcomes: o, scaling: NewScaling(p, mean, sd, c.End)}
	t.task = newGuideTask(t, learn, keptBack, seed)
	for label, of := range t.task.of {
		if len(of) == 0 {
			return nil, fmt.Errorf("score: there is no point of %s to learn from", models[label])
		}
	}
	params := nn.NewParams(rand.New(rand.NewPCG(seed, 1<<63)))
	if err := t.task.build(params); err != nil {
		return nil, fmt.Errorf("score: %w", err)
	}
	loop := c.loop(fmt.Sprintf("guide of %q, %d observations, labels %s, %s end %g network %s data %s kept back %s",
		models, c.Observations, c.Labels, p, c.End, c.Network.Network.Describe(), learn.digest(), keptBack.digest()))
	if keptBack.Len() == 0 {
		loop.Validate = 0
	}
	if t.Loop, err = train.New(loop, params, t.task, seed); err != nil {
		return nil, err
	}
	if c.Labels == labelsEMA && c.Observations > 1 {
		t.task.teacher, err = newEvaluator(c.Network.Network, t.Average(), learn.Dim, len(o.Lists), c.Threads)
	}
	return t, err
}

func (t *GuideTrainer) weights() *weights {
	best, _ := t.Best()
	return &weights{settings: t.config.Network, scaling: t.scaling, guide: t.outcomes, params: best.Clone()}
}

// Model is the guide as trained so far.
func (t *GuideTrainer) Model() (*Guide, error) { return newGuide(t.weights(), t.config.Threads) }

// guideTask is what is learned: what would be observed of a noisy point's clean
// one.
type guideTask struct {
	config   GuideConfig
	scaling  *Scaling
	outcomes *Outcomes
	data     *Labelled
	kept     *Labelled
	of       [][]int // points of each model
	seed     uint64
	share    [][]float64 // of each outcome's probability in that of the first observation's being a model

	rows          op.Rows
	graph         *nn.Graph
	points, noise []float32
	labels        op.Labels
	judge         *evaluator
	teacher       *evaluator // of the running average; nil where labels are exact

	drawn  []int       // points of the batch
	w      []float64   // batch x models, the posterior at the clean points
	all    [][]float64 // batch x outcomes, what the teacher says there
	target []float64
}

func newGuideTask(t *GuideTrainer, learn, keptBack *Labelled, seed uint64) *guideTask {
	m, n := len(t.outcomes.Models), t.config.Observations
	g := &guideTask{config: t.config, scaling: &t.scaling, outcomes: t.outcomes, data: learn, kept: keptBack, seed: seed, of: make([][]int, m)}
	for i, l := range learn.Label {
		g.of[l] = append(g.of[l], i)
	}
	for i := range m {
		s := make([]float64, len(t.outcomes.Lists))
		for k, list := range t.outcomes.Lists {
			for _, y := range list {
				if y == i {
					s[k] += 1 / float64(n)
				}
			}
		}
		g.share = append(g.share, s)
	}
	g.target = make([]float64, len(t.outcomes.Lists))
	return g
}

// build builds the network with its loss.
func (t *guideTask) build(params *nn.Params) error {
	d, k := t.data.Dim, len(t.outcomes.Lists)
	t.rows.Cap = t.config.Batch
	t.graph = nn.NewGraph(params, t.config.Threads)
	var x, code nn.Value
	x, t.points = t.graph.Input("points", &t.rows, Pad(d))
	code, t.noise = t.graph.Input("noise", &t.rows, NoiseWidth)
	logits := t.config.Network.Network.Define(t.graph, x, code, k)
	t.labels = op.Labels{Rows: &t.rows, Classes: k, Multiplicity: t.outcomes.multiplicities()}
	return t.graph.Minimize(t.graph.Apply(&op.CrossEntropy{Env: t.graph.Env(), Label: "outcome", Labels: &t.labels, Columns: Pad(k)}, logits))
}

// Params implements train.Task.
func (t *guideTask) Params() []*nn.Param { return t.graph.Params() }

// show writes a noisy copy of a clean point as the network sees it.
func (t *guideTask) show(x0 []float32, at float64, r *rand.Rand, points, code []float32) {
	a := t.scaling.at(at)
	t.scaling.code(a, code)
	for j, v := range x0 {
		points[j] = float32((float64(v) + a.ratio*r.NormFloat64() - t.scaling.Mean[j]) / a.total)
	}
	clear(points[len(x0):])
}

// Learn implements train.Task. The models take turns.
func (t *guideTask) Learn(r *rand.Rand, version uint64) (float64, error) {
	n, d, m := t.config.Batch, t.data.Dim, len(t.of)
	t.rows.Live = n
	t.drawn = t.drawn[:0]
	order := r.Perm(n) // of the times, so that each model has all
	for i := range n {
		of := t.of[i%m]
		p := of[r.IntN(len(of))]
		t.drawn = append(t.drawn, p)
		at := moment(t.config.End, order[i], n, r)
		if t.ends(i) {
			at = t.config.End
		}
		t.show(t.data.Point(p), at, r, t.points[i*Pad(d):(i+1)*Pad(d)], t.noise[i*NoiseWidth:(i+1)*NoiseWidth])
	}
	t.posterior(version)
	t.labels.Reset()
	for i, p := range t.drawn {
		if t.ends(i) {
			t.terminal(t.data.Label[p], t.all[i])
		} else {
			t.outcome(t.data.Label[p], t.w[i*m:(i+1)*m])
		}
		t.labels.Soft(1/float64(n), t.target...)
	}
	return t.graph.Run(version)
}

// ends tells whether a row of the batch is for the loss of the ends, -log Q of the
// first observation alone: where the guide is its own teacher, a quarter is.
func (t *guideTask) ends(row int) bool { return t.teacher != nil && row < t.config.Batch/4 }

// terminal writes the target whose cross-entropy has the slope of -log Q of the
// first observation's being a label: the teacher's probabilities of the outcomes
// given that, as the expectation step of Dempster, Laird and Rubin (1977).
func (t *guideTask) terminal(label int, p []float64) {
	var sum float64
	for k, s := range t.share[label] {
		t.target[k] = s * p[k]
		sum += t.target[k]
	}
	for k := range t.target {
		if sum > 0 {
			t.target[k] /= sum
		} else { // the teacher is sure of the others
			t.target[k] = t.share[label][k]
		}
	}
}

// posterior writes w: of which model clean points are.
func (t *guideTask) posterior(version uint64) {
	data, points, m := t.data, t.drawn, len(t.of)
	t.w, t.all = t.w[:0], t.all[:0]
	if t.config.Observations == 1 { // nothing but the label is observed
		t.w = append(t.w, make([]float64, len(points)*m)...)
		return
	}
	if t.teacher == nil {
		for _, p := range points {
			t.w = append(t.w, softmax(data.LogBase[p*m:(p+1)*m])...)
		}
		return
	}
	e, k, d := t.teacher, len(t.outcomes.Lists), data.Dim
	a := t.scaling.at(t.config.End)
	for first := 0; first < len(points); first += e.rows.Cap {
		n := min(e.rows.Cap, len(points)-first)
		for i, p := range points[first : first+n] {
			t.scaling.code(a, e.noise[i*NoiseWidth:(i+1)*NoiseWidth])
			row := e.points[i*e.columns : (i+1)*e.columns]
			clear(row)
			for j, v := range data.Point(p)[:d] {
				row[j] = float32((float64(v) - t.scaling.Mean[j]) / a.total)
			}
		}
		out, stride := e.run(n, version)
		logits := make([]float64, k)
		for i := range n {
			for c := range logits {
				logits[c] = float64(out[i*stride+c])
			}
			p := softmax(logits)
			t.all = append(t.all, p)
			for _, share := range t.share {
				var q float64
				for c, s := range share {
					q += s * p[c]
				}
				t.w = append(t.w, q)
			}
		}
	}
}

// outcome writes the target: the probabilities of the outcomes of a point of a
// model, of which the first observation is that model and the others follow w.
func (t *guideTask) outcome(label int, w []float64) {
	clear(t.target)
	for k, list := range t.outcomes.Lists {
		t.target[k] = completions(list, label, w)
	}
}

// completions is the probability that a list of observations, in any order, is that
// of a first one and others that are independent with the probabilities w.
func completions(list []int, first int, w []float64) float64 {
	counts := make([]int, len(w))
	for _, y := range list {
		counts[y]++
	}
	if counts[first] == 0 {
		return 0
	}
	counts[first]--
	log, _ := math.Lgamma(float64(len(list))) // (n-1)!
	p := 1.0
	for y, n := range counts {
		l, _ := math.Lgamma(float64(n + 1))
		log -= l
		p *= math.Pow(w[y], float64(n))
	}
	return p * math.Exp(log)
}

// softmax are the probabilities in proportion to the exponentials.
func softmax(logs []float64) []float64 {
	top := math.Inf(-1)
	for _, l := range logs {
		top = max(top, l)
	}
	out := make([]float64, len(logs))
	var sum float64
	for i, l := range logs {
		out[i] = math.Exp(l - top)
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

// Validate implements train.Task: the loss of the first observation alone on points
// kept back, which no teacher has a part in, with noise that is always the same.
func (t *guideTask) Validate(p *nn.Params, version uint64) (float64, error) {
	k := len(t.outcomes.Lists)
	if t.judge == nil {
		var err error
		if t.judge, err = newEvaluator(t.config.Network.Network, p, t.data.Dim, k, t.config.Threads); err != nil {
			return 0, err
		}
	}
	e := t.judge
	r := rand.New(rand.NewPCG(t.seed, 1<<62))
	total := measured(t.data.Dim)
	var loss float64
	logits := make([]float64, k)
	for first := 0; first < total; first += e.rows.Cap {
		n := min(e.rows.Cap, total-first)
		for i := range n {
			q := (first + i) % t.kept.Len()
			t.show(t.kept.Point(q), moment(t.config.End, first+i, total, r), r, e.points[i*e.columns:(i+1)*e.columns], e.noise[i*NoiseWidth:(i+1)*NoiseWidth])
		}
		out, stride := e.run(n, version)
		for i := range n {
			for c := range logits {
				logits[c] = float64(out[i*stride+c])
			}
			var q float64
			for c, pc := range softmax(logits) {
				q += t.share[t.kept.Label[(first+i)%t.kept.Len()]][c] * pc
			}
			loss -= math.Log(max(q, 1e-30)) / float64(total)
		}
	}
	return loss, nil
}

// fresh measures parameters that are not those of the training.
func (t *guideTask) fresh(p *nn.Params) (float64, error) {
	other := *t
	other.judge = nil
	return other.Validate(p, 0)
}
