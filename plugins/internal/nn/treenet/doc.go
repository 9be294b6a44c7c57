// Package treenet is a graph transformer over fragment trees: what the bundled
// GFlowNet and its relatives use to say what to attach next.
//
// # The network
//
// A tree of n fragments is n+1 tokens: one for the whole tree, then one per
// fragment. The whole-tree vector comes from the condition (a thermometer code
// of beta) and from the tree's sums of fixed fragment features:
// heavy atoms, weight, logP, donors and the like, on which most rewards depend.
// A fragment's token starts as its learned and fixed features, plus the
// whole-tree vector, plus a vector for each bond, made of the two sites that it
// joins. Transformer layers follow, whose attention has a learned bias for the
// distance of two fragments in the tree.
//
// A row of the action table is an open site: its query is made of the token of
// its fragment, of the token of the tree and of the site. A column is a site of
// a free fragment: its key is made of learned and fixed features and does not
// depend on the state. The logit of a cell is query . key + bias of the column,
// which is what the protocol's factored reply carries. Stop is one more query,
// of the tree's token, with a key of its own.
//
// The network sees canonical trees only, so what it says is a function of the
// isomorphism class.
package treenet

import "github.com/molsculpt/molsculpt/plugins/internal/nn/kern"

// MaxFragments is the size of the largest trees that the network takes.
const MaxFragments = kern.MaxTokens - 1

// pad rounds up to a multiple of the kernels' granularity.
func pad(n int) int { return (n + kern.Lane - 1) / kern.Lane * kern.Lane }
