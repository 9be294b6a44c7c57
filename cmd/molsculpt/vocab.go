package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"strings"

	"github.com/molsculpt/molsculpt/chem/fragment"
	"github.com/molsculpt/molsculpt/platform"
	"github.com/spf13/cobra"
)

func (a *app) vocabCommand() *cobra.Command {
	return parent("vocab", "Fragment vocabularies: what molecules are built of", a.vocabBuildCommand(), a.vocabShowCommand())
}

func (a *app) vocabBuildCommand() *cobra.Command {
	var out, name string
	var opt fragment.BuildOptions
	c := &cobra.Command{
		Use:   "build FILE...",
		Short: "Count a vocabulary from your own compounds",
		Long: `Reads one SMILES per line from each file (.gz is unpacked), neutralises the
molecules, cuts every single bond outside rings that has a ring atom at one end,
and keeps the fragments that together rebuild most of the molecules. The file
records for each fragment where bonds may be made and how often it was seen.`,
		Example: "  molsculpt vocab build ours.smi --out ours.json --size 200",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, name := range []string{"size", "max-atoms", "max-fragments", "min-site"} {
				if v, err := cmd.Flags().GetInt(name); err != nil || v < 1 {
					return usagef("--%s is %d; it must be 1 or more", name, v)
				}
			}
			bar := a.progress("molecules", 0)
			defer bar.close()
			opt.Progress = func(n int) { bar.set(int64(n), "") }
			b := fragment.NewBuilder(opt)
			var sources []string
			for _, f := range args {
				sources = append(sources, filepath.Base(f))
			}
			if err := b.Count(cmd.Context(), a.smilesLines(args)); err != nil {
				return err
			}
			bar.close()
			source := strings.Join(sources, ", ")
			v, rebuilt, err := b.Vocabulary(name, source)
			if err != nil {
				return err
			}
			data := v.Marshal()
			write := func(w io.Writer) error { _, err := w.Write(data); return err }
			replaced := false
			if out == "-" {
				err = write(a.Out)
			} else {
				replaced, err = replaceFile(out, write)
			}
			if err != nil {
				return fmt.Errorf("write vocabulary: %w", err)
			}
			switch {
			case replaced:
				a.say("replaced %s", out)
			case out != "-":
				a.say("wrote %s", out)
			}
			n := b.Counted()
			a.say("%d lines, %d not molecules; %d kinds of fragments; %d kept, which rebuild %d of %d molecules (%s)",
				n.Lines, n.Unread, n.Kinds, v.Len(), rebuilt, n.Molecules, percent(rebuilt, n.Molecules))
			a.say("digest %s", v.Digest())
			return nil
		},
	}
	c.Flags().StringVarP(&out, "out", "o", "vocabulary.json", "file to write, - for standard output")
	c.Flags().StringVar(&name, "name", "ours", "name of the vocabulary, for people")
	c.Flags().IntVar(&opt.Size, "size", 256, "fragments to keep")
	c.Flags().IntVar(&opt.MaxAtoms, "max-atoms", 16, "heavy atoms of a fragment at most")
	c.Flags().IntVar(&opt.MaxFragments, "max-fragments", 9, "molecules of more fragments do not count")
	c.Flags().IntVar(&opt.MinSite, "min-site", 1, "how often an atom must be seen with so many bonds to get so many sites")
	c.Flags().BoolVar(&opt.ByFrequency, "by-frequency", false, "keep the most frequent fragments instead of those that rebuild most")
	return c
}

// vocabularyReport is what vocab show prints.
type vocabularyReport struct {
	Name      string             `json:"name"`
	Source    string             `json:"source"`
	Rule      fragment.Rule      `json:"rule"`
	OneToOne  bool               `json:"one_to_one"`
	Fragments int                `json:"fragments"`
	Columns   int                `json:"columns"`
	Digest    string             `json:"digest"`
	Coverage  *fragment.Coverage `json:"coverage,omitempty"`
}

func (a *app) vocabShowCommand() *cobra.Command {
	var sets []string
	var maxFragments, list int
	var asJSON bool
	c := &cobra.Command{
		Use:   "show FILE|builtin",
		Short: "Show a vocabulary, and what share of your compounds it can rebuild",
		Long: `Shows a vocabulary. With --set it reads compounds (one SMILES per line) and tells
what share of them the vocabulary can rebuild and what stops the others. Where a
molecule can be built in several ways, it tells how many molecules that concerns
and how many further ways there are per molecule.`,
		Example: "  molsculpt vocab show builtin --set ours.smi\n  molsculpt vocab show ours.json --list 20",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if list < 0 {
				return usagef("--list is %d; it must be 0 or more", list)
			}
			v, err := platform.OpenVocabulary(args[0], func(p string) string { return p })
			if err != nil {
				return err
			}
			r := vocabularyReport{
				Name: v.Name(), Source: v.Source(), Rule: v.Rule(), OneToOne: v.Rule().OneToOne(),
				Fragments: v.Len(), Columns: v.Columns(), Digest: v.Digest(),
			}
			if len(sets) > 0 {
				trees, err := fragment.NewTrees(v, maxFragments)
				if err != nil {
					return usageError{err}
				}
				bar := a.progress("molecules", 0)
				defer bar.close()
				cover, err := trees.Cover(cmd.Context(), a.smilesLines(sets), func(n int) { bar.set(int64(n), "") })
				if err != nil {
					return err
				}
				bar.close()
				r.Coverage = &cover
			}
			if asJSON {
				return writeJSON(a.Out, r)
			}
			r.write(a.Out)
			for i := range min(list, v.Len()) {
				f := v.Fragment(i)
				fmt.Fprintf(a.Out, "%4d  %-30s  %2d sites of %d kinds  seen %d times\n", i, f.SMILES, len(f.Sites), f.Columns, f.Count)
			}
			return nil
		},
	}
	c.Flags().StringSliceVar(&sets, "set", nil, "files of compounds to rebuild")
	c.Flags().IntVar(&maxFragments, "max-fragments", 9, "fragments of a molecule at most")
	c.Flags().IntVar(&list, "list", 0, "list the first so many fragments")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func (r vocabularyReport) write(out io.Writer) {
	fmt.Fprintf(out, "vocabulary  %s\nsource      %s\nfragments   %d with %d kinds of sites\nrule        %s\ndigest      %s\n",
		r.Name, r.Source, r.Fragments, r.Columns, r.Rule, r.Digest)
	if r.OneToOne {
		fmt.Fprintln(out, "trees       one per molecule")
	} else {
		fmt.Fprintln(out, "trees       a molecule may have several")
	}
	c := r.Coverage
	if c == nil {
		return
	}
	fmt.Fprintf(out, "compounds   %d lines, %d not molecules\nrebuilt     %d of %d (%s), %.2f fragments each\ntoo large   %d\n",
		c.Lines, c.Unread, c.Rebuilt, c.Molecules, percent(c.Rebuilt, c.Molecules), float64(c.Fragments)/float64(max(1, c.Rebuilt)), c.TooLarge)
	if !r.OneToOne {
		fmt.Fprintf(out, "several     %d of the rebuilt (%s) have more than one tree; %.3f further trees per molecule on average\n",
			c.Further, percent(c.Further, c.Rebuilt), float64(c.Trees-c.Rebuilt)/float64(max(1, c.Rebuilt)))
		if c.Stopped > 0 {
			fmt.Fprintf(out, "            (of %d molecules not all trees were counted)\n", c.Stopped)
		}
	}
	if len(c.Missing) > 0 {
		fmt.Fprintln(out, "missing parts, by the molecules that they stop:")
		for _, m := range c.Missing {
			fmt.Fprintf(out, "  %6d  %s\n", m.Molecules, m.SMILES)
		}
	}
}

func percent(n, of int) string {
	if of == 0 {
		return "0 %"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(of))
}

// tooLarge stands for a molecule of more than maxAtoms atoms, or a line that was
// cut: it is no SMILES, so that it is counted as no molecule.
const tooLarge = "(too large)"

// smilesLines reads the first field of every line of several files; empty lines
// and those that begin with # are left out, and what is too large is tooLarge.
func (a *app) smilesLines(files []string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, name := range files {
			if more, err := a.smilesOf(name, yield); err != nil || !more {
				if err != nil {
					yield("", err)
				}
				return
			}
		}
	}
}

func (a *app) smilesOf(name string, yield func(string, error) bool) (more bool, err error) {
	in, err := a.openInput(name)
	if err != nil {
		return false, err
	}
	defer in.Close()
	r := bufio.NewReaderSize(in, 1<<16)
	for first := true; ; first = false {
		line, cut, err := readLine(r)
		if first {
			line = strings.TrimPrefix(line, byteOrderMark)
		}
		s := firstField(line)
		if s != "" && s[0] != '#' {
			if cut || countAtoms(s) > maxAtoms {
				s = tooLarge
			}
			if !yield(s, nil) {
				return false, nil
			}
		}
		if errors.Is(err, io.EOF) {
			return true, nil
		}
		if err != nil {
			return false, fmt.Errorf("read %s: %w", name, err)
		}
	}
}
