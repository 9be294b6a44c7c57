package sdk

import (
	"context"

	"google.golang.org/grpc"

	"github.com/molsculpt/molsculpt/sdk/proto"
)

// scorerServer puts a Scorer behind the protocol.
type scorerServer struct {
	proto.UnimplementedScorerServer
	scorer Scorer
	models *shelf[*scorerEntry]
}

type scorerEntry struct{ ScorerModel }

var wireStatus = map[Status]proto.Status{
	OK:            proto.Status_STATUS_OK,
	ScoreFailed:   proto.Status_STATUS_FAILED,
	TimedOut:      proto.Status_STATUS_TIMED_OUT,
	NotApplicable: proto.Status_STATUS_NOT_APPLICABLE,
}

// statusFromWire is the reverse of wireStatus, 0 for what is not a status.
func statusFromWire(s proto.Status) Status {
	for k, v := range wireStatus {
		if v == s {
			return k
		}
	}
	return 0
}

func (s *scorerServer) Load(stream grpc.ClientStreamingServer[proto.LoadRequest, proto.LoadScorerReply]) error {
	req, err := receiveLoad(stream)
	if err != nil {
		return err
	}
	m, err := made(s.scorer.Load(stream.Context(), req))
	if err != nil {
		return err
	}
	reply := &proto.LoadScorerReply{Handle: s.models.put(&scorerEntry{m})}
	for _, o := range m.Info().Outputs {
		reply.Outputs = append(reply.Outputs, &proto.Output{
			Name: o.Name, Unit: o.Unit, Low: o.Low, High: o.High, HigherIsBetter: o.HigherIsBetter, Summary: o.Summary,
		})
	}
	return stream.SendAndClose(reply)
}

func (s *scorerServer) Unload(_ context.Context, req *proto.UnloadRequest) (*proto.UnloadReply, error) {
	return &proto.UnloadReply{}, s.models.drop(req.GetHandle())
}

func (s *scorerServer) Score(ctx context.Context, in *proto.ScoreRequest) (*proto.ScoreReply, error) {
	m, done, err := s.models.take(in.GetHandle())
	if err != nil {
		return nil, err
	}
	defer done()
	scores, err := m.Score(ctx, in.GetSmiles())
	if err != nil {
		return nil, toStatus(err)
	}
	reply := &proto.ScoreReply{Scores: make([]*proto.Score, len(scores))}
	for i, sc := range scores {
		reply.Scores[i] = &proto.Score{Status: wireStatus[sc.Status], Values: sc.Values, Reason: sc.Reason}
	}
	return reply, nil
}
