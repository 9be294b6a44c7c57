package sdk

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/molsculpt/molsculpt/sdk/internal/wire"
	"github.com/molsculpt/molsculpt/sdk/proto"
)

// guideServer puts a Guide behind the protocol.
type guideServer struct {
	proto.UnimplementedGuideServer
	guide  Guide
	models *shelf[*guideEntry]
}

type guideEntry struct {
	GuideModel
	info    GuideInfo
	columns int
}

func (s *guideServer) Load(stream grpc.ClientStreamingServer[proto.LoadRequest, proto.LoadGuideReply]) error {
	req, err := receiveLoad(stream)
	if err != nil {
		return err
	}
	m, err := made(s.guide.Load(stream.Context(), req))
	if err != nil {
		return err
	}
	info := m.Info()
	if _, ok := m.(ActionGuideModel); info.Actions != NoActions && !ok {
		return toStatus(fmt.Errorf("the guide announces actions and does not answer for them"))
	}
	reply := &proto.LoadGuideReply{
		Handle:     s.models.put(&guideEntry{m, info, req.Space.Columns}),
		Conditions: conditionsToWire(info.Conditions),
		Outcomes:   info.Outcomes, Dimension: uint32(info.Dimension),
		Models: info.Models, Ordered: info.Ordered, Actions: proto.ActionHead(info.Actions),
		Process: info.Process, Parameters: info.Parameters, End: info.End,
	}
	for _, list := range info.Lists {
		w := &proto.Observations{}
		for _, y := range list {
			w.Model = append(w.Model, uint32(y))
		}
		reply.Lists = append(reply.Lists, w)
	}
	return stream.SendAndClose(reply)
}

func (s *guideServer) Unload(_ context.Context, req *proto.UnloadRequest) (*proto.UnloadReply, error) {
	return &proto.UnloadReply{}, s.models.drop(req.GetHandle())
}

func (s *guideServer) LogQ(ctx context.Context, in *proto.GuideRequest) (*proto.GuideReply, error) {
	m, done, err := s.models.take(in.GetHandle())
	if err != nil {
		return nil, err
	}
	defer done()
	req := &GuideRequest{Gradient: in.GetGradient()}
	if req.Condition, err = completed(m.info.Conditions, in.GetCondition()); err != nil {
		return nil, err
	}
	if m.info.Dimension > 0 {
		if req.Points, req.Times, err = pointsFromWire(in.GetPoints(), in.GetTimes(), m.info.Dimension); err != nil {
			return nil, err
		}
	} else {
		if req.States, err = wire.UnpackStates(in.GetStates()); err != nil {
			return nil, status.Error(codes.InvalidArgument, err.Error())
		}
		if req.Finished = in.GetFinished(); len(req.Finished) != 0 && len(req.Finished) != len(req.States) {
			return nil, status.Errorf(codes.InvalidArgument, "%d states, of %d it is said whether they are finished", len(req.States), len(req.Finished))
		}
	}
	reply, err := m.LogQ(ctx, req)
	if err != nil {
		return nil, toStatus(err)
	}
	return &proto.GuideReply{LogQ: wire.AppendFloats(nil, reply.LogQ), Gradient: wire.AppendFloats(nil, reply.Gradient)}, nil
}

func (s *guideServer) LogQActions(ctx context.Context, in *proto.GuideActionsRequest) (*proto.GuideActionsReply, error) {
	m, done, err := s.models.take(in.GetHandle())
	if err != nil {
		return nil, err
	}
	defer done()
	guide, ok := m.GuideModel.(ActionGuideModel)
	if !ok || m.info.Actions == NoActions {
		return nil, status.Error(codes.Unimplemented, "this guide does not answer for actions")
	}
	condition, err := completed(m.info.Conditions, in.GetCondition())
	if err != nil {
		return nil, err
	}
	states, err := wire.UnpackStates(in.GetStates())
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	if len(in.GetRows()) != len(states) {
		return nil, status.Errorf(codes.InvalidArgument, "%d states with %d numbers of rows", len(states), len(in.GetRows()))
	}
	req := &ActionRequest{Condition: condition, States: states, Rows: make([]int, len(states)), Columns: m.columns, Places: in.GetPlaces()}
	outcomes := len(m.info.Outcomes)
	numbers := uint64(0)
	for i, n := range in.GetRows() {
		req.Rows[i] = int(n)
		numbers += (uint64(n)*uint64(m.columns) + 1) * uint64(outcomes)
		if 4*numbers > MaxMessage {
			return nil, status.Errorf(codes.InvalidArgument, "the answer for %d states does not fit into a message; ask for fewer", len(states))
		}
	}
	reply := NewActionReply(req, outcomes)
	if err := guide.LogQActions(ctx, req, reply); err != nil {
		return nil, toStatus(err)
	}
	return &proto.GuideActionsReply{Stop: wire.AppendFloats(nil, reply.Stop), Attach: wire.AppendFloats(nil, reply.Attach)}, nil
}
