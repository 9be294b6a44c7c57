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
		Dimension:  uint32(info.Dimension), Process: info.Process, Parameters: info.Parameters, End: info.End,
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
