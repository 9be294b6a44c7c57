package sdk

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/molsculpt/molsculpt/sdk/internal/wire"
	"github.com/molsculpt/molsculpt/sdk/proto"
)

// diffusionServer puts a Diffusion behind the protocol.
type diffusionServer struct {
	proto.UnimplementedDiffusionServer
	diffusion Diffusion
	models    *shelf[*diffusionEntry]
}

type diffusionEntry struct {
	DiffusionModel
	info DiffusionInfo
}

func (s *diffusionServer) Load(stream grpc.ClientStreamingServer[proto.LoadRequest, proto.LoadDiffusionReply]) error {
	req, err := receiveLoad(stream)
	if err != nil {
		return err
	}
	m, err := made(s.diffusion.Load(stream.Context(), req))
	if err != nil {
		return err
	}
	info := m.Info()
	return stream.SendAndClose(&proto.LoadDiffusionReply{
		Handle:     s.models.put(&diffusionEntry{m, info}),
		Conditions: conditionsToWire(info.Conditions),
		Dimension:  uint32(info.Dimension), Process: info.Process, Parameters: info.Parameters,
	})
}

func (s *diffusionServer) Unload(_ context.Context, req *proto.UnloadRequest) (*proto.UnloadReply, error) {
	return &proto.UnloadReply{}, s.models.drop(req.GetHandle())
}

func (s *diffusionServer) Score(ctx context.Context, in *proto.DiffusionRequest) (*proto.DiffusionReply, error) {
	m, done, err := s.models.take(in.GetHandle())
	if err != nil {
		return nil, err
	}
	defer done()
	condition, err := completed(m.info.Conditions, in.GetCondition())
	if err != nil {
		return nil, err
	}
	points, times, err := pointsFromWire(in.GetPoints(), in.GetTimes(), m.info.Dimension)
	if err != nil {
		return nil, err
	}
	score, err := m.Score(ctx, &DiffusionRequest{Condition: condition, Points: points, Times: times})
	if err != nil {
		return nil, toStatus(err)
	}
	return &proto.DiffusionReply{Score: wire.AppendFloats(nil, score)}, nil
}

// guideServer puts a Guide behind the protocol.
type guideServer struct {
	proto.UnimplementedGuideServer
	guide  Guide
	models *shelf[*guideEntry]
}

type guideEntry struct {
	GuideModel
	info GuideInfo
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
	return stream.SendAndClose(&proto.LoadGuideReply{
		Handle:     s.models.put(&guideEntry{m, info}),
		Conditions: conditionsToWire(info.Conditions),
		Outcomes:   info.Outcomes, Dimension: uint32(info.Dimension),
	})
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
	} else if req.States, err = wire.UnpackStates(in.GetStates()); err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	reply, err := m.LogQ(ctx, req)
	if err != nil {
		return nil, toStatus(err)
	}
	return &proto.GuideReply{LogQ: wire.AppendFloats(nil, reply.LogQ), Gradient: wire.AppendFloats(nil, reply.Gradient)}, nil
}

// pointsFromWire decodes points of a dimension with one time each.
func pointsFromWire(points, times []byte, dimension int) ([]float32, []float64, error) {
	n, err := split("points", len(points)/4, dimension)
	if err != nil {
		return nil, nil, err
	}
	if len(points)%4 != 0 || len(times) != 8*n {
		return nil, nil, status.Errorf(codes.InvalidArgument, "%d points with %d bytes of times", n, len(times))
	}
	return wire.Floats(nil, points), wire.Doubles(times), nil
}
