package store

import "strings"

// diffLines is a line diff of two short texts by longest common subsequence,
// with one line of context.
func diffLines(a, b string) string {
	x, y := strings.Split(strings.TrimRight(a, "\n"), "\n"), strings.Split(strings.TrimRight(b, "\n"), "\n")
	// lcs[i][j] is the length for x[i:], y[j:].
	lcs := make([][]int, len(x)+1)
	for i := range lcs {
		lcs[i] = make([]int, len(y)+1)
	}
	for i := len(x) - 1; i >= 0; i-- {
		for j := len(y) - 1; j >= 0; j-- {
			if x[i] == y[j] {
				lcs[i][j] = lcs[i+1][j+1] + 1
			} else {
				lcs[i][j] = max(lcs[i+1][j], lcs[i][j+1])
			}
		}
	}
	type line struct {
		mark byte
		text string
	}
	var all []line
	for i, j := 0, 0; i < len(x) || j < len(y); {
		switch {
		case i < len(x) && j < len(y) && x[i] == y[j]:
			all = append(all, line{' ', x[i]})
			i, j = i+1, j+1
		case j == len(y) || i < len(x) && lcs[i+1][j] >= lcs[i][j+1]:
			all = append(all, line{'-', x[i]})
			i++
		default:
			all = append(all, line{'+', y[j]})
			j++
		}
	}
	var out strings.Builder
	changed := func(k int) bool { return k >= 0 && k < len(all) && all[k].mark != ' ' }
	for k, l := range all {
		if changed(k) || changed(k-1) || changed(k+1) {
			out.WriteByte(l.mark)
			out.WriteByte(' ')
			out.WriteString(l.text)
			out.WriteByte('\n')
		}
	}
	return out.String()
}
