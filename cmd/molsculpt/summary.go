package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/molsculpt/molsculpt/platform"
	"github.com/molsculpt/molsculpt/platform/sample"
)

// writeSummaries prints a table, one row per campaign; wish names the share
// column, "" for none. Min ESS is the smallest share of a population that was
// effective on the way.
func writeSummaries(out io.Writer, all []*platform.Summary, wish string) error {
	w := table(out)
	fmt.Fprint(w, "campaign\tcompose\tmolecules\tdistinct")
	for _, o := range all[0].Objectives {
		fmt.Fprintf(w, "\tmean %s", o.Name)
	}
	if wish != "" {
		fmt.Fprintf(w, "\t%s", wish)
	}
	fmt.Fprintln(w, "\tESS\tmin ESS\tlog evidence\tacceptance\tper second")
	for _, s := range all {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d", s.Campaign, s.Expression, s.Molecules, s.Distinct)
		for _, o := range s.Objectives {
			fmt.Fprintf(w, "\t%s", plusMinus(o.Mean, 3))
		}
		if wish != "" && s.Share != nil {
			fmt.Fprintf(w, "\t%s", plusMinus(*s.Share, 3))
		}
		fmt.Fprintf(w, "\t%.0f\t%.0f%%\t%s\t%s\t%.0f\n", s.ESS, 100*s.MinESS, plusMinus(s.LogEvidence, 3), acceptance(s.Acceptance), s.PerSecond)
	}
	return w.Flush()
}

// acceptance prints the share that plain rejection would keep, which may be
// small, with two digits of its standard error.
func acceptance(e *sample.Estimate) string {
	if e == nil || math.IsNaN(e.Value) {
		return "-"
	}
	s := strconv.FormatFloat(e.Value, 'g', 3, 64)
	if !math.IsNaN(e.SE) {
		s += " ±" + strconv.FormatFloat(e.SE, 'g', 2, 64)
	}
	return s
}

// plusMinus prints an estimate with its standard error.
func plusMinus(e sample.Estimate, digits int) string {
	if math.IsNaN(e.Value) {
		return "-"
	}
	s := strconv.FormatFloat(e.Value, 'f', digits, 64)
	if strings.Trim(s, "-0.") == "" {
		s = strings.TrimPrefix(s, "-") // a rounded zero has no sign
	}
	if !math.IsNaN(e.SE) {
		s += " ±" + strconv.FormatFloat(e.SE, 'f', digits, 64)
	}
	return s
}
