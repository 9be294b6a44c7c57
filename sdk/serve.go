package sdk

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
)

// ServeOption changes how Serve works.
type ServeOption func(*serveConfig)

type serveConfig struct {
	debug bool
	level hclog.Level
	args  []string
}

// Debug keeps the plugin running when its parent ends, for a debugger between
// the host and the plugin.
func Debug() ServeOption { return func(c *serveConfig) { c.debug = true } }

// LogLevel is the least level of what go-plugin itself logs; warnings without it.
func LogLevel(l hclog.Level) ServeOption { return func(c *serveConfig) { c.level = l } }

// parentInterval is how often the parent process is looked at.
const parentInterval = 200 * time.Millisecond

// Serve runs the plugin until its host ends it. Call it first thing in main:
// what is printed before it can disturb the handshake where the host is not
// molsculpt's own.
//
// With the one argument "describe" it prints the plugin's description as JSON
// and ends the process; started by hand in any other way it says what the
// program is, and ends the process with status 1.
func Serve(p Plugin, opts ...ServeOption) {
	c := serveConfig{level: hclog.Warn, args: os.Args}
	for _, o := range opts {
		o(&c)
	}
	if len(c.args) == 2 && c.args[1] == "describe" {
		out, err := json.MarshalIndent(p.Describe(), "", "  ")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Printf("%s\n", out)
		os.Exit(0)
	}
	if os.Getenv(Handshake.MagicCookieKey) != Handshake.MagicCookieValue {
		fmt.Fprint(os.Stderr, byHand(p, c.args))
		os.Exit(1)
	}
	streams := claimStreams()
	logger := hclog.New(&hclog.LoggerOptions{Name: p.Name, Level: c.level, Output: streams.stderr, JSONFormat: true})
	if !c.debug {
		watch(logger)
	}
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig:  Handshake,
		VersionedPlugins: map[int]plugin.PluginSet{ProtocolVersion: {ServiceName: &goPlugin{plugin: p}}},
		Logger:           logger,
		GRPCServer: func(o []grpc.ServerOption) *grpc.Server {
			o = append(o, ServerOptions()...)
			return grpc.NewServer(append(o, streams.interceptors()...)...)
		},
	})
	removeSocketDir()
}

// byHand is what a person who starts the program reads. A program with
// arguments has the plugin inside, among other things: there it is known by its
// name alone.
func byHand(p Plugin, args []string) string {
	ref, describe := args[0], args[0]+" describe"
	if len(args) > 1 {
		ref, describe = p.Name, "molsculpt plugin info "+p.Name
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s is a plugin of molsculpt, which starts it when a campaign needs it.\n", p.Name, p.Version)
	fmt.Fprintf(&b, "What it can do:        %s\n", describe)
	fmt.Fprintf(&b, "In a campaign file:    plugin: %s\n", ref)
	fmt.Fprintf(&b, "To test it:            molsculpt plugin test %s\n", ref)
	return b.String()
}

// goPlugin registers a Plugin's services with go-plugin.
type goPlugin struct {
	plugin.NetRPCUnsupportedPlugin
	plugin Plugin
}

var _ plugin.GRPCPlugin = (*goPlugin)(nil)

func (g *goPlugin) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	Register(s, g.plugin)
	return nil
}

func (g *goPlugin) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, fmt.Errorf("sdk: a plugin is no host")
}

// watch ends the process when its parent has ended or when it is told to, and
// takes the socket with it.
func watch(logger hclog.Logger) {
	told := make(chan os.Signal, 1)
	signal.Notify(told, endSignals...)
	parent := os.Getppid()
	go func() {
		tick := time.NewTicker(parentInterval)
		defer tick.Stop()
		for {
			why := "ending, as the host is gone"
			select {
			case s := <-told:
				why = "ending on signal: " + s.String()
			case <-tick.C:
				if os.Getppid() == parent {
					continue
				}
			}
			// The reader of standard error may be gone: log last.
			removeSocketDir()
			logger.Warn(why)
			endGroup()
			os.Exit(0)
		}
	}()
}

// removeSocketDir removes the folder that the host made for the socket.
func removeSocketDir() {
	dir := os.Getenv(plugin.EnvUnixSocketDir)
	if strings.HasPrefix(filepath.Base(dir), SocketDirPrefix) {
		_ = os.RemoveAll(dir)
	}
}

// streams is the process's standard output and error while it serves.
type streams struct {
	stdout *os.File // the real one, for the handshake alone
	stderr *os.File
	pipes  [2]*os.File // what go-plugin puts in their place
	once   sync.Once
}

// interceptors put os.Stdout and os.Stderr back to the process's standard
// error at the first call. go-plugin replaces both by pipes that it copies over
// the connection just before it serves, so the last words before a crash would
// be lost in them.
func (s *streams) interceptors() []grpc.ServerOption {
	restore := func() {
		s.pipes = [2]*os.File{os.Stdout, os.Stderr} // kept, a finaliser would close them
		os.Stdout, os.Stderr = s.stderr, s.stderr
	}
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			s.once.Do(restore)
			return next(ctx, req)
		}),
		grpc.ChainStreamInterceptor(func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
			s.once.Do(restore)
			return next(srv, stream)
		}),
	}
}
