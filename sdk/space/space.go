package space

import "context"

// State is a state of a space in its canonical compact form: equal states have
// equal bytes, so a State is a map key, the wire form and the stored form at
// once. The empty string is the initial state of every space.
type State string

// Descriptor says which space a model was made for. Two models compose only
// where their descriptors are equal.
type Descriptor struct {
	Kind    string // "fragment-tree/1", "grid/1"
	Digest  string // sha256 (hex) over everything that fixes states and actions
	Kernel  string // id of the backward kernel, "uniform-parents/1"
	MaxSize int    // largest state: fragments of a tree, side of a grid
}

// Space is a finite pointed acyclic graph of states that a model walks by one
// action after another until it stops. Implementations are safe for concurrent
// use.
//
// The actions at a state are a table of Rows(s) x Columns() cells and Stop.
// Cell number row*Columns()+column is legal or not. Several cells may lead to
// the same child; the probability of a step is the sum over them, see [Parent].
type Space interface {
	Descriptor() Descriptor

	// Columns is the width of every state's action table.
	Columns() int

	// Rows is the height of the action table at s; 0 where only Stop is left.
	Rows(s State) int

	// Legal sets legal[c], for all Rows(s)*Columns() cells, and reports
	// whether Stop is legal at s.
	Legal(s State, legal []bool) (stop bool)

	// Child is the state that a legal cell of s leads to.
	Child(s State, cell int) State

	// Parents lists the distinct states that have s as a child, each once, in
	// canonical order; empty for the initial state only. The backward kernel
	// is uniform over them: log P_B = -log(len(Parents(s))).
	Parents(s State) []Parent

	// Size is the number of steps from the initial state to s.
	Size(s State) int

	// Validate says what is wrong with bytes that did not come from this
	// space; nil for a canonical state of it.
	Validate(s State) error
}

// Parent is one parent of a state, with the cells of the parent's action table
// that lead to that state: the probability of the step is the sum over Cells.
type Parent struct {
	State State
	Cells []int
}

// Steps holds the normalised log-probabilities of one state's actions: Stop and
// every cell of its action table, minus infinity where illegal.
type Steps struct {
	Stop  float64
	Cells []float64 // Rows*Columns long

	// Prob is the probabilities of the cells, the exponentials of Cells, where
	// the policy has them at hand; it is empty where not. Of a probability that
	// underflows it has 0, and Cells the logarithm.
	Prob []float64
}

// Policy answers normalised steps: a base model as the host sees it, masked to
// the legal actions of its space.
type Policy interface {
	// Steps fills dst[i] for states[i], which are distinct, reusing the
	// capacity of dst[i].Cells and dst[i].Prob. The answer for a state does not depend on what
	// else is in the batch.
	Steps(ctx context.Context, states []State, dst []Steps) error
}
