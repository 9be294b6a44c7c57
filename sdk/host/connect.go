package host

import (
	"context"
	"errors"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/molsculpt/molsculpt/sdk"
)

// Plugins is what go-plugin dispenses a *Client from, under sdk.ServiceName.
func Plugins(name string, opt Options) map[int]plugin.PluginSet {
	return map[int]plugin.PluginSet{
		sdk.ProtocolVersion: {sdk.ServiceName: &goPlugin{name: name, opt: opt}},
	}
}

// DialOptions are the gRPC options of a host's connection: message sizes.
func DialOptions() []grpc.DialOption {
	return []grpc.DialOption{grpc.WithDefaultCallOptions(
		grpc.MaxCallRecvMsgSize(sdk.MaxMessage),
		grpc.MaxCallSendMsgSize(sdk.MaxMessage),
	)}
}

type goPlugin struct {
	plugin.NetRPCUnsupportedPlugin
	name string
	opt  Options
}

var _ plugin.GRPCPlugin = (*goPlugin)(nil)

func (g *goPlugin) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error {
	return errors.New("host: a host serves no plugin")
}

func (g *goPlugin) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return New(g.name, conn, g.opt), nil
}
