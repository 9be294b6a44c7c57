package config

import "strings"

// Nearest is the choice that a mistyped word most likely meant, or "" when
// none is near: by Damerau-Levenshtein distance (optimal string alignment), at
// most a third of the word's length and at least one edit being allowed.
func Nearest(word string, choices []string) string {
	best, bestD := "", max(1, len(word)/3)+1
	for _, c := range choices {
		d := distance(strings.ToLower(word), strings.ToLower(c))
		if d < bestD {
			best, bestD = c, d
		}
	}
	return best
}

// distance counts insertions, deletions, substitutions and swaps of
// neighbours that lead from a to b.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	var two, one []int
	cur := make([]int, len(y)+1)
	for j := range cur {
		cur[j] = j
	}
	for i := 1; i <= len(x); i++ {
		two, one, cur = one, cur, make([]int, len(y)+1)
		cur[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			cur[j] = min(one[j]+1, cur[j-1]+1, one[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				cur[j] = min(cur[j], two[j-2]+1)
			}
		}
	}
	return cur[len(y)]
}

// didYouMean is a remedy for a wrong word: the nearest choice, or all of them.
func didYouMean(word string, choices []string) string {
	if n := Nearest(word, choices); n != "" {
		return "did you mean " + n + "?"
	}
	return "one of " + strings.Join(choices, ", ")
}
