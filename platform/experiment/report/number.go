package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// missing stands where there is no number.
const missing = "–"

// Number is a number with so many decimals; what is not finite is a dash. The
// minus is a real one.
func Number(x float64, decimals int) Cell {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return Cell{Text: missing}
	}
	s := strconv.FormatFloat(x, 'f', decimals, 64)
	if strings.Trim(s, "-0.") == "" {
		s = strings.TrimPrefix(s, "-") // no minus before zero
	}
	return Cell{Text: Text(strings.Replace(s, "-", "−", 1))}
}

// Count is a whole number with a thin space between groups of three digits.
func Count(n int) Cell {
	s := strconv.Itoa(max(n, -n))
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	if n < 0 {
		s = "−" + s
	}
	return Cell{Text: Text(s)}
}

// Estimate is a number with its standard error, to so many decimals; without it
// where the error is not known.
func Estimate(value, standardError float64, decimals int) Cell {
	c := Number(value, decimals)
	if e := Number(standardError, decimals); c.Text != missing && e.Text != missing {
		c.Text = Text(fmt.Sprintf("%s ± %s", c.Text, e.Text))
	}
	return c
}

// Percent is a share of 1 in percent, with its standard error; without it where
// the error is not known.
func Percent(share, standardError float64, decimals int) Cell {
	return Estimate(100*share, 100*standardError, decimals)
}
