package plugintest

import (
	"context"
	"net"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
)

// Serve serves a plugin in memory, over the real protocol but without a
// process. Call stop when done with the client.
func Serve(p sdk.Plugin, opt host.Options) (client *host.Client, stop func()) {
	return ServeWith(p.Name, opt, func(s *grpc.Server) { sdk.Register(s, p) })
}

// ServeWith is Serve for services that are registered by hand, as those of a
// plugin that breaks the protocol have to be.
func ServeWith(name string, opt host.Options, register func(*grpc.Server)) (client *host.Client, stop func()) {
	listener := bufconn.Listen(1 << 20)
	server := grpc.NewServer(sdk.ServerOptions()...)
	register(server)
	var wg sync.WaitGroup
	wg.Go(func() { _ = server.Serve(listener) })
	conn, err := grpc.NewClient("passthrough:memory", append(host.DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
	)...)
	if err != nil {
		panic("plugintest: the in-memory connection was refused: " + err.Error())
	}
	return host.New(name, conn, opt), func() {
		_ = conn.Close()
		server.Stop()
		wg.Wait()
	}
}
