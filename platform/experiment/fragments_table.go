package experiment

import (
	"fmt"
	"math"
	"strings"

	"github.com/molsculpt/molsculpt/platform/experiment/report"
	"github.com/molsculpt/molsculpt/platform/sample"
)

// thin is the effective sample size below which a reference says little.
const thin = 30

// tells reports whether enough of a sample's molecules count.
func (s *fragmentSample) tells() bool { return s.ESS() >= thin }

// tooThin reports whether a method's sample is one of the exact references, with
// too few molecules that count.
func (s *fragmentSet) tooThin(m fragmentMethod) bool {
	return (m.Of == s.Reference || m.Of == s.Importance) && !m.Of.tells()
}

// modelTable says how well the base models learned.
func (f *fragmentFindings) modelTable() *report.Table {
	t := &report.Table{
		Caption: "The base models. Correlation and slope are those of log p(x), by backward paths, against β log R(x) over fresh molecules, half of them the model's own; the residual is the standard deviation of the trajectory balance on own samples, 0 for a perfect model. All of a model's samples are valid molecules, by construction.",
		Columns: []report.Column{
			{Name: "β", Words: true},
			{Name: "correlation"},
			{Name: "slope"},
			{Name: "residual", Note: "nats"},
			{Name: "mean reward", Note: "own samples"},
			{Name: "fragments", Note: "mean"},
			{Name: "clipped", Note: "%"},
		},
		Notes: []report.Text{"*Clipped* is the share of own samples whose β log R lies below the floor of the training, −75, as in the paper's code, or whose reward lies below 0.001: there the target is flat."},
	}
	for i, fit := range f.Fits {
		t.Rows = append(t.Rows, report.Row{Heading: report.Text(f.Yardstick[i].Label + ": " + string(f.Yardstick[i].About))})
		for _, b := range fit.ByBeta {
			at := fit.at(b.Beta)
			cells := []report.Cell{report.Number(b.Beta, 0), {}, {}, report.Number(b.TB, 2), report.Estimate(b.Reward, b.RewardSE, 3), report.Number(b.Fragments, 2), report.Number(100*b.Clipped, 1)}
			if at.Beta != 0 {
				cells[1], cells[2] = report.Number(at.All.Correlation, 3), report.Number(at.All.Slope, 3)
			}
			t.Rows = append(t.Rows, report.Row{Cells: cells})
		}
	}
	return t
}

// arrows are a bin of high and low rewards.
func arrows(bin, models int) string {
	var b strings.Builder
	for k := range models {
		if bin>>k&1 == 1 {
			b.WriteString("↑")
		} else {
			b.WriteString("↓")
		}
	}
	return b.String()
}

// wanted is the bin that a set asks for: the observed rewards high, the others
// low; false for a mixture.
func (s *fragmentSet) wanted() (int, bool) {
	bin := 0
	for _, k := range s.Observed {
		bin |= 1 << k
	}
	return bin, s.Observed != nil
}

// fragmentMethod is a sample with the name of its method.
type fragmentMethod struct {
	Name string
	Of   *fragmentSample
}

// methods are a set's samples with their names, those that there are.
func (s *fragmentSet) methods() []fragmentMethod {
	var out []fragmentMethod
	if s.SMC == nil {
		out = append(out, fragmentMethod{s.methodOfMain(), s.Main})
	}
	again := fragmentMethod{s.methodOfMain() + ", other seed", nil}
	if s.SMC != nil {
		again.Of = s.Again
	}
	for _, m := range []fragmentMethod{{"exact, from the mixture", s.Reference}, {"exact, independent draws", s.Importance}, {"SMC", s.SMC}, {"annealed SMC", s.Annealed}, {"rejection", s.Rejection}, again, {"mixing", s.Unweighted}, {"guidance", s.Guided}} {
		if m.Of != nil {
			out = append(out, m)
		}
	}
	return out
}

// methodOfMain is how the set's main sample was drawn.
func (s *fragmentSet) methodOfMain() string {
	switch s.Main {
	case s.Rejection:
		return "rejection"
	case s.Annealed:
		return "annealed SMC"
	case s.SMC:
		return "SMC"
	}
	return "path by path"
}

// binTable are the shares of molecules by which rewards are high.
func (f *fragmentFindings) binTable(p *fragmentPart) *report.Table {
	m := len(f.Yardstick)
	var thresholds []string
	for _, y := range f.Yardstick {
		thresholds = append(thresholds, fmt.Sprintf("%s %g", y.Label, y.High))
	}
	t := &report.Table{
		Caption: report.Text(fmt.Sprintf("Shares of molecules, in percent with standard errors, by which rewards are high: an arrow each for %s, high from %s on. What a composition asks for is bold. At %s.",
			strings.Join(f.labels(), ", "), strings.Join(thresholds, ", "), p.Title)),
		Columns: []report.Column{{Name: "method", Words: true}, {Name: "n", Note: "effective"}},
		Notes: []report.Text{
			"*exact, from the mixture*: molecules of the models' mixture, with the importance weights that make it the composition; it owes nothing to how the others sample. *exact, independent draws*, where too few of the mixture count: draws by annealed steps, each with its own importance weight and without resampling. Both have random numbers of their own, and nothing is said where less than 30 molecules count. *SMC*: path posterior and weights; *annealed*: SMC on a ladder of temperatures, for those of several models, whose populations differ less. *rejection*: where it keeps a quarter of its draws. *mixing*: the same steps without weights (routing by reaching). *guidance*: the policy of Garipov et al., by a classifier trained here.",
		},
	}
	for bin := range 1 << m {
		t.Columns = append(t.Columns, report.Column{Name: arrows(bin, m)})
	}
	for _, sets := range [][]fragmentSet{p.Models, p.Sets} {
		for i := range sets {
			s := &sets[i]
			t.Rows = append(t.Rows, report.Row{Heading: s.heading()})
			for _, method := range s.methods() {
				cells := []report.Cell{{Text: report.Text(method.Name)}, report.Count(int(math.Round(method.Of.ESS())))}
				for bin := range 1 << m {
					e := method.Of.share(func(i int) bool { return method.Of.bin(i, f.Yardstick) == bin })
					c := report.Percent(e.Value, e.SE, 1)
					if s.tooThin(method) {
						c = report.Number(math.NaN(), 0)
					}
					if want, ok := s.wanted(); ok && bin == want {
						c.Strong = true
					}
					cells = append(cells, c)
				}
				t.Rows = append(t.Rows, report.Row{Cells: cells})
			}
		}
	}
	return t
}

// heading is a set's label with its expression.
func (s *fragmentSet) heading() report.Text {
	return report.Text(s.Label + ": `" + s.Text + "`")
}

// costTable says how well and how fast sets were sampled.
func (f *fragmentFindings) costTable(p *fragmentPart) *report.Table {
	t := &report.Table{
		Caption: report.Text(fmt.Sprintf("How %s molecules of each composition were sampled at %s.", report.Count(p.Molecules).Text, p.Title)),
		Columns: []report.Column{
			{Name: "composition", Words: true},
			{Name: "log evidence"},
			{Name: "exact"},
			{Name: "kept", Note: "%"},
			{Name: "ESS", Note: "%"},
			{Name: "least", Note: "%"},
			{Name: "distinct", Note: "%"},
			{Name: "diversity"},
			{Name: "chosen", Note: "ms"},
			{Name: "mixing", Note: "ms"},
			{Name: "guidance", Note: "ms"},
		},
		Notes: []report.Text{
			"The evidence is estimated by the method that is chosen (rejection where that keeps a quarter of its draws, annealed SMC where several models are to be likely, else SMC) and, *exact*, by importance, from the mixture or by independent draws. *ESS* is the effective size of the sample, and *least* the smallest of a population on its way. *Kept* is the share of draws of the models that plain rejection would keep, estimated from the evidence. *Diversity* is the mean Tanimoto distance of two molecules (Morgan fingerprints of radius 3, 2,048 bits). Times are those of the runs by each method, a molecule, through the plugin processes, with scoring and storing, on the machine that made this page and with whatever else it did.",
		},
	}
	for _, sets := range [][]fragmentSet{p.Models, p.Sets} {
		for i := range sets {
			s := &sets[i]
			of := s.Main.Of
			ms := func(x *fragmentSample) report.Cell {
				if x == nil {
					return report.Cell{}
				}
				return report.Number(1000/x.Of.PerSecond, 2)
			}
			cells := []report.Cell{
				{Text: report.Text(s.Label)},
				report.Estimate(of.LogEvidence.Value, of.LogEvidence.SE, 2),
				{},
				{},
				report.Number(100*of.ESS/float64(of.Molecules), 0), report.Number(100*of.MinESS, 0),
				report.Number(100*float64(of.Distinct)/float64(of.Molecules), 1), report.Number(s.Diversity, 3),
				ms(s.Main), ms(s.Unweighted), ms(s.Guided),
			}
			if x := s.exact(); x != nil {
				e := x.logEvidence()
				cells[2] = report.Estimate(e.Value, e.SE, 2)
			}
			if of.Acceptance != nil {
				cells[3] = scientific(100 * of.Acceptance.Value)
			}
			t.Rows = append(t.Rows, report.Row{Cells: cells})
		}
	}
	return t
}

// scientific is a number with two significant digits, as a power of ten where it
// is small.
func scientific(x float64) report.Cell {
	if !(x > 0) || x >= .01 {
		return report.Number(x, 2)
	}
	power := int(math.Floor(math.Log10(x)))
	digits := strings.NewReplacer("0", "⁰", "1", "¹", "2", "²", "3", "³", "4", "⁴", "5", "⁵", "6", "⁶", "7", "⁷", "8", "⁸", "9", "⁹", "-", "⁻")
	return report.Cell{Text: report.Text(fmt.Sprintf("%.1f · 10%s", x/math.Pow(10, float64(power)), digits.Replace(fmt.Sprint(power))))}
}

// agreement counts the sets whose share of what they ask for is that of the exact
// reference within two standard errors of the difference, by the method that is
// chosen and by SMC, of those that the reference can tell; those whose reference is
// too thin are apart.
type agreement struct{ Main, SMC, Told, Thin int }

func (f *fragmentFindings) agreement() agreement {
	var a agreement
	for _, p := range f.Parts {
		for i := range p.Sets {
			s := &p.Sets[i]
			if s.Reference == nil {
				continue
			}
			exact := s.hit(s.exact(), f.Yardstick)
			if math.IsNaN(exact.SE) {
				a.Thin++
				continue
			}
			agrees := func(x *fragmentSample) bool {
				own := s.hit(x, f.Yardstick)
				return math.Abs(exact.Value-own.Value) <= 2*math.Hypot(exact.SE, own.SE)
			}
			a.Told++
			if agrees(s.Main) {
				a.Main++
			}
			if agrees(s.SMC) {
				a.SMC++
			}
		}
	}
	return a
}

// hit is a sample's share of what a set asks for; NaN where it asks for nothing.
func (s *fragmentSet) hit(x *fragmentSample, of []yardstick) sample.Estimate {
	want, ok := s.wanted()
	if !ok || x == nil {
		return sample.Estimate{Value: math.NaN(), SE: math.NaN()}
	}
	return x.share(func(i int) bool { return x.bin(i, of) == want })
}
