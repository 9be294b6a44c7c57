package main

import (
	"strconv"

	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/spf13/cobra"
)

// allowFlags say which molecules are wanted.
type allowFlags struct {
	scaffold       string
	forbid, smarts []string
	least, most    int // fragments
}

const allowHelp = `--scaffold, --forbid, --forbid-smarts, --min-fragments and --max-fragments leave
only some molecules: those whose fragments contain the scaffold's, joined in the
same way, those without some fragments, those of a size. What the others would
have got is not handed to their neighbours, step by step: weights make the rest
the composition it was, restricted.`

func (f *allowFlags) register(c *cobra.Command) {
	c.Flags().StringVar(&f.scaffold, "scaffold", "", "SMILES of what every molecule contains, in whole fragments")
	c.Flags().StringArrayVar(&f.forbid, "forbid", nil, "SMILES of a fragment that may not occur; may be given several times")
	c.Flags().StringArrayVar(&f.smarts, "forbid-smarts", nil, "pattern of fragments that may not occur; may be given several times")
	c.Flags().IntVar(&f.least, "min-fragments", 0, "fragments of a molecule at least")
	c.Flags().IntVar(&f.most, "max-fragments", 0, "fragments of a molecule at most (default the space's, 9 of bundled models)")
}

// apply puts what was given into a campaign, in place of what its file says of it.
func (f *allowFlags) apply(c *cobra.Command, to *config.Allow) error {
	given := func(name string) bool { return c.Flags().Changed(name) }
	if given("scaffold") {
		to.Scaffold = config.Literal("--scaffold", f.scaffold)
	}
	if given("forbid") || given("forbid-smarts") {
		to.Forbid = nil
		for _, text := range f.forbid {
			to.Forbid = append(to.Forbid, config.Forbidden{Text: config.Literal("--forbid", text)})
		}
		for _, text := range f.smarts {
			to.Forbid = append(to.Forbid, config.Forbidden{Text: config.Literal("--forbid-smarts", text), SMARTS: true})
		}
	}
	for _, bound := range []struct {
		name string
		n    int
		to   *int
	}{{"min-fragments", f.least, &to.Min}, {"max-fragments", f.most, &to.Max}} {
		if !given(bound.name) {
			continue
		}
		if bound.n < 1 || bound.n > config.MaxFragments {
			return usagef("--%s is %d; it must be between 1 and %d", bound.name, bound.n, config.MaxFragments)
		}
		*bound.to, to.Size = bound.n, config.Literal("--"+bound.name, strconv.Itoa(bound.n)).Mark
	}
	return nil
}
