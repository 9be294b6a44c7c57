package sdk

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/molsculpt/molsculpt/sdk/proto"
)

// Register adds the services of a plugin to a gRPC server made with
// [ServerOptions]. Serve does both; they are for tests without a process.
func Register(s grpc.ServiceRegistrar, p Plugin) {
	var loaded []interface{ closeAll() }
	if p.Policy != nil {
		srv := &policyServer{policy: p.Policy, models: newShelf[*policyEntry]()}
		loaded = append(loaded, srv.models)
		proto.RegisterPolicyServer(s, srv)
	} else {
		proto.RegisterPolicyServer(s, proto.UnimplementedPolicyServer{})
	}
	if p.Diffusion != nil {
		srv := &diffusionServer{diffusion: p.Diffusion, models: newShelf[*diffusionEntry]()}
		loaded = append(loaded, srv.models)
		proto.RegisterDiffusionServer(s, srv)
	} else {
		proto.RegisterDiffusionServer(s, proto.UnimplementedDiffusionServer{})
	}
	if p.Guide != nil {
		srv := &guideServer{guide: p.Guide, models: newShelf[*guideEntry]()}
		loaded = append(loaded, srv.models)
		proto.RegisterGuideServer(s, srv)
	} else {
		proto.RegisterGuideServer(s, proto.UnimplementedGuideServer{})
	}
	if p.Scorer != nil {
		srv := &scorerServer{scorer: p.Scorer, models: newShelf[*scorerEntry]()}
		loaded = append(loaded, srv.models)
		proto.RegisterScorerServer(s, srv)
	} else {
		proto.RegisterScorerServer(s, proto.UnimplementedScorerServer{})
	}
	if p.Trainer != nil {
		proto.RegisterTrainerServer(s, &trainerServer{trainer: p.Trainer})
	} else {
		proto.RegisterTrainerServer(s, proto.UnimplementedTrainerServer{})
	}
	proto.RegisterPluginServer(s, &pluginServer{plugin: p, loaded: loaded})
}

// ServerOptions are the options that a gRPC server of a plugin needs: message
// sizes, and panics turned into errors of their call.
func ServerOptions() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.MaxRecvMsgSize(MaxMessage),
		grpc.MaxSendMsgSize(MaxMessage),
		grpc.ChainUnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (reply any, err error) {
			defer recovered(&err)
			return next(ctx, req)
		}),
		grpc.ChainStreamInterceptor(func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) (err error) {
			defer recovered(&err)
			return next(srv, stream)
		}),
	}
}

// panicPrefix marks the message of an error that was a panic.
const panicPrefix = "panic: "

// recovered turns a panic into an error with the stack that it came from.
func recovered(err *error) {
	r := recover()
	if r == nil {
		return
	}
	stack := debug.Stack()
	if len(stack) > 8<<10 {
		stack = stack[:8<<10]
	}
	*err = status.Error(codes.Internal, fmt.Sprintf("%s%v\n%s", panicPrefix, r, stack))
}

// toStatus gives an author's error the code that the host understands.
func toStatus(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return status.Error(codes.Canceled, err.Error())
	case errors.Is(err, context.DeadlineExceeded):
		return status.Error(codes.DeadlineExceeded, err.Error())
	case errors.Is(err, ErrUnsupported):
		return status.Error(codes.Unimplemented, err.Error())
	case errors.Is(err, ErrUnknownHandle):
		return status.Error(codes.NotFound, err.Error())
	}
	if s, ok := status.FromError(err); ok && s.Code() != codes.Unavailable {
		return err
	}
	return status.Error(codes.Unknown, err.Error())
}

// pluginServer serves the service that every plugin has.
type pluginServer struct {
	proto.UnimplementedPluginServer
	plugin Plugin
	loaded []interface{ closeAll() }
}

var wireCapability = map[Capability]proto.Capability{
	CanPolicy:    proto.Capability_CAPABILITY_POLICY,
	CanDiffusion: proto.Capability_CAPABILITY_DIFFUSION,
	CanGuide:     proto.Capability_CAPABILITY_GUIDE,
	CanTrain:     proto.Capability_CAPABILITY_TRAINER,
	CanScore:     proto.Capability_CAPABILITY_SCORER,
}

func (s *pluginServer) Describe(context.Context, *proto.DescribeRequest) (*proto.DescribeReply, error) {
	d := s.plugin.Describe()
	reply := &proto.DescribeReply{
		Name: d.Name, Version: d.Version, Summary: d.Summary,
		Protocols: []uint32{ProtocolVersion}, SpaceKinds: d.SpaceKinds, ConfigSchema: []byte(d.ConfigSchema),
	}
	for _, c := range d.Capabilities {
		reply.Capabilities = append(reply.Capabilities, wireCapability[c])
	}
	return reply, nil
}

func (s *pluginServer) Health(ctx context.Context, _ *proto.HealthRequest) (*proto.HealthReply, error) {
	h := Health{Device: "cpu"}
	if s.plugin.Health != nil {
		h = s.plugin.Health(ctx)
	}
	state := proto.HealthReply_STATE_FAILED
	switch h.State {
	case Ready:
		state = proto.HealthReply_STATE_READY
	case Busy:
		state = proto.HealthReply_STATE_BUSY
	case Failed:
	}
	return &proto.HealthReply{State: state, Message: h.Message, Device: h.Device, MemoryBytes: h.Memory}, nil
}

func (s *pluginServer) Shutdown(ctx context.Context, _ *proto.ShutdownRequest) (*proto.ShutdownReply, error) {
	for _, l := range s.loaded {
		l.closeAll()
	}
	if s.plugin.Shutdown != nil {
		if err := s.plugin.Shutdown(ctx); err != nil {
			return nil, toStatus(err)
		}
	}
	return &proto.ShutdownReply{}, nil
}
