package host

import (
	"context"
	"fmt"

	"github.com/molsculpt/molsculpt/sdk/internal/wire"
	"github.com/molsculpt/molsculpt/sdk/proto"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// maxPaths bounds the paths of one model in one answer.
const maxPaths = 1 << 14

// paths answers a trainer that asks for paths.
func (d *driver) paths(ctx context.Context, m *proto.AskPaths) error {
	out := &proto.Paths{Id: m.GetId()}
	answer := func() error {
		return d.send(&proto.TrainRequest{Message: &proto.TrainRequest_Paths{Paths: out}})
	}
	switch {
	case d.t.Paths == nil:
		out.Error = "this training has no base models to make paths"
		return answer()
	case m.GetCount() == 0 || m.GetCount() > maxPaths:
		return d.c.wrong("Train", fmt.Sprintf("question %d", m.GetId()), "%d paths; from 1 to %d can be asked for", m.GetCount(), maxPaths)
	}
	paths, err := d.t.Paths(ctx, m.GetFirst(), int(m.GetCount()))
	if err != nil {
		return fmt.Errorf("host: paths for plugin %s: %w", d.c.name, err)
	}
	var states []space.State
	var logs []float64
	for i, p := range paths {
		if n := len(p.States); n == 0 || len(p.Cells) != n-1 || len(p.LogBase) != n*len(d.t.Models) {
			return fmt.Errorf("host: paths for plugin %s: path %d has %d states, %d cells and %d log-likelihoods under %d models", d.c.name, i, n, len(p.Cells), len(p.LogBase), len(d.t.Models))
		}
		out.Labels = append(out.Labels, uint32(p.Label))
		out.Lengths = append(out.Lengths, uint32(len(p.States)))
		states, logs = append(states, p.States...), append(logs, p.LogBase...)
		for _, c := range p.Cells {
			out.Cells = append(out.Cells, uint32(c))
		}
	}
	out.States, out.LogBase = wire.PackStates(states), wire.AppendDoubles(make([]byte, 0, 8*len(logs)), logs)
	return answer()
}
