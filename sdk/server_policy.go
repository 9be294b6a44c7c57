package sdk

import (
	"context"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/molsculpt/molsculpt/sdk/internal/wire"
	"github.com/molsculpt/molsculpt/sdk/proto"
)

// policyServer puts a Policy behind the protocol.
type policyServer struct {
	proto.UnimplementedPolicyServer
	policy Policy
	models *shelf[*policyEntry]
}

// policyEntry is a loaded model with what does not change about it.
type policyEntry struct {
	PolicyModel
	info    PolicyInfo
	columns int
	replies sync.Pool // of *StepReply
}

func (s *policyServer) Load(stream grpc.ClientStreamingServer[proto.LoadRequest, proto.LoadPolicyReply]) error {
	req, err := receiveLoad(stream)
	if err != nil {
		return err
	}
	m, err := made(s.policy.Load(stream.Context(), req))
	if err != nil {
		return err
	}
	info := m.Info()
	reply := &proto.LoadPolicyReply{Conditions: conditionsToWire(info.Conditions)}
	if info.Width > 0 {
		reply.Keys = &proto.Keys{Width: uint32(info.Width), Data: wire.AppendFloats(nil, info.Keys), Bias: wire.AppendFloats(nil, info.Bias)}
	}
	reply.Handle = s.models.put(&policyEntry{PolicyModel: m, info: info, columns: req.Space.Columns})
	return stream.SendAndClose(reply)
}

func (s *policyServer) Unload(_ context.Context, req *proto.UnloadRequest) (*proto.UnloadReply, error) {
	return &proto.UnloadReply{}, s.models.drop(req.GetHandle())
}

func (s *policyServer) Step(ctx context.Context, in *proto.StepRequest) (*proto.StepReply, error) {
	m, done, err := s.models.take(in.GetHandle())
	if err != nil {
		return nil, err
	}
	defer done()
	req, err := m.request(in)
	if err != nil {
		return nil, err
	}
	reply := m.reply(req)
	stop, attach, queries := reply.Stop, reply.Attach, reply.Queries
	if err := m.Step(ctx, req, reply); err != nil {
		return nil, toStatus(err)
	}
	out := &proto.StepReply{Stop: wire.AppendFloats(nil, reply.Stop)}
	if m.info.Width > 0 {
		out.Attach = &proto.StepReply_Queries{Queries: wire.AppendFloats(nil, reply.Queries)}
	} else {
		out.Attach = &proto.StepReply_Dense{Dense: wire.AppendFloats(nil, reply.Attach)}
	}
	reply.Stop, reply.Attach, reply.Queries = stop, attach, queries
	m.replies.Put(reply)
	return out, nil
}

// request checks and decodes what the host asks.
func (m *policyEntry) request(in *proto.StepRequest) (*StepRequest, error) {
	states, err := wire.UnpackStates(in.GetStates())
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	if len(in.GetRows()) != len(states) {
		return nil, status.Errorf(codes.InvalidArgument, "%d states with %d numbers of rows", len(states), len(in.GetRows()))
	}
	condition, err := completed(m.info.Conditions, in.GetCondition())
	if err != nil {
		return nil, err
	}
	req := &StepRequest{Condition: condition, States: states, Rows: make([]int, len(states)), Columns: m.columns, Places: in.GetPlaces()}
	cells := uint64(0)
	for i, n := range in.GetRows() {
		req.Rows[i] = int(n)
		cells += uint64(n) * uint64(max(m.columns, m.info.Width))
		if 4*cells > MaxMessage {
			return nil, status.Errorf(codes.InvalidArgument, "the answer for %d states does not fit into a message; ask for fewer", len(states))
		}
	}
	return req, nil
}

// reply is a zeroed reply of the right lengths, out of the pool where one fits.
func (m *policyEntry) reply(req *StepRequest) *StepReply {
	r, ok := m.replies.Get().(*StepReply)
	if !ok {
		return NewStepReply(req, m.info)
	}
	r.at = append(r.at[:0], 0)
	rows := 0
	for _, n := range req.Rows {
		rows += n
		r.at = append(r.at, rows)
	}
	r.Stop = zeroed(r.Stop, len(req.States))
	if m.info.Width > 0 {
		r.Queries = zeroed(r.Queries, rows*m.info.Width)
	} else {
		r.Attach = zeroed(r.Attach, rows*req.Columns)
	}
	return r
}

// zeroed is a slice of n zeros in the room of x where that is enough.
func zeroed(x []float32, n int) []float32 {
	if cap(x) < n {
		return make([]float32, n)
	}
	x = x[:n]
	clear(x)
	return x
}
