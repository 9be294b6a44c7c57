// Package export ranks the candidates of a campaign, selects among them and
// writes them: as SMILES, CSV, SD files or JSON lines, or as the tables of the
// terminal. It reads the store and nothing else.
//
// Candidates rank by [Score], the weighted geometric mean of the desirabilities
// of their objectives. A candidate that lacks a score ranks after all that lack
// none, by the mean over what is known of it, and is marked as incomplete: no
// missing number is made up. Ties are broken by log-weight, then by SMILES, so
// that the order is a function of the store's content.
package export
