package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/molsculpt/molsculpt/platform"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/spf13/cobra"
)

// trained is a platform.Trained as train --json prints it.
type trained struct {
	Weights string               `json:"weights"`
	Card    string               `json:"card"`
	SHA256  string               `json:"sha256"`
	Resumed bool                 `json:"resumed"` // from a checkpoint
	Stopped bool                 `json:"stopped"` // at a checkpoint
	Already bool                 `json:"already"` // done before
	Stats   platform.RewardStats `json:"stats"`
	Data    *platform.DataStats  `json:"data,omitempty"`
}

func (a *app) trainCommand() *cobra.Command {
	var fresh, asJSON bool
	c := &cobra.Command{
		Use:   "train FILE",
		Short: "Train a base model for a reward, on molecules, points or images, or a guide for models",
		Long: `Trains a base model as FILE describes, and writes its weights (safetensors) and a
model card that says what it learned and how well. Ctrl-C ends it with a
checkpoint, from which the same command goes on.

A training file:

  version: 1
  name: soluble
  seed: 1
  space: {vocabulary: builtin, max_fragments: 9}
  plugin: core/gflownet
  reward: {function: esol, goal: maximize, floor: 0.001}
  train: {steps: 10000, batch: 64}   # the plugin's own options
  out: soluble.safetensors

The reward is the desirability of the function, 0 to 1: its usual curve, or one
that is given with goal and curve as in a campaign. The model learns to make a
molecule x with a probability in proportion to reward(x)^beta, for every beta.

A model can learn from molecules in place of a reward. It then makes more of what
is like them; a tenth is kept back to measure it by:

  version: 1
  name: actives
  plugin: core/diffusion
  data: {files: [actives.smi], hold_out: 0.1}

A continuous model learns from points, lines of numbers in a file; molsculpt points
samples it. Scale the numbers so that their standard deviations are about 1:

  version: 1
  name: moons
  data: {points: [moons.csv]}
  train: {network: {kind: mlp, width: 128}}

or from the images of MNIST's idx files, in the colours of its classes:

  version: 1
  name: zeros
  data:
    images: train-images-idx3-ubyte.gz
    labels: train-labels-idx1-ubyte.gz
    classes: [red 0, green 0]   # or [0, 1, 2], without colours
  train: {network: {kind: unet, fine: 32, coarse: 64, blocks: 2}, steps: 20000, batch: 64}

A guide is a classifier that steers compositions of the models that it is trained
for, at the conditions that stand there. It learns from their paths which of them
made a path, or rather what would be observed of its end:

  version: 1
  kind: guide
  name: qed-sa
  models:
    qed: {plugin: core/gflownet, weights: builtin:qed, beta: 32}
    sa:  {plugin: core/gflownet, weights: builtin:sa, beta: 32}
  train: {observations: 2, head: action, labels: exact, steps: 2000}
  out: qed-sa.safetensors

observations is the number that a composition makes at most: 2 for qed & sa and
for qed - sa. alpha: true reads the balance of two models, as in qed &{0.2} sa.
head: state answers for a state, as in the paper (Garipov et al. 2023), and has to
be asked about every child; head: action answers for all actions of a state at
once. labels: ema learns the ends from the guide itself, as in the paper, exact
from the models' own likelihoods. A campaign of these models then says

  sample: {method: smc, guide: qed-sa.safetensors}

A guide for continuous models says so by its space; molsculpt points takes it with
--guide:

  version: 1
  kind: guide
  name: moons-rings
  space: {points: 2}   # numbers of a point
  models:
    a: {plugin: core/score, weights: moons.safetensors}
    b: {plugin: core/score, weights: rings.safetensors}
  train: {network: {kind: mlp, width: 128}}

Functions:

` + rewardHelp(),
		Example: "  molsculpt train soluble.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := a.loadTraining(args[0])
			if err != nil {
				return err
			}
			cat, err := a.catalog()
			if err != nil {
				return err
			}
			bar := a.progress("train "+t.Name, 0)
			defer bar.close()
			// An interrupt asks the trainer to stop; it does not cut it off.
			result, err := platform.Train(context.WithoutCancel(cmd.Context()), t, cat, platform.TrainOptions{
				Fresh: fresh, Stop: cmd.Context().Done(), Log: a.logger(), Molecules: a.smilesLines, Lines: a.wholeLines,
				Progress: func(p sdk.Progress, s platform.RewardStats) {
					bar.setTotal(int64(p.Steps))
					bar.set(int64(p.Step), trainNote(p, s))
				},
			})
			if err != nil {
				return err
			}
			bar.close()
			if asJSON {
				return writeJSON(a.Out, trained(*result))
			}
			if result.Stopped {
				a.say("interrupted at a checkpoint. Go on with the same command.")
				return exitStatus(1)
			}
			if result.Already {
				a.say("this training is done already; --fresh begins it anew")
			}
			s := result.Stats
			fmt.Fprintf(a.Out, "weights  %s\ncard     %s\nsha256   %s\n", result.Weights, result.Card, result.SHA256)
			if d := result.Data; d != nil && d.Images > 0 {
				a.say("%d images; in the colours of their classes %d learned from, %d kept back", d.Images, d.Train, d.HeldOut)
				return nil
			}
			if d := result.Data; d != nil && d.Points > 0 {
				a.say("%d points; %d learned from, %d kept back", d.Points, d.Train, d.HeldOut)
				return nil
			}
			if d := result.Data; d != nil {
				a.say("%d molecules in %d lines (%d unreadable), %d of them trees of the vocabulary (%s), %d of these without their stereo; %d learned from, %d kept back",
					d.Molecules, d.Lines, d.Unread, d.Expressed, percent(d.Expressed, d.Molecules), d.Stereo, d.Train, d.HeldOut)
				return nil
			}
			if s.Asked > 0 {
				a.say("%d states proposed, %d distinct scored, %d below the floor, %d without a score", s.Asked, s.Scored, s.Clipped, s.Failed)
			}
			return nil
		},
	}
	c.Flags().BoolVar(&fresh, "fresh", false, "begin anew, and forget the checkpoint and the weights that are there")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// trainNote is what a training's progress says besides its steps.
func trainNote(p sdk.Progress, s platform.RewardStats) string {
	var parts []string
	if p.Message != "" {
		parts = append(parts, p.Message)
	}
	for _, k := range slices.Sorted(maps.Keys(p.Metrics)) {
		parts = append(parts, fmt.Sprintf("%s %.4g", k, p.Metrics[k]))
	}
	if s.Asked > 0 {
		parts = append(parts, fmt.Sprintf("%d scored", s.Scored))
	}
	return strings.Join(parts, ", ")
}
