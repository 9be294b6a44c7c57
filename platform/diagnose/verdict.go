package diagnose

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/molsculpt/molsculpt/platform/sample"
)

// Trust is how far samples can be relied on.
type Trust string

// Degrees of trust.
const (
	Yes      Trust = "yes"
	WithCare Trust = "with care"
	No       Trust = "no"
)

// Verdict is the answer to the question that a report is read for.
type Verdict struct {
	Trust Trust  `json:"trust"`
	Text  string `json:"text"` // one sentence
}

// Limits of the figures that a verdict rests on. They are conventions: a mean of
// 100 independent values has a tenth of their spread as its error, of 20 a fifth.
const (
	fewSamples  = 100  // effective, below which to take care
	tooFew      = 20   // below which not to trust
	heavy       = .25  // share of all weight in one population, above which to take care
	tooHeavy    = .5   // above which not to trust
	wideError   = .3   // of the log-evidence: a factor of 1.35
	tooWide     = 1.   // a factor of 2.7
	unlikely    = .01  // p-value of a check
	tooUnlikely = 1e-4 // the same, beyond doubt
	unbalanced  = 1.   // nats by which a model's own paths disagree about a molecule
)

// Judge says in one sentence whether the samples of a run can be trusted to be
// those of its composition, and what to do if not.
func Judge(r *Report) Verdict {
	switch {
	case r.Samples == 0:
		return Verdict{No, "Do not trust it: no sample has any weight; compose models that overlap, or give it more molecules."}
	case r.Method == sample.Guided.String():
		return Verdict{No, "Do not trust it: the method guided follows its guide and leaves the weights out, so these are samples of the guide, not of the composition; use method: smc, with the same guide."}
	case !r.Exact:
		return Verdict{No, fmt.Sprintf("Do not trust it: the method %s leaves the weights out, so these are not samples of the composition; use method: smc.", r.Method)}
	}
	var grave, slight []string
	note := func(bad, worse bool, text string) {
		switch {
		case worse:
			grave = append(grave, text)
		case bad:
			slight = append(slight, text)
		}
	}
	note(r.ESS < fewSamples, r.ESS < tooFew, fmt.Sprintf("the samples count as %s independent ones", count(r.ESS)))
	if r.Weights.Populations > 1 {
		note(r.Weights.Largest > heavy, r.Weights.Largest > tooHeavy, fmt.Sprintf("one population has %.0f %% of all weight", 100*r.Weights.Largest))
		se := r.LogEvidence.SE
		note(se > wideError, se > tooWide, fmt.Sprintf("the evidence is known to a factor of %.2g only", math.Exp(se)))
	}
	remedy := r.moreSamples()
	if c := r.Checks; c != nil {
		if a := c.Agrees; a != nil {
			note(a.P < unlikely, a.P < tooUnlikely, fmt.Sprintf("its scores differ from those of an independent reference (p = %.2g)", a.P))
			note(a.EvidenceP < unlikely, a.EvidenceP < tooUnlikely, fmt.Sprintf("its evidence differs from that of an independent reference (p = %.2g)", a.EvidenceP))
		}
		for _, m := range c.Models {
			if m.Path.SD > unbalanced {
				slight = append(slight, fmt.Sprintf("the model %s is of two minds about a molecule by %.1f nats, depending on the path", m.Name, m.Path.SD))
				if len(slight) == 1 && len(grave) == 0 {
					remedy = "train " + m.Name + " for longer, since the composition is that of the models as they are"
				}
			}
		}
	}
	switch {
	case len(grave) > 0:
		return Verdict{No, "Do not trust it: " + join(append(grave, slight...)) + "; " + remedy + "."}
	case r.Weights.Populations < 2:
		return Verdict{WithCare, "Trust it with care: " + join(append([]string{"one population alone has no error to tell"}, slight...)) + "; make more populations: more molecules, or fewer particles."}
	case len(slight) > 0:
		return Verdict{WithCare, "Trust it with care: " + join(slight) + "; " + remedy + "."}
	}
	text := fmt.Sprintf("Trust it: averages over these samples are those of the composition, as good as from %s independent ones", count(r.ESS))
	if c := r.Checks; c != nil && c.Agrees != nil {
		text += ", and an independent reference agrees"
	}
	return Verdict{Yes, text + "."}
}

// moreSamples is the remedy for poor weights: which number to raise.
func (r *Report) moreSamples() string {
	w := &r.Weights
	if r.Method == sample.Importance.String() {
		return fmt.Sprintf("use method: annealed, or sample more (about %d molecules)", r.enough())
	}
	if len(w.Steps) > 0 && w.MinESS < .1 {
		larger := fmt.Sprintf("larger populations (particles: %d), or a composition that asks for less", 4*w.Drawn/w.Populations)
		if r.Method == sample.SMC.String() {
			// A ladder is for populations in which few particles have the weight.
			return "use method: annealed, " + larger
		}
		return "use " + larger
	}
	return fmt.Sprintf("sample more (about %d molecules)", r.enough())
}

// enough is a number of samples at which the effective ones would be plenty,
// with two significant digits.
func (r *Report) enough() int {
	n := float64(r.Samples) * math.Max(2, 2*fewSamples/math.Max(r.ESS, 1))
	unit := math.Pow(10, math.Floor(math.Log10(n))-1)
	return int(math.Ceil(n/unit) * unit)
}

func count(x float64) string { return strconv.FormatFloat(math.Max(1, x), 'f', 0, 64) }

// join lists faults: a, b and c.
func join(list []string) string {
	n := len(list) - 1
	if n == 0 {
		return list[0]
	}
	return strings.Join(list[:n], ", ") + " and " + list[n]
}
