package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/molsculpt/molsculpt/platform"
	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/diffuse"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk/space"
	"github.com/spf13/cobra"
)

func (a *app) pointsCommand() *cobra.Command {
	var n int
	var o diffuse.Options
	var d diffuse.DrawOptions
	var method, solver, guide string
	c := &cobra.Command{
		Use:   "points EXPR NAME=WEIGHTS...",
		Short: "Write points of a continuous model or a composition to standard output",
		Long: `Samples continuous models (points of numbers, as molsculpt train makes of
data: {points: [file.csv]}) or a composition of them, and writes a point a line,
its numbers with tabs between. EXPR names the models, each of which is given with
the file of its weights.

One model is sampled by --solver: ancestral, euler, pc (predictor and corrector),
flow (the probability flow) or dpm (DPM-Solver++, in few steps); its points have
equal weights. A composition is sampled by --method: smc writes the logarithm of
its weight behind each point, and averages must be weighted with it. unweighted and
guided are baselines, whose points are not those of the composition; --scale is for
guided alone. What is to pull harder than the composition is an expression with
exponents, as 'obs(a^3, b^3; over a, b)', which smc samples exactly.`,
		Example: `  molsculpt points a a=moons.safetensors -n 1000 --solver dpm
  molsculpt points 'a & b' a=moons.safetensors b=rings.safetensors -n 2000
  molsculpt points 'a - b' a=moons.safetensors b=rings.safetensors --guide moons-rings.safetensors`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if n < 1 || n > 10_000_000 {
				return usagef("-n is %d; it must be between 1 and 10000000", n)
			}
			var list []platform.NamedWeights
			for _, arg := range args[1:] {
				name, file, ok := strings.Cut(arg, "=")
				if !ok || name == "" || file == "" {
					return usagef("%q is not NAME=WEIGHTS", arg)
				}
				list = append(list, platform.NamedWeights{Name: name, File: file})
			}
			var err error
			if d.Solver, err = diffuse.ParseSolver(solver); err != nil {
				return usagef("%s", strings.TrimPrefix(err.Error(), "diffuse: "))
			}
			methods := map[string]diffuse.Method{"smc": diffuse.SMC, "unweighted": diffuse.Uncorrected, "guided": diffuse.Guided}
			m, ok := methods[method]
			if !ok {
				return usagef("--method is %q; it is smc, unweighted or guided", method)
			}
			o.Method = m
			named := slices.ContainsFunc(list, func(w platform.NamedWeights) bool { return w.Name == strings.TrimSpace(args[0]) })
			alone := named && m == diffuse.SMC && guide == ""
			foreign, why := []string{"solver", "clean"}, "one model; a composition, its method and its guide go by the chain of --steps"
			if alone {
				foreign, why = []string{"particles", "scale"}, "compositions; one model goes by its --solver"
			}
			for _, flag := range foreign {
				if cmd.Flags().Changed(flag) {
					return usagef("--%s is for %s", flag, why)
				}
			}
			cat, err := a.catalog()
			if err != nil {
				return err
			}
			models, err := platform.LoadPointModels(cmd.Context(), cat, list, a.logger())
			if err != nil {
				return err
			}
			defer models.Close()
			if guide != "" {
				g, err := platform.LoadPointGuide(cmd.Context(), cat, guide, a.logger())
				if err != nil {
					return err
				}
				defer g.Close()
				o.Guide = g
			}
			target, fields, err := models.Compose(cmd.Context(), args[0], o)
			var wrong *compose.Error
			if errors.As(err, &wrong) {
				return fmt.Errorf("%w\n%s", err, wrong.Caret())
			}
			if err != nil {
				return err
			}
			out := bufio.NewWriter(a.Out)
			if alone {
				d.Seed, d.Steps, d.End = o.Seed, o.Steps, o.End
				points, err := diffuse.Draw(cmd.Context(), models.Space, fields[0], d, n)
				if err != nil {
					return err
				}
				dim := models.Space.Dim()
				for i := range n {
					writePoint(out, points[i*dim:(i+1)*dim])
					fmt.Fprintln(out)
				}
				return out.Flush()
			}
			return a.drawComposition(cmd, out, models.Space, fields, target, o, n)
		},
	}
	c.Flags().IntVarP(&n, "n", "n", 100, "points")
	c.Flags().Uint64Var(&o.Seed, "seed", 0, "seed")
	c.Flags().StringVar(&solver, "solver", "ancestral", "of one model: ancestral, euler, pc, flow or dpm")
	c.Flags().StringVar(&method, "method", "smc", "of a composition: smc, unweighted or guided")
	c.Flags().StringVar(&guide, "guide", "", "weights of a guide for the models, which steers the steps")
	c.Flags().Float64Var(&o.Scale, "scale", 1, "of the guide's gradient, with --method guided")
	c.Flags().IntVar(&o.Steps, "steps", 0, "of the chain; 0 is 500, and 25 for dpm")
	c.Flags().IntVar(&o.Particles, "particles", 64, "points of a population")
	c.Flags().BoolVar(&d.Clean, "clean", false, "take the last noise away; of one model")
	return c
}

// drawComposition writes points of a composition with their weights.
func (a *app) drawComposition(cmd *cobra.Command, out *bufio.Writer, sp *space.Points, fields []diffuse.Field, target *compose.Composition, o diffuse.Options, n int) error {
	o.Populations = (n + max(o.Particles, 1) - 1) / max(o.Particles, 1)
	s, err := diffuse.New(sp, fields, target, o)
	if err != nil {
		return err
	}
	bar := a.progress("points", int64(n))
	defer bar.close()
	var evidence sample.Evidence
	var point []float32
	done := 0
	for p, err := range s.Populations(cmd.Context()) {
		if err != nil {
			return err
		}
		evidence.Add(p)
		for i := range p.Trajectories {
			if done == n {
				break
			}
			t := &p.Trajectories[i]
			point = sp.Point(t.Final(), point[:0])
			writePoint(out, point)
			if s.Exact() {
				fmt.Fprintf(out, "\t%.6f", t.LogWeight)
			}
			fmt.Fprintln(out)
			done++
		}
		bar.set(int64(done), "")
	}
	if err := out.Flush(); err != nil {
		return err
	}
	bar.close()
	switch {
	case s.Exact():
	case o.Scale != 0 && o.Scale != 1:
		a.say("with --scale %g these points follow no composition; for a stronger pull use exponents, as 'obs(a^%g, b^%g; over a, b)', with --method smc", o.Scale, o.Scale, o.Scale)
		return nil
	default:
		a.say("these are not points of the composition: the method %v leaves the weights out", o.Method)
		return nil
	}
	z, err := evidence.Log()
	if err != nil {
		return err
	}
	a.say("log evidence %.4f ± %.4f; effective sample size %.0f of %d, at least %.0f%% in each population on its way", z.Value, z.SE, evidence.ESS(), evidence.Kept(), 100*evidence.MinESS())
	if math.IsNaN(z.SE) {
		a.say("the error of one population is not known; more points make more")
	}
	return nil
}

// writePoint writes numbers with tabs between; an error comes back with Flush.
func writePoint(out *bufio.Writer, point []float32) {
	for j, v := range point {
		if j > 0 {
			_ = out.WriteByte('\t')
		}
		_, _ = out.WriteString(strconv.FormatFloat(float64(v), 'g', -1, 32))
	}
}

// wholeLines are the lines of files, "-" for standard input.
func (a *app) wholeLines(files []string) iter.Seq2[string, error] {
	read := func(name string, yield func(string, error) bool) (more bool, err error) {
		in, err := a.openInput(name)
		if err != nil {
			return false, err
		}
		defer in.Close()
		r := bufio.NewReaderSize(in, 1<<16)
		for first := true; ; first = false {
			line, cut, err := readLine(r)
			if cut {
				return false, fmt.Errorf("read %s: a line is longer than %d bytes", name, maxLine)
			}
			if first {
				line = strings.TrimPrefix(line, byteOrderMark)
			}
			if (err == nil || line != "") && !yield(line, nil) {
				return false, nil
			}
			if errors.Is(err, io.EOF) {
				return true, nil
			}
			if err != nil {
				return false, fmt.Errorf("read %s: %w", name, err)
			}
		}
	}
	return func(yield func(string, error) bool) {
		for _, name := range files {
			more, err := read(name, yield)
			if err != nil {
				yield("", err)
			}
			if err != nil || !more {
				return
			}
		}
	}
}
