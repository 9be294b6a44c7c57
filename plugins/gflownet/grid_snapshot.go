package gflownet

import (
	"encoding/json"
	"fmt"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/safetensors"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/train"
)

const gridSnapshotFormat = "molsculpt-gflownet-grid-training/1"

// gridSnapshot is the metadata of a snapshot; the numbers are tensors.
type gridSnapshot struct {
	Format string     `json:"format"`
	Config GridConfig `json:"config"`
	Seed   uint64     `json:"seed"`
	Space  string     `json:"space"`
	Step   int        `json:"step"`
	Adam   int        `json:"adam"`
}

// Snapshot writes all that is needed to go on: parameters, average, optimiser.
// Random numbers follow from seed and step, and rewards are asked for again. A
// proposal that has no update yet is not part of it; it is made again, the same.
func (t *GridTrainer) Snapshot() ([]byte, error) {
	meta, err := json.Marshal(gridSnapshot{
		Format: gridSnapshotFormat, Config: t.config, Seed: t.seed, Space: t.grid.Descriptor().Digest, Step: t.step, Adam: t.adam.Steps,
	})
	if err != nil {
		return nil, fmt.Errorf("gflownet: write snapshot: %w", err)
	}
	f := &safetensors.File{Metadata: map[string]string{"molsculpt": string(meta)}}
	t.state().Write(f)
	return f.Encode()
}

func (t *GridTrainer) state() *train.State {
	return &train.State{
		Sets: []train.Set{{Name: "params", Params: t.params}, {Name: "average", Params: t.average}},
		Adam: &t.adam, Params: t.moved,
	}
}

// Restore brings a trainer that was made for the same grid, configuration and
// seed to where the snapshot was written.
func (t *GridTrainer) Restore(data []byte) error {
	f, err := safetensors.Decode(data)
	if err != nil {
		return fmt.Errorf("gflownet: restore: %w", err)
	}
	var meta gridSnapshot
	if err := json.Unmarshal([]byte(f.Metadata["molsculpt"]), &meta); err != nil || meta.Format != gridSnapshotFormat {
		return fmt.Errorf("gflownet: restore: not a snapshot of this version (format %q, want %q)", meta.Format, gridSnapshotFormat)
	}
	mine := t.config
	meta.Config.Threads, mine.Threads = 0, 0
	if meta.Config != mine || meta.Seed != t.seed {
		return fmt.Errorf("gflownet: restore: the snapshot was made with another training file or seed (seed %d, now %d); start anew or restore the file", meta.Seed, t.seed)
	}
	if d := t.grid.Descriptor().Digest; meta.Space != d {
		return fmt.Errorf("gflownet: restore: the snapshot is of space %.12s, this is %.12s", meta.Space, d)
	}
	if meta.Step < 0 {
		return fmt.Errorf("gflownet: restore: the snapshot is of update %d", meta.Step)
	}
	if err := t.state().Read(f, meta.Adam); err != nil {
		return fmt.Errorf("gflownet: restore: %w", err)
	}
	t.step, t.pending = meta.Step, false
	t.atlas = newAtlas(t.grid) // its rows are of updates that were not made
	t.net.Update()
	return nil
}
