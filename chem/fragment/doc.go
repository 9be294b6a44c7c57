// Package fragment is the space of molecules built from fragments: a
// vocabulary of building blocks with attachment sites, the trees that join
// them, and the way from a tree to a molecule and back.
//
// There are four things in it. A [Vocabulary] is an ordered list of fragments
// with the sites where bonds may be made and the rule that says which bonds.
// A [Tree] is a state: fragments joined by single bonds, in a canonical
// compact form, so that two trees are isomorphic exactly when their bytes are
// equal. [Trees] is the set of all trees of a vocabulary up to a size, with
// the actions that lead from one to the next. A [Builder] counts a vocabulary
// from a set of compounds.
//
// # States and actions
//
// Two sites of a fragment that a symmetry of the free fragment exchanges are
// the same to chemistry, and so are they here: the canonical form of a tree is
// its AHU code (Aho, Hopcroft and Ullman, The Design and Analysis of Computer
// Algorithms, 1974, section 3.2), rooted at the centroid and minimised at each
// node over the fragment's own symmetries. An action attaches one fragment. It
// is a cell of a table: a row is an orbit of open sites under the tree's
// automorphisms, a column is a class of sites of a fragment of the vocabulary.
// Several cells may lead to the same child, which [Trees.Parents] tells.
package fragment
