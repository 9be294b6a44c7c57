package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/molsculpt/molsculpt/platform"
	"github.com/molsculpt/molsculpt/platform/diagnose"
)

// writeDiagnostics prints whether to trust a run, and the figures that say so.
func writeDiagnostics(out io.Writer, r *platform.Diagnostics) error {
	var b strings.Builder
	line := func(key, format string, args ...any) { b.WriteString(wrapped(key, fmt.Sprintf(format, args...))) }
	line("trust", "%s", r.Verdict.Text)
	if r.Chosen != "" {
		line("method", "%s", r.Chosen)
	}
	if len(r.Scaffold) > 0 {
		line("scaffold", "%s", visits(r.Scaffold))
	}
	w := &r.Weights
	if a := r.ChainAcceptance; a != nil {
		line("chain", "the samples are draws of a chain, without weights, one for each of %d populations; it accepted %.0f %% of them, the others repeat the draw before",
			w.Populations, 100**a)
	}
	line("samples", "%d count as %.0f (%.0f %%); the heaviest of %d populations has %.0f %% of all weight",
		r.Samples, r.ESS, 100*r.ESS/math.Max(1, float64(r.Samples)), w.Populations, 100*w.Largest)
	if w.Residual.Count > 0 {
		worst := 0
		for i, s := range w.Steps {
			if s.SD > w.Steps[worst].SD {
				worst = i
			}
		}
		line("steps", "a step changes a log-weight by %.3f ±%.3f nats, most by step %d, ±%.3f; a perfect guide would by 0",
			w.Residual.Mean, w.Residual.SD, worst+1, w.Steps[worst].SD)
		line("populations", "%.1f resamplings each, after which %.1f of %.0f beginnings are left; from the target the steps alone are %.3g nats away (KL; chi-square %.3g)",
			w.Resamplings, w.Ancestors, float64(w.Drawn)/math.Max(1, float64(w.Populations)), w.KL, w.ChiSquare)
	}
	if r.Checks != nil {
		writeChecks(line, r.Checks)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// visits says in words how likely the models come to the scaffold.
func visits(all []platform.ScaffoldVisits) string {
	parts := make([]string, len(all))
	for i, v := range all {
		parts[i] = fmt.Sprintf("%s comes to it with a probability of %s", v.Model, probability(float64(v.LogP)))
	}
	return "building from nothing, " + strings.Join(parts, ", ") + "; exact, over all orders of its fragments"
}

// probability is a probability in words, from its logarithm.
func probability(logP float64) string {
	if logP < -300 && !math.IsInf(logP, -1) {
		return fmt.Sprintf("10^%.0f", logP/math.Ln10)
	}
	return fmt.Sprintf("%.3g", math.Exp(logP))
}

// writeChecks prints what a check found.
func writeChecks(line func(key, format string, args ...any), c *diagnose.Checks) {
	reference := fmt.Sprintf("%d paths of the models themselves count as %.0f samples of the composition", c.Draws, c.DrawsESS)
	if i := c.Independent; i != nil {
		reference += fmt.Sprintf(", too few; %d draws of the composition, each by itself, count as %.0f", i.Draws, i.ESS)
	}
	if a := c.Agrees; a == nil {
		line("reference", "%s: too few to contradict the run or to confirm it", reference)
	} else {
		line("reference", "%s; log evidence %.3f ±%.3f (p = %.2g); scores differ with p = %.2g of %d comparisons",
			reference, a.LogEvidence, a.LogEvidenceSE, a.EvidenceP, a.P, len(a.Differences))
		for _, d := range a.Differences {
			if d.P < .05 {
				line("", "%s: %.4g ±%.2g in the run, %.4g ±%.2g in the reference", d.What, d.A, d.ASE, d.B, d.BSE)
			}
		}
	}
	if d := c.Distance; d != nil {
		far := []string{fmt.Sprintf("two halves of the run are %.2f apart, which is the floor", d.Floor)}
		if d.Reference != nil {
			far = append(far, fmt.Sprintf("from the reference it is %.2f", *d.Reference))
		}
		for _, m := range d.Models {
			far = append(far, fmt.Sprintf("from %s alone %.2f", m.Name, m.EMD))
		}
		line("distance", "%s (earth mover's, %d molecules a side)", strings.Join(far, "; "), d.Size)
	}
	for _, m := range c.Models {
		text := fmt.Sprintf("log p by the path taken and by %d backward paths differ by ±%.2f nats", m.Paths, m.Path.SD)
		if m.Ratio.SD > 0 {
			text += fmt.Sprintf(", its ratio to %s by ±%.2f", c.Models[0].Name, m.Ratio.SD)
		}
		if m.Reward != nil {
			text += fmt.Sprintf("; it follows its reward with slope %.2f, correlation %.3f, ±%.2f nats", m.Reward.Slope, m.Reward.Correlation, m.Reward.SD)
		}
		line("model "+m.Name, "%s", text)
	}
	line("calibration", "which model made a path is told with an error of %.4f (ECE; %.4f would be chance), Brier score %.3f, log-loss %.3f",
		c.Calibration.ECE, c.Calibration.ECESE, c.Calibration.Brier, c.Calibration.LogLoss)
	if g := c.Guide; g != nil {
		line("guide", "%s; its error at states is %.4f (ECE; %.4f would be chance), Brier score %.3f, log-loss %.3f",
			g.Sentence(), g.Calibration.ECE, g.Calibration.ECESE, g.Calibration.Brier, g.Calibration.LogLoss)
	}
}

// wrapped is a text behind its key, in lines of at most 100 characters.
func wrapped(key, text string) string {
	const indent, width = 17, 100
	var out strings.Builder
	column := max(indent, utf8.RuneCountInString(key)+1)
	out.WriteString(key + strings.Repeat(" ", column-utf8.RuneCountInString(key)))
	for i, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		if i > 0 && column+1+n > width {
			out.WriteString("\n" + strings.Repeat(" ", indent))
			column = indent
		} else if i > 0 {
			out.WriteByte(' ')
			column++
		}
		out.WriteString(word)
		column += n
	}
	return out.String() + "\n"
}
