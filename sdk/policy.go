package sdk

import (
	"context"

	"github.com/molsculpt/molsculpt/sdk/space"
)

// Policy makes base models that walk a discrete space: GFlowNets, fragment
// diffusions, anything that can say what to do next.
type Policy interface {
	// Load makes a model. An error is shown to the user as it is.
	Load(ctx context.Context, req LoadRequest) (PolicyModel, error)
}

// PolicyModel is one loaded model. Its methods may be called at the same time.
type PolicyModel interface {
	// Info says what the host has to know; it does not change.
	Info() PolicyInfo

	// Step fills reply with log-preferences, see [StepReply]. The answer for a
	// state must not depend on what else is in the batch, nor on earlier calls.
	Step(ctx context.Context, req *StepRequest, reply *StepReply) error

	// Close frees the model after its last call.
	Close() error
}

// PolicyInfo is what a model says of itself on loading.
type PolicyInfo struct {
	Conditions []Condition

	// Width, Keys and Bias are for models that answer with queries: the
	// preference of a cell is the inner product of its row's query with its
	// column's key, plus the column's bias. Width is 0 for a model that answers
	// with whole tables.
	Width int
	Keys  []float32 // Columns x Width
	Bias  []float32 // Columns, or nil
}

// StepRequest asks for the preferences at some states.
type StepRequest struct {
	Condition map[string]float64 // a value for every condition of the model
	States    []space.State      // distinct
	Rows      []int              // height of each state's action table
	Columns   int                // width of every action table

	// Places says for each row of each state where it is, in the form of the
	// kind of the space: two bytes for "fragment-tree/1", the node in preorder
	// and the site on it. Empty where the space does not say.
	Places []byte
}

// StepReply holds log-preferences: any real number, or minus infinity for
// probability zero. They need not be normalised and illegal cells may hold any
// finite number; the host masks and normalises. Its slices have the right
// lengths when Step is called, and are zero.
type StepReply struct {
	Stop []float32 // one per state

	// Attach is the action tables one after another, each row by row; see
	// Cells. Nil for a model with keys.
	Attach []float32

	// Queries is one vector of Width per row of each table, one state after
	// another. Nil for a model without keys.
	Queries []float32

	at []int // start of each state's table, in rows
}

// Cells is the action table of state i within Attach: cell row*Columns+column.
func (r *StepReply) Cells(i int) []float32 {
	w := r.width(len(r.Attach))
	return r.Attach[r.at[i]*w : r.at[i+1]*w]
}

// Query is the queries of state i within Queries, one row after another.
func (r *StepReply) Query(i int) []float32 {
	w := r.width(len(r.Queries))
	return r.Queries[r.at[i]*w : r.at[i+1]*w]
}

func (r *StepReply) width(n int) int {
	if rows := r.at[len(r.at)-1]; rows > 0 {
		return n / rows
	}
	return 0
}

// NewStepReply makes a reply of the right lengths for a request, as Serve does
// before it calls Step; for tests of a model without a host.
func NewStepReply(req *StepRequest, info PolicyInfo) *StepReply {
	r := &StepReply{Stop: make([]float32, len(req.States)), at: make([]int, len(req.Rows)+1)}
	for i, n := range req.Rows {
		r.at[i+1] = r.at[i] + n
	}
	rows := r.at[len(req.Rows)]
	if info.Width > 0 {
		r.Queries = make([]float32, rows*info.Width)
	} else {
		r.Attach = make([]float32, rows*req.Columns)
	}
	return r
}
