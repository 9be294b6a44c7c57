// Package store keeps campaigns and the candidates they found in one bbolt
// file, so that a run that was stopped at any moment can go on.
//
// There are four nouns: a [Campaign] has a [Plan] that never changes and a
// [State] that does; it grows by whole finished [Population] records; the
// molecules of these are its [Candidate] records, one per canonical SMILES.
//
// Two laws hold. A population is in the file whole or not at all, together with
// the counters it moves. And the content does not depend on the order in which
// populations arrive, on how they were batched, or on how often the writer was
// killed, clock fields aside: nothing is added up when it is written that
// depends on order, sums over duplicates are taken when they are read. [Store.Dump]
// writes that content and is what tests compare.
//
// One goroutine writes. Readers stream with iter.Seq2 in short transactions, so
// a loop over candidates may itself commit. FORMAT.md describes the file byte
// by byte. Molecules are SMILES strings here and states are opaque bytes: this
// package knows no chemistry.
package store
