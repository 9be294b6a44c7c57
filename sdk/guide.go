package sdk

import (
	"context"
	"math"
	"slices"

	"github.com/molsculpt/molsculpt/sdk/space"
)

// Guide makes classifiers that steer a composition: log Q of what is observed
// at a state or at a point (Garipov et al. 2023, arXiv 2309.16115).
type Guide interface {
	Load(ctx context.Context, req LoadRequest) (GuideModel, error)
}

// GuideModel is one loaded guide. Its methods may be called at the same time.
// One whose Info announces actions is an [ActionGuideModel] too.
type GuideModel interface {
	Info() GuideInfo
	LogQ(ctx context.Context, req *GuideRequest) (GuideReply, error)
	Close() error
}

// ActionGuideModel is a guide over states that answers for all actions of a
// state at once.
type ActionGuideModel interface {
	GuideModel
	// LogQActions fills reply, see [ActionReply]. The answer for a state must not
	// depend on what else is in the batch, nor on earlier calls.
	LogQActions(ctx context.Context, req *ActionRequest, reply *ActionReply) error
}

// ActionHead says what a guide answers for actions.
type ActionHead int

const (
	// NoActions is for guides that answer at states alone.
	NoActions ActionHead = iota
	// AbsoluteActions are log Q of the outcomes after the action.
	AbsoluteActions
	// ResidualActions are what is added to log psi, the logarithm of the path
	// posterior of the outcomes after the action; the sum is log Q.
	ResidualActions
)

// LogitAlpha is the name of the condition of a guide whose second observation
// has the prior weights alpha and 1-alpha of two models: the logarithm of
// alpha/(1-alpha).
const LogitAlpha = "logit_alpha"

// GuideInfo is what a guide says of itself on loading.
type GuideInfo struct {
	Conditions []Condition
	Outcomes   []string // names of what is told apart, two at least
	Dimension  int      // of a point; 0 for a guide over states

	// Models are the names of the base models that a guide was trained with, or of
	// the classes or sets of classes of its examples ([TrainStart].Models), and
	// Lists says what its outcomes are: for each the list of its observations
	// y_1..y_n, numbers of models. Unless Ordered is set, observations are
	// exchangeable: lists are sorted, one stands for all its orders, and log Q is
	// the log-probability of one of them; compositions of points take no others. A
	// guide without Models and Lists can steer none.
	Models  []string
	Lists   [][]int
	Ordered bool

	Actions ActionHead

	// Of a guide over points: the forward process whose noise it has learned, as in
	// [DiffusionInfo], since it steers models of no other; and the smallest time
	// that it has learned, at least 0 and below 1. With it chains end there at the
	// earliest; 0 is no limit.
	Process    string
	Parameters map[string]float64
	End        float64
}

// Outcome is the outcome that a list of observations is; false where the guide
// does not tell it.
func (g *GuideInfo) Outcome(list []int) (int, bool) {
	if !g.Ordered {
		list = slices.Sorted(slices.Values(list))
	}
	for k, own := range g.Lists {
		if slices.Equal(own, list) {
			return k, true
		}
	}
	return 0, false
}

// Multiplicity is the number of lists that an outcome stands for: n!/prod n_j!
// where observations are exchangeable, and 1 where not. The sum over the
// outcomes of multiplicity times Q is 1.
func (g *GuideInfo) Multiplicity(outcome int) float64 {
	if g.Ordered || outcome >= len(g.Lists) {
		return 1
	}
	list := g.Lists[outcome]
	log, _ := math.Lgamma(float64(len(list) + 1))
	for i := 0; i < len(list); {
		same := i
		for i < len(list) && list[i] == list[same] {
			i++
		}
		l, _ := math.Lgamma(float64(i - same + 1))
		log -= l
	}
	return math.Round(math.Exp(log))
}

// GuideRequest asks for log Q, at States for a discrete guide and at Points
// with Times for a continuous one.
type GuideRequest struct {
	Condition map[string]float64
	States    []space.State

	// Finished says for each state whether it is a finished object, at which log
	// Q is the likelihood of the observations, rather than a state on the way; nil
	// means that none is.
	Finished []bool

	Points   []float32 // n x Dimension
	Times    []float64 // n, each in [0, 1]; a request with another is an error
	Gradient bool      // asked for with points only; every guide over points has it
}

// GuideReply holds log-probabilities of the outcomes, and their gradient by the
// numbers of the point where it was asked for.
type GuideReply struct {
	LogQ     []float32 // n x outcomes, none above 0; minus infinity is possible
	Gradient []float32 // n x outcomes x Dimension, finite
}

// ActionRequest asks a guide for all actions of states on the way.
type ActionRequest struct {
	Condition map[string]float64
	States    []space.State // distinct
	Rows      []int         // height of each state's action table
	Columns   int           // width of every action table
	Places    []byte        // as in [StepRequest]
}

// ActionReply holds what GuideInfo.Actions says, for Stop and every cell of each
// state's action table. Cells that are not legal may hold any finite number. Its
// slices have the right lengths when LogQActions is called, and are zero.
type ActionReply struct {
	Stop   []float32 // states x outcomes
	Attach []float32 // tables one after another, row by row, each cell with its outcomes

	outcomes int
	at       []int // start of each state's table, in cells
}

// NewActionReply makes a reply of the right lengths, as Serve does before it
// calls LogQActions; for tests of a model without a host.
func NewActionReply(req *ActionRequest, outcomes int) *ActionReply {
	r := &ActionReply{Stop: make([]float32, len(req.States)*outcomes), outcomes: outcomes, at: make([]int, len(req.Rows)+1)}
	for i, n := range req.Rows {
		r.at[i+1] = r.at[i] + n*req.Columns
	}
	r.Attach = make([]float32, r.at[len(req.Rows)]*outcomes)
	return r
}

// StopOf is the outcomes of Stop at state i.
func (r *ActionReply) StopOf(i int) []float32 { return r.Stop[i*r.outcomes : (i+1)*r.outcomes] }

// Cells is the table of state i: outcome k of a cell is at cell*outcomes+k.
func (r *ActionReply) Cells(i int) []float32 {
	return r.Attach[r.at[i]*r.outcomes : r.at[i+1]*r.outcomes]
}
