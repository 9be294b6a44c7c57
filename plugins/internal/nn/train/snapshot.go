package train

import (
	"encoding/json"
	"fmt"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/safetensors"
)

// snapshotFormat names the layout of a snapshot; another number is another
// layout.
const snapshotFormat = "molsculpt-training/1"

// snapshot is the metadata of a snapshot; the parameters, the averages, the
// best ones and the optimiser's moments are tensors.
type snapshot struct {
	Format    string  `json:"format"`
	Config    Config  `json:"config"`
	Seed      uint64  `json:"seed"`
	Step      int     `json:"step"`
	Value     float64 `json:"value"`
	BestValue float64 `json:"best_value"`
	BestStep  int     `json:"best_step"`
}

// metadata is the key of the metadata in a file.
const metadata = "molsculpt"

func (l *Loop) state() *State {
	s := &State{Sets: []Set{{"params", l.params}}, Adam: &l.adam, Params: l.task.Params()}
	if l.average != l.params {
		s.Sets = append(s.Sets, Set{"average", l.average})
	}
	if l.config.Validate > 0 {
		s.Sets = append(s.Sets, Set{"best", l.best})
	}
	return s
}

// Snapshot writes all that is needed to go on.
func (l *Loop) Snapshot() ([]byte, error) {
	meta, err := json.Marshal(snapshot{
		Format: snapshotFormat, Config: l.config, Seed: l.seed, Step: l.step,
		Value: l.value, BestValue: l.bestValue, BestStep: l.bestStep,
	})
	if err != nil {
		return nil, fmt.Errorf("train: write snapshot: %w", err)
	}
	f := &safetensors.File{Metadata: map[string]string{metadata: string(meta)}}
	l.state().Write(f)
	return f.Encode()
}

// Restore brings a loop that was made with the same configuration, seed and
// task to where the snapshot was written. After an error it is where it was.
func (l *Loop) Restore(data []byte) error {
	f, err := safetensors.Decode(data)
	if err != nil {
		return fmt.Errorf("train: restore: %w", err)
	}
	var meta snapshot
	if err := json.Unmarshal([]byte(f.Metadata[metadata]), &meta); err != nil || meta.Format != snapshotFormat {
		return fmt.Errorf("train: restore: not a snapshot of this version (format %q, want %q)", meta.Format, snapshotFormat)
	}
	mine := l.config
	mine.Threads = 0
	if meta.Config != mine || meta.Seed != l.seed {
		return fmt.Errorf("train: restore: the snapshot was made with another configuration or seed (seed %d, now %d)", meta.Seed, l.seed)
	}
	if meta.Step < 0 || meta.Step > l.config.Steps || meta.BestStep < 0 || meta.BestStep > meta.Step {
		return fmt.Errorf("train: restore: the snapshot is after update %d, its best after %d of %d", meta.Step, meta.BestStep, l.config.Steps)
	}
	// The optimiser has made one step in every update.
	if err := l.state().Read(f, meta.Step); err != nil {
		return fmt.Errorf("train: restore: %w", err)
	}
	l.step, l.value, l.bestValue, l.bestStep = meta.Step, meta.Value, meta.BestValue, meta.BestStep
	l.version = versions.Add(1)
	return nil
}
