package main

import (
	"encoding/json"
	"io"
	"text/tabwriter"

	"github.com/molsculpt/molsculpt/store"
	"github.com/molsculpt/molsculpt/store/export"
	"github.com/spf13/cobra"
)

// defaultStore is the store where no --store is given.
const defaultStore = "molsculpt.db"

// storeFlag adds --store to a command.
func storeFlag(c *cobra.Command, path *string) {
	c.Flags().StringVar(path, "store", defaultStore, "file that campaigns are kept in")
}

// readStore opens an existing store for reading.
func readStore(path string) (*store.Store, error) {
	return store.Open(path, store.Options{ReadOnly: true})
}

// readCampaign opens an existing store for reading, and a campaign in it. The
// caller closes the store.
func readCampaign(path, name string) (*store.Store, *store.Campaign, error) {
	s, err := readStore(path)
	if err != nil {
		return nil, nil, err
	}
	c, err := s.Campaign(name)
	if err != nil {
		s.Close()
		return nil, nil, err
	}
	return s, c, nil
}

func (a *app) listCommand() *cobra.Command {
	var path string
	var asJSON bool
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the campaigns of a store",
		Example: "  molsculpt list\n  molsculpt list --store molsculpt-demo/molsculpt.db --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := readStore(path)
			if err != nil {
				return err
			}
			defer s.Close()
			list, err := export.Summaries(cmd.Context(), s)
			if err != nil {
				return err
			}
			if asJSON {
				if list == nil {
					list = []export.Summary{}
				}
				return writeJSON(a.Out, list)
			}
			return export.SummaryTable(list).Write(a.Out)
		},
	}
	storeFlag(c, &path)
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// table writes columns apart by two spaces.
func table(w io.Writer) *tabwriter.Writer { return tabwriter.NewWriter(w, 0, 0, 2, ' ', 0) }

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
