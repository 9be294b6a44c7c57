package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/molsculpt/molsculpt/platform/supervise"
	"github.com/molsculpt/molsculpt/platform/verify"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// learn is a diffusion that learned from draws of a law, trained if it is not
// there already.
func (m *trainedModels) learn(ctx context.Context, t verify.LawTraining) (space.Policy, error) {
	sp, err := treeSpace(t.Vocabulary, t.MaxFragments)
	if err != nil {
		return nil, err
	}
	process, err := m.start(ctx, "core/diffusion")
	if err != nil {
		return nil, err
	}
	path, err := m.learned(ctx, process, sp, t)
	if err != nil {
		return nil, err
	}
	return m.policy(ctx, process, sp, path, nil)
}

// learned is the weights file of a diffusion that learned from draws of a law. Training
// files name molecules that are all as likely, so the plugin is trained directly: it
// draws examples by their weight.
func (m *trainedModels) learned(ctx context.Context, process *supervise.Plugin, sp *space.Fragments, t verify.LawTraining) (path string, err error) {
	of := sha256.New()
	fmt.Fprintf(of, "%s %s", sp.Descriptor().Digest, t.Options)
	examples := make([]sdk.Example, len(t.Trees))
	for i, s := range t.Trees {
		examples[i] = sdk.Example{State: s, Weight: t.Weights[i]}
		fmt.Fprintf(of, " %x %g", string(s), t.Weights[i])
	}
	name := fmt.Sprintf("diffusion-%s-%x", t.Name, of.Sum(nil)[:6])
	out := filepath.Join(m.folder, name+".safetensors")
	if _, err := os.Stat(out); !errors.Is(err, fs.ErrNotExist) {
		return out, err
	}
	m.app.say("training %s", name)
	checkpoint, err := os.ReadFile(out + ".checkpoint")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	done, err := process.Train(ctx, host.Training{
		Spec: []byte(t.Options), Space: sp, Definition: sp.Definition(), Seed: 1, Checkpoint: checkpoint,
		Examples: func(_ context.Context, source string, first, n int) (part []sdk.Example, more bool, err error) {
			if source != sdk.SourceTrain {
				return nil, false, nil // the law is known: none are kept back
			}
			to := min(first+n, len(examples))
			return examples[first:to], to < len(examples), nil
		},
		Save: func(_ context.Context, data []byte) error { return writeWhole(out+".checkpoint", data) },
	})
	if err != nil {
		return "", fmt.Errorf("train %s: %w", name, err)
	}
	if err := writeWhole(out, done.Weights); err != nil {
		return "", err
	}
	if err := os.Remove(out + ".checkpoint"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	return out, nil
}

// writeWhole writes a file whole or not at all.
func writeWhole(path string, data []byte) error {
	_, err := replaceFile(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
	return err
}
