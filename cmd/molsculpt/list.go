package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/molsculpt/molsculpt/store"
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

func (a *app) listCommand() *cobra.Command {
	var path string
	var asJSON bool
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the campaigns of a store",
		Example: "  molsculpt list\n  molsculpt list --store ./molsculpt-demo/molsculpt.db --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := readStore(path)
			if err != nil {
				return err
			}
			defer s.Close()
			type row struct {
				Name       string       `json:"name"`
				Status     store.Status `json:"status"`
				Compose    string       `json:"compose"`
				Molecules  int          `json:"molecules"`
				Candidates int          `json:"candidates"`
				Updated    time.Time    `json:"updated"`
			}
			rows := []row{}
			for c, err := range s.Campaigns(cmd.Context()) {
				if err != nil {
					return err
				}
				st, err := c.State()
				if err != nil {
					return err
				}
				rows = append(rows, row{c.Name(), st.Status, c.Plan().Expression, st.Trajectories, st.Candidates, st.Clock.Updated})
			}
			if asJSON {
				return writeJSON(a.Out, rows)
			}
			w := table(a.Out)
			fmt.Fprintln(w, "name\tstatus\tcompose\tmolecules\tdistinct\tupdated")
			for _, r := range rows {
				fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%s\n", r.Name, r.Status, r.Compose, r.Molecules, r.Candidates, r.Updated.Local().Format("2006-01-02 15:04"))
			}
			return w.Flush()
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
