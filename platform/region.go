package platform

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/fragment"
	"github.com/molsculpt/molsculpt/chem/smarts"
	"github.com/molsculpt/molsculpt/chem/smiles"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/platform/diagnose"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk/space"
	"github.com/molsculpt/molsculpt/store"
)

// findRegion is the part of the space that a campaign allows, nil where it allows
// everything. With it comes what is allowed in the words of the vocabulary: the
// scaffold as canonical SMILES, the forbidden fragments one by one.
func findRegion(a config.Allow, sp *space.Fragments) (*sample.Region, config.Allow, error) {
	if !a.Given() {
		return nil, a, nil
	}
	allow, resolved := sample.Allow{Min: a.Min, Max: a.Max}, a
	var errs []error
	if a.Scaffold.Value != "" {
		tree, text, err := findScaffold(a.Scaffold, sp)
		allow.Scaffold, resolved.Scaffold.Value = tree, text
		errs = append(errs, err)
	}
	resolved.Forbid = nil
	var from []config.Forbidden // of each fragment, what forbids it
	named := names(sp.Vocabulary())
	for _, f := range a.Forbid {
		list, err := findForbidden(f, sp.Vocabulary(), named)
		errs = append(errs, err)
		for _, i := range list {
			if !slices.Contains(allow.Forbid, i) {
				allow.Forbid, from = append(allow.Forbid, i), append(from, f)
			}
		}
	}
	if err := config.Collect(errs...); err != nil {
		return nil, a, err
	}
	region, err := sample.NewRegion(sp, allow)
	var wrong *sample.AllowError
	if errors.As(err, &wrong) {
		return nil, a, placedAllow(a, from, wrong)
	}
	slices.Sort(allow.Forbid)
	for _, i := range allow.Forbid {
		text := config.Forbidden{Text: config.Text{Value: named[i]}}
		if !slices.Contains(resolved.Forbid, text) { // fragments that differ in their sites only
			resolved.Forbid = append(resolved.Forbid, text)
		}
	}
	return region, resolved, err
}

// placedAllow puts an error of a region to its place in the file.
func placedAllow(a config.Allow, from []config.Forbidden, wrong *sample.AllowError) error {
	switch wrong.Part {
	case sample.AllowScaffold:
		return a.Scaffold.Errorf("%s", wrong.Reason)
	case sample.AllowForbid:
		return from[wrong.Index].Errorf("%s", wrong.Reason)
	default:
		return a.Size.Errorf("%s", wrong.Reason)
	}
}

// findScaffold is the tree of a scaffold and its canonical SMILES.
func findScaffold(text config.Text, sp *space.Fragments) (space.State, string, error) {
	m, err := prepared(text)
	if err != nil {
		return "", "", err
	}
	x, err := sp.Trees().Cut(m)
	if err != nil {
		var cut *fragment.CutError
		reason := err.Error()
		if errors.As(err, &cut) {
			if reason = cut.Reason; cut.Part != "" {
				reason = cut.Part + " is " + cut.Reason
				if strings.HasPrefix(cut.Reason, "fragment") {
					reason = cut.Part + ": " + cut.Reason
				}
			}
		}
		wrong := text.Errorf("the vocabulary cannot express the scaffold: %s", reason)
		wrong.Hint = "a scaffold of whole fragments; molsculpt vocab show lists them, and molsculpt vocab build makes a vocabulary of your compounds"
		return "", "", wrong
	}
	return space.State(x), smiles.Canonical(m), nil
}

// prepared is a molecule of a campaign file as vocabularies have them: neutral,
// without stereo.
func prepared(text config.Text) (*chem.Mol, error) {
	m, err := smiles.Parse(text.Value)
	var syntax *smiles.SyntaxError
	if errors.As(err, &syntax) {
		return nil, text.At(syntax.Offset).Errorf("not a SMILES: %s", syntax.Message)
	}
	if err == nil {
		m, err = chem.Neutralize(m)
	}
	if err != nil {
		return nil, text.Errorf("%q is no molecule: %v", text.Value, err)
	}
	return chem.StripStereo(m), nil
}

// names are the canonical SMILES of the fragments of a vocabulary.
func names(v *fragment.Vocabulary) []string {
	out := make([]string, v.Len())
	for i := range out {
		out[i] = smiles.Canonical(v.Fragment(i).Mol)
	}
	return out
}

// findForbidden lists the fragments that an entry of forbid means, at least one.
func findForbidden(f config.Forbidden, v *fragment.Vocabulary, named []string) ([]int, error) {
	var means func(i int) bool
	if f.SMARTS {
		pattern, err := smarts.Compile(f.Value)
		var syntax *smarts.SyntaxError
		if errors.As(err, &syntax) {
			return nil, f.At(syntax.Offset).Errorf("not a SMARTS: %s", syntax.Reason)
		}
		if err != nil {
			return nil, f.Errorf("%v", err)
		}
		means = func(i int) bool { return pattern.Matches(v.Fragment(i).Mol) }
	} else {
		m, err := prepared(f.Text)
		if err != nil {
			return nil, err
		}
		name := smiles.Canonical(m)
		means = func(i int) bool { return named[i] == name }
	}
	var list []int
	for i := range v.Len() {
		if means(i) {
			list = append(list, i)
		}
	}
	if list != nil {
		return list, nil
	}
	if f.SMARTS {
		return nil, f.Errorf("no fragment of the vocabulary matches %s", f.Value)
	}
	wrong := f.Errorf("%s is no fragment of the vocabulary, so it cannot be forbidden", f.Value)
	wrong.Hint = "a whole fragment, which molsculpt vocab show lists, or {smarts: PATTERN} for all fragments with a pattern in them"
	return nil, wrong
}

// logVisitsBy begins the names of the settings that [visits] makes.
const logVisitsBy = "log visits of the scaffold by "

// visits are the log-probabilities with which a plan's models come to its
// scaffold, as settings of the stored plan; nil without a scaffold.
func visits(ctx context.Context, p *Plan, m *models) ([]store.Setting, error) {
	if p.Region == nil || p.Campaign.Allow.Scaffold.Value == "" {
		return nil, nil
	}
	logs, err := p.Region.LogVisits(ctx, m.policies)
	if err != nil {
		return nil, err
	}
	out := make([]store.Setting, len(logs))
	for i, l := range logs {
		out[i] = store.Setting{Name: logVisitsBy + p.Models[i].Name, Value: formatNumber(l)}
	}
	return out, nil
}

// restrict takes out of a reference what a region does not allow.
func restrict(r *diagnose.Rollouts, region *sample.Region) {
	if region == nil {
		return
	}
	for i := range r.Paths {
		if !region.Allows(r.Paths[i].Final()) {
			r.LogWeight[i] = math.Inf(-1)
		}
	}
}
