package sdk

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/molsculpt/molsculpt/sdk/internal/wire"
	"github.com/molsculpt/molsculpt/sdk/proto"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// trainerServer puts a Trainer behind the protocol.
type trainerServer struct {
	proto.UnimplementedTrainerServer
	trainer Trainer
}

type trainStream = grpc.BidiStreamingServer[proto.TrainRequest, proto.TrainReply]

func (s *trainerServer) Train(stream trainStream) error {
	start, err := receiveStart(stream)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(stream.Context())
	defer cancel(nil)
	h := &streamHost{
		stream: stream, stopping: make(chan struct{}), saved: make(chan struct{}, 1),
		rewards: map[uint64]chan *proto.Rewards{}, examples: map[uint64]chan *proto.Examples{}, paths: map[uint64]chan *proto.Paths{},
	}
	go h.receive(cancel) // ends with the stream, which ends when Train returns
	done, err := s.trainer.Train(ctx, start, h)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
			return toStatus(cause)
		}
		return toStatus(err)
	}
	if !done.Stopped {
		if err := h.blob(proto.Chunk_KIND_WEIGHTS, done.Weights); err != nil {
			return err
		}
	}
	return h.send(&proto.TrainReply{Message: &proto.TrainReply_Done{Done: &proto.TrainDone{Card: done.Card, Stopped: done.Stopped}}})
}

// receiveStart reads the start and what it announces.
func receiveStart(stream trainStream) (TrainStart, error) {
	first, err := stream.Recv()
	if err != nil {
		return TrainStart{}, err
	}
	in := first.GetStart()
	if in == nil {
		return TrainStart{}, status.Error(codes.InvalidArgument, "Train does not begin with a start")
	}
	start := TrainStart{Spec: in.GetSpec(), Seed: in.GetSeed(), Space: spaceFromWire(in.GetSpace()), Models: in.GetModels()}
	next := func() (*proto.Chunk, error) {
		m, err := stream.Recv()
		return m.GetChunk(), err
	}
	if in.GetHasDefinition() {
		if start.Space.Definition, err = receiveBlob(proto.Chunk_KIND_DEFINITION, next); err != nil {
			return TrainStart{}, err
		}
	}
	if in.GetHasCheckpoint() {
		if start.Checkpoint, err = receiveBlob(proto.Chunk_KIND_CHECKPOINT, next); err != nil {
			return TrainStart{}, err
		}
	}
	return start, nil
}

// streamHost is the host as a trainer sees it.
type streamHost struct {
	stream   trainStream
	sending  sync.Mutex // of one message
	saving   sync.Mutex // of one checkpoint, chunks and answer
	stopping chan struct{}
	saved    chan struct{}

	mu       sync.Mutex // guards the rest
	next     uint64
	rewards  map[uint64]chan *proto.Rewards
	examples map[uint64]chan *proto.Examples
	paths    map[uint64]chan *proto.Paths
}

var _ TrainHost = (*streamHost)(nil)

func (h *streamHost) Stopping() <-chan struct{} { return h.stopping }

// receive hands the host's answers to those who wait for them.
func (h *streamHost) receive(cancel context.CancelCauseFunc) {
	stopped := false
	for {
		m, err := h.stream.Recv()
		if err != nil {
			cancel(nil)
			return
		}
		switch m := m.GetMessage().(type) {
		case *proto.TrainRequest_Rewards:
			h.mu.Lock()
			c := h.rewards[m.Rewards.GetId()]
			delete(h.rewards, m.Rewards.GetId())
			h.mu.Unlock()
			if c != nil {
				c <- m.Rewards
			}
		case *proto.TrainRequest_Examples:
			h.mu.Lock()
			c := h.examples[m.Examples.GetId()]
			delete(h.examples, m.Examples.GetId())
			h.mu.Unlock()
			if c != nil {
				c <- m.Examples
			}
		case *proto.TrainRequest_Paths:
			h.mu.Lock()
			c := h.paths[m.Paths.GetId()]
			delete(h.paths, m.Paths.GetId())
			h.mu.Unlock()
			if c != nil {
				c <- m.Paths
			}
		case *proto.TrainRequest_Checkpointed:
			select {
			case h.saved <- struct{}{}:
			default:
			}
		case *proto.TrainRequest_Stop:
			if !stopped {
				stopped = true
				close(h.stopping)
			}
		default:
			cancel(status.Errorf(codes.InvalidArgument, "unexpected message %T from the host", m))
			return
		}
	}
}

func (h *streamHost) send(m *proto.TrainReply) error {
	h.sending.Lock()
	defer h.sending.Unlock()
	return h.stream.Send(m)
}

func (h *streamHost) blob(kind proto.Chunk_Kind, data []byte) error {
	return wire.Send(kind, data, func(c *proto.Chunk) error {
		return h.send(&proto.TrainReply{Message: &proto.TrainReply_Chunk{Chunk: c}})
	})
}

func (h *streamHost) Rewards(ctx context.Context, states []space.State, beta []float64) ([]Reward, error) {
	if beta != nil && len(beta) != len(states) {
		return nil, fmt.Errorf("sdk: ask for rewards: %d states with %d betas", len(states), len(beta))
	}
	answer := make(chan *proto.Rewards, 1)
	h.mu.Lock()
	h.next++
	id := h.next
	h.rewards[id] = answer
	h.mu.Unlock()
	propose := &proto.Propose{Id: id, States: wire.PackStates(states), Beta: beta}
	if err := h.send(&proto.TrainReply{Message: &proto.TrainReply_Propose{Propose: propose}}); err != nil {
		return nil, err
	}
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-h.stream.Context().Done():
		return nil, h.stream.Context().Err()
	case r := <-answer:
		if r.GetError() != "" {
			return nil, fmt.Errorf("sdk: ask for rewards: %s", r.GetError())
		}
		n := len(states)
		if len(r.GetLogReward()) != n || len(r.GetStatus()) != n || len(r.GetRaw()) != n {
			return nil, fmt.Errorf("sdk: ask for rewards: %d states, %d answers", n, len(r.GetLogReward()))
		}
		out := make([]Reward, n)
		for i := range out {
			out[i] = Reward{Status: statusFromWire(r.GetStatus()[i]), Log: r.GetLogReward()[i], Raw: r.GetRaw()[i]}
		}
		return out, nil
	}
}

func (h *streamHost) Examples(ctx context.Context, source string, n int) ([]Example, bool, error) {
	answer := make(chan *proto.Examples, 1)
	h.mu.Lock()
	h.next++
	id := h.next
	h.examples[id] = answer
	h.mu.Unlock()
	ask := &proto.Ask{Id: id, Source: source, Count: uint32(max(n, 0))}
	if err := h.send(&proto.TrainReply{Message: &proto.TrainReply_Ask{Ask: ask}}); err != nil {
		return nil, false, err
	}
	select {
	case <-ctx.Done():
		return nil, false, context.Cause(ctx)
	case <-h.stream.Context().Done():
		return nil, false, h.stream.Context().Err()
	case e := <-answer:
		if e.GetError() != "" {
			return nil, false, fmt.Errorf("sdk: ask for examples of %s: %s", source, e.GetError())
		}
		states, err := wire.UnpackStates(e.GetStates())
		if err != nil {
			return nil, false, fmt.Errorf("sdk: ask for examples of %s: %w", source, err)
		}
		out := make([]Example, len(states))
		for i, s := range states {
			out[i] = Example{State: s, Weight: 1}
			if len(e.GetWeights()) == len(states) {
				out[i].Weight = e.GetWeights()[i]
			}
			if len(e.GetLabels()) == len(states) {
				out[i].Label = int(e.GetLabels()[i])
			}
		}
		return out, !e.GetEnd(), nil
	}
}

func (h *streamHost) Progress(p Progress) error {
	return h.send(&proto.TrainReply{Message: &proto.TrainReply_Progress{Progress: &proto.Progress{
		Step: p.Step, Steps: p.Steps, Metrics: p.Metrics, Message: p.Message,
	}}})
}

func (h *streamHost) Checkpoint(ctx context.Context, data []byte) error {
	h.saving.Lock()
	defer h.saving.Unlock()
	if err := h.blob(proto.Chunk_KIND_CHECKPOINT, data); err != nil {
		return err
	}
	select {
	case <-h.saved:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-h.stream.Context().Done():
		return h.stream.Context().Err()
	}
}
