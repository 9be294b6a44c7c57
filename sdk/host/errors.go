package host

import (
	"context"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// fail turns the error of a call into the host's words, safe to print; nil
// stays nil. Where the caller's own context ended, that is the error.
func (c *Client) fail(ctx context.Context, call string, limit time.Duration, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("plugin %s: %s: %w", c.name, call, context.Cause(ctx))
	}
	e := &sdk.Error{Plugin: c.name, Call: call, Reason: Text(err.Error())}
	s, ok := status.FromError(err)
	if !ok {
		return e
	}
	e.Reason = Text(s.Message())
	switch s.Code() {
	case codes.Unimplemented:
		e.Err, e.Reason = sdk.ErrUnsupported, ""
	case codes.NotFound:
		e.Err = sdk.ErrUnknownHandle
	case codes.Unavailable, codes.Canceled:
		// Nobody cancelled on this side: the connection closed.
		e.Err, e.Reason = sdk.ErrGone, ""
	case codes.DeadlineExceeded:
		e.Err, e.Reason = sdk.ErrDeadline, fmt.Sprintf("no answer within %v", limit)
	case codes.ResourceExhausted:
		e.Reason += fmt.Sprintf(" (both sides allow messages of %d MiB)", sdk.MaxMessage>>20)
	case codes.Internal:
		if strings.HasPrefix(e.Reason, "panic: ") {
			e.Err = sdk.ErrPanic
		}
	default:
	}
	return e
}

// wrong is the error for an answer that breaks the protocol.
func (c *Client) wrong(call, place, format string, args ...any) error {
	return &sdk.Error{Plugin: c.name, Call: call, Place: Line(place), Reason: Text(fmt.Sprintf(format, args...)), Err: sdk.ErrAnswer}
}

// statePlace names state i of a batch.
func statePlace(i int, s space.State) string {
	const show = 40
	if len(s) > show {
		return fmt.Sprintf("state %d (%x... %d bytes)", i, string(s[:show]), len(s))
	}
	if s == "" {
		return fmt.Sprintf("state %d (the initial one)", i)
	}
	return fmt.Sprintf("state %d (%x)", i, string(s))
}
