package platform

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/rewards"
)

// scorer is the function of a plugin that a model was trained for: nil where the
// card's reward is built in. The plugin's weights are those of files that have the
// sum that the card names.
func (r CardReward) scorer(cat *catalog.Catalog, dir string, files []string) (*scorer, error) {
	if r.Plugin == "" {
		return nil, nil
	}
	line, options, _ := strings.Cut(r.Plugin, " {")
	o := config.Objective{Reward: config.Text{Value: r.Function}}
	if options != "" {
		o.Options.JSON = []byte("{" + options)
	}
	words := strings.Fields(line)
	o.Plugin.Value = words[0]
	var sum string
	if at := slices.Index(words, "weights"); at > 0 && at+1 < len(words) && words[at+1] != "plugin" {
		sum = words[at+1]
	}
	for _, file := range files {
		w, err := cat.Load(file, ".")
		if err != nil {
			return nil, err
		}
		if w.SHA256 == sum {
			path, err := filepath.Abs(file)
			if err != nil {
				return nil, fmt.Errorf("find %s: %w", file, err)
			}
			o.Weights.Value = path
		}
	}
	if sum != "" && o.Weights.Value == "" {
		return nil, fmt.Errorf("the card's reward is %s of the plugin %s with weights whose sha256 begins with %.12s, which are not at hand", r.Function, words[0], sum)
	}
	s, err := newScorer(o, cat, dir)
	if err != nil {
		return nil, err
	}
	if got := strings.TrimSpace(fmt.Sprintf("%s %s %s", words[0], s.identity(), o.Options.JSON)); got != r.Plugin {
		return nil, fmt.Errorf("the card's reward is that of %s; here it would be that of %s", r.Plugin, got)
	}
	return s, nil
}

// startReward starts the plugin of a model's reward, where there is one.
func (m *fitModel) startReward(ctx context.Context, o *FitOptions) error {
	err := startScorers(ctx, []rewards.Objective{m.objective}, o.Log)
	var placed *config.Error
	if errors.As(err, &placed) { // a card has no lines to point at
		return fmt.Errorf("model %s: %s", m.ref, placed.Msg)
	}
	if err == nil {
		m.scoring = true
	}
	return err
}
