package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/molsculpt/molsculpt/chem/fragment"
	"github.com/molsculpt/molsculpt/chem/smiles"
	"github.com/molsculpt/molsculpt/platform"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/sdk/space"
	"github.com/molsculpt/molsculpt/store"
	"github.com/molsculpt/molsculpt/store/export"
)

// candidateReport is what show --json prints of one candidate.
type candidateReport struct {
	export.JSONRow
	Of          int                     `json:"of"` // how many candidates are ranked
	Expression  string                  `json:"expression"`
	Occurrences []store.Occurrence      `json:"occurrences"`
	Path        []string                `json:"path"`                   // molecules on the way of the first occurrence, null without the vocabulary
	PathMissing string                  `json:"path_missing,omitempty"` // why there is no path
	LogP        []modelLogP             `json:"log_p"`
	LogPB       store.Number            `json:"log_p_b"`
	States      [][]byte                `json:"states"` // base64
	Made        store.PopulationSummary `json:"made_in"`
	Plan        store.Plan              `json:"plan"`
}

// modelLogP is what a model thought of the path.
type modelLogP struct {
	Model string       `json:"model"`
	LogP  store.Number `json:"log_p"`
}

// report puts a candidate's details and its path together.
func report(d *export.Detail, path []string, missing error) candidateReport {
	r := candidateReport{
		JSONRow: d.Row.JSON(d.Plan), Of: d.Of, Expression: d.Plan.Expression, Occurrences: d.Occurrences,
		Path: path, LogP: []modelLogP{}, LogPB: store.Number(d.Trajectory.LogPB),
		States: d.Trajectory.States, Made: d.Population, Plan: d.Plan,
	}
	if missing != nil {
		r.PathMissing = missing.Error()
	}
	for i, l := range d.Trajectory.LogP {
		name := fmt.Sprintf("model %d", i+1)
		if i < len(d.Plan.Models) {
			name = d.Plan.Models[i].Name
		}
		r.LogP = append(r.LogP, modelLogP{name, store.Number(l)})
	}
	return r
}

// writePath prints the molecules on the way to a candidate, one per line.
func writePath(w io.Writer, path []string, missing error) error {
	if missing != nil {
		_, err := fmt.Fprintf(w, "%-12s not shown: %v\n", "path", missing)
		return err
	}
	for i, s := range path {
		name := ""
		if i == 0 {
			name = "path"
		}
		if _, err := fmt.Fprintf(w, "%-12s %2d  %s\n", name, i+1, s); err != nil {
			return err
		}
	}
	return nil
}

// moleculesOf assembles the states of a trajectory that hold a fragment, in
// order: what the molecule was after each step. A state that is no molecule is
// told in parentheses.
func moleculesOf(trees *fragment.Trees, t store.Trajectory) ([]string, error) {
	path := []string{}
	for i, s := range t.States {
		if len(s) == 0 {
			continue
		}
		if err := trees.Validate(fragment.Tree(s)); err != nil {
			return nil, fmt.Errorf("state %d: %w", i, err)
		}
		m, err := trees.Assemble(fragment.Tree(s))
		if err != nil {
			path = append(path, fmt.Sprintf("(%v)", err))
			continue
		}
		path = append(path, smiles.Canonical(m))
	}
	return path, nil
}

// treesOf finds the vocabulary of a stored campaign: the given file, or the
// built-in one, or the one that the campaign's file names, looked for in the
// current folder and in the store's. The digest of the space says which is the
// right one.
func treesOf(plan store.Plan, given, storePath string) (*fragment.Trees, error) {
	refs := []string{given}
	if given == "" {
		refs = []string{"builtin"}
		if c, err := config.ParseCampaign("campaign", []byte(plan.File)); err == nil {
			name := c.Space.Vocabulary.Value
			refs = append(refs, name)
			if name != "builtin" && !filepath.IsAbs(name) {
				refs = append(refs, filepath.Join(filepath.Dir(storePath), name))
			}
		}
	}
	var first error
	for _, ref := range refs {
		v, err := platform.OpenVocabulary(ref, func(p string) string { return p })
		if err != nil {
			first = err
			continue
		}
		sp, err := space.NewFragments(v, plan.Space.MaxSize)
		if err == nil && sp.Descriptor().Digest == plan.Space.Digest {
			return sp.Trees(), nil
		}
	}
	if given != "" {
		if first != nil {
			return nil, first
		}
		return nil, fmt.Errorf("%s is not the vocabulary of campaign %s", given, plan.Name)
	}
	return nil, errors.New("the campaign's vocabulary was not found; name it with --vocab FILE")
}
