package gflownet

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/molsculpt/molsculpt/plugins/internal/nn/safetensors"
	"github.com/molsculpt/molsculpt/plugins/internal/nn/train"
	"github.com/molsculpt/molsculpt/sdk/space"
)

const snapshotFormat = "molsculpt-gflownet-training/1"

// snapshot is the metadata of a snapshot; the numbers are tensors.
type snapshot struct {
	Format string `json:"format"`
	Config Config `json:"config"`
	Seed   uint64 `json:"seed"`
	Space  string `json:"space"`
	Step   int    `json:"step"`
	Adam   int    `json:"adam"`
	Primed bool   `json:"primed"`
	Next   int    `json:"next"`
}

// Snapshot writes all that is needed to go on: parameters, target, average,
// optimiser, memory. Random numbers follow from seed and step. A proposal that
// has no update yet is not part of it; it is made again, the same.
func (t *Trainer) Snapshot() ([]byte, error) {
	meta, err := json.Marshal(snapshot{
		Format: snapshotFormat, Config: t.config, Seed: t.seed, Space: t.space.Descriptor().Digest,
		Step: t.step, Adam: t.adam.Steps, Primed: t.primed, Next: t.replay.next,
	})
	if err != nil {
		return nil, fmt.Errorf("gflownet: write snapshot: %w", err)
	}
	f := &safetensors.File{Metadata: map[string]string{"molsculpt": string(meta)}}
	t.state().Write(f)
	var states []byte
	for _, s := range t.replay.states {
		states = append(append(states, byte(len(s)), byte(len(s)>>8)), s...)
	}
	f.Add(safetensors.Tensor{Name: "replay/states", DType: safetensors.U8, Shape: []int{len(states)}, Data: states})
	f.Add(safetensors.Float64("replay/log", t.replay.log, len(t.replay.log)))
	return f.Encode()
}

// state is the part of the snapshot that every training has.
func (t *Trainer) state() *train.State {
	return &train.State{
		Sets: []train.Set{{Name: "params", Params: t.params}, {Name: "target", Params: t.target}, {Name: "average", Params: t.average}},
		Adam: &t.adam, Params: t.learner.Params(),
	}
}

// Restore brings a trainer that was made for the same space, configuration and
// seed to where the snapshot was written.
func (t *Trainer) Restore(data []byte) error {
	f, err := safetensors.Decode(data)
	if err != nil {
		return fmt.Errorf("gflownet: restore: %w", err)
	}
	var meta snapshot
	if err := json.Unmarshal([]byte(f.Metadata["molsculpt"]), &meta); err != nil || meta.Format != snapshotFormat {
		return fmt.Errorf("gflownet: restore: not a snapshot of this version (format %q, want %q)", meta.Format, snapshotFormat)
	}
	mine := t.config
	meta.Config.Threads, mine.Threads = 0, 0
	if meta.Config != mine || meta.Seed != t.seed {
		return fmt.Errorf("gflownet: restore: the snapshot was made with another training file or seed (seed %d, now %d); start anew or restore the file", meta.Seed, t.seed)
	}
	if d := t.space.Descriptor().Digest; meta.Space != d {
		return fmt.Errorf("gflownet: restore: the snapshot is of space %.12s, this is %.12s", meta.Space, d)
	}
	if err := t.state().Read(f, meta.Adam); err != nil {
		return fmt.Errorf("gflownet: restore: %w", err)
	}
	if err := t.restoreReplay(f, meta.Next); err != nil {
		return fmt.Errorf("gflownet: restore: %w", err)
	}
	t.step, t.primed, t.pending = meta.Step, meta.Primed, nil
	t.learner.Forget()
	t.sampler.Forget()
	return nil
}

func (t *Trainer) restoreReplay(f *safetensors.File, next int) error {
	states, err := f.Get("replay/states")
	if err != nil {
		return err
	}
	logs, err := f.Get("replay/log")
	if err != nil {
		return err
	}
	worth, err := logs.Doubles()
	if err != nil {
		return err
	}
	r := newReplay(t.config.Replay)
	buf := bytes.NewBuffer(states.Data)
	for _, l := range worth {
		h := buf.Next(2)
		if len(h) < 2 {
			return fmt.Errorf("the memory is cut off")
		}
		n := int(h[0]) | int(h[1])<<8
		s := space.State(buf.Next(n))
		if len(s) != n {
			return fmt.Errorf("the memory is cut off")
		}
		if err := t.space.Validate(s); err != nil {
			return fmt.Errorf("the memory holds no tree of the space: %w", err)
		}
		r.add(s, l)
	}
	if len(r.states) != len(worth) || next < 0 || next > len(worth) {
		return fmt.Errorf("the memory is larger than the configuration says, or holds a tree twice")
	}
	r.next = next
	t.replay = r
	return nil
}
