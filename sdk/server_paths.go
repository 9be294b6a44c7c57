package sdk

import (
	"context"
	"fmt"

	"github.com/molsculpt/molsculpt/sdk/internal/wire"
	"github.com/molsculpt/molsculpt/sdk/proto"
)

func (h *streamHost) Paths(ctx context.Context, first uint64, n int) ([]Path, error) {
	answer := make(chan *proto.Paths, 1)
	h.mu.Lock()
	h.next++
	id := h.next
	h.paths[id] = answer
	h.mu.Unlock()
	ask := &proto.AskPaths{Id: id, First: first, Count: uint32(max(n, 0))}
	if err := h.send(&proto.TrainReply{Message: &proto.TrainReply_AskPaths{AskPaths: ask}}); err != nil {
		return nil, err
	}
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-h.stream.Context().Done():
		return nil, h.stream.Context().Err()
	case p := <-answer:
		if p.GetError() != "" {
			return nil, fmt.Errorf("sdk: ask for paths: %s", p.GetError())
		}
		paths, err := pathsFromWire(p)
		if err != nil {
			return nil, fmt.Errorf("sdk: ask for paths: %w", err)
		}
		return paths, nil
	}
}

// pathsFromWire takes paths apart.
func pathsFromWire(p *proto.Paths) ([]Path, error) {
	states, err := wire.UnpackStates(p.GetStates())
	if err != nil {
		return nil, err
	}
	paths := make([]Path, len(p.GetLengths()))
	if len(p.GetLabels()) != len(paths) {
		return nil, fmt.Errorf("%d paths with %d labels", len(paths), len(p.GetLabels()))
	}
	if len(states) == 0 || len(p.GetLogBase())%(8*len(states)) != 0 || len(p.GetCells()) != len(states)-len(paths) {
		return nil, fmt.Errorf("%d paths with %d states, %d cells and %d bytes of log-likelihoods", len(paths), len(states), len(p.GetCells()), len(p.GetLogBase()))
	}
	logs, cells := wire.Doubles(p.GetLogBase()), make([]int, len(p.GetCells()))
	m := len(logs) / len(states)
	for i, c := range p.GetCells() {
		cells[i] = int(c)
	}
	for i := range paths {
		n := int(p.GetLengths()[i])
		if n < 1 || n > len(states) || n-1 > len(cells) {
			return nil, fmt.Errorf("path %d has %d of the %d states", i, n, len(states))
		}
		if p.GetLabels()[i] >= uint32(m) {
			return nil, fmt.Errorf("path %d is of model %d; there are %d", i, p.GetLabels()[i], m)
		}
		paths[i] = Path{Label: int(p.GetLabels()[i]), States: states[:n:n], Cells: cells[: n-1 : n-1], LogBase: logs[: n*m : n*m]}
		states, cells, logs = states[n:], cells[n-1:], logs[n*m:]
	}
	if len(states) > 0 {
		return nil, fmt.Errorf("%d states belong to no path", len(states))
	}
	return paths, nil
}
