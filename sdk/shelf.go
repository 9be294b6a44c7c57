package sdk

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/molsculpt/molsculpt/sdk/internal/wire"
	"github.com/molsculpt/molsculpt/sdk/proto"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// shelf keeps loaded models by handle. A handle begins with a number that only
// this process has, so that a handle of a process that died is unknown, never
// another model.
type shelf[M interface{ Close() error }] struct {
	mu      sync.Mutex
	process string
	next    int
	slots   map[string]*slot[M]
}

type slot[M any] struct {
	model    M
	calls    int
	unloaded bool
}

func newShelf[M interface{ Close() error }]() *shelf[M] {
	return &shelf[M]{process: rand.Text()[:12], slots: map[string]*slot[M]{}}
}

// put stores a model and names it.
func (s *shelf[M]) put(m M) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	handle := s.process + "-" + strconv.Itoa(s.next)
	s.slots[handle] = &slot[M]{model: m}
	return handle
}

// take is the model of a handle for one call, which ends with done.
func (s *shelf[M]) take(handle string) (m M, done func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sl, ok := s.slots[handle]
	if !ok {
		return m, nil, status.Errorf(codes.NotFound, "unknown model handle %q", handle)
	}
	sl.calls++
	return sl.model, func() {
		s.mu.Lock()
		sl.calls--
		last := sl.unloaded && sl.calls == 0
		s.mu.Unlock()
		if last {
			_ = sl.model.Close()
		}
	}, nil
}

// drop takes a model away; it is closed after its last call.
func (s *shelf[M]) drop(handle string) error {
	s.mu.Lock()
	sl, ok := s.slots[handle]
	if !ok {
		s.mu.Unlock()
		return status.Errorf(codes.NotFound, "unknown model handle %q", handle)
	}
	delete(s.slots, handle)
	sl.unloaded = true
	idle := sl.calls == 0
	s.mu.Unlock()
	if idle {
		return toStatus(sl.model.Close())
	}
	return nil
}

// closeAll drops every model.
func (s *shelf[M]) closeAll() {
	s.mu.Lock()
	handles := make([]string, 0, len(s.slots))
	for h := range s.slots {
		handles = append(handles, h)
	}
	s.mu.Unlock()
	for _, h := range handles {
		_ = s.drop(h)
	}
}

// receiveLoad reads a whole Load.
func receiveLoad(stream interface {
	Recv() (*proto.LoadRequest, error)
},
) (LoadRequest, error) {
	first, err := stream.Recv()
	if err != nil {
		return LoadRequest{}, err
	}
	h := first.GetHeader()
	if h == nil {
		return LoadRequest{}, status.Error(codes.InvalidArgument, "Load does not begin with a header")
	}
	req := LoadRequest{Options: h.GetOptions(), Space: spaceFromWire(h.GetSpace())}
	wantWeights := len(h.GetWeightsSha256()) > 0
	for wantDefinition := h.GetHasDefinition(); wantDefinition || wantWeights; {
		kind := proto.Chunk_KIND_WEIGHTS
		if wantDefinition {
			kind = proto.Chunk_KIND_DEFINITION
		}
		data, err := receiveBlob(kind, func() (*proto.Chunk, error) {
			m, err := stream.Recv()
			return m.GetChunk(), err
		})
		if err != nil {
			return LoadRequest{}, err
		}
		if wantDefinition {
			req.Space.Definition, wantDefinition = data, false
			continue
		}
		req.Weights, wantWeights = data, false
		sum := sha256.Sum256(data)
		if !bytes.Equal(sum[:], h.GetWeightsSha256()) {
			return LoadRequest{}, status.Errorf(codes.InvalidArgument,
				"the weights have sha256 %x, not %x as announced", sum, h.GetWeightsSha256())
		}
		req.SHA256 = hex.EncodeToString(sum[:])
	}
	return req, nil
}

// receiveBlob reads the chunks of one thing.
func receiveBlob(kind proto.Chunk_Kind, next func() (*proto.Chunk, error)) ([]byte, error) {
	var j wire.Joiner
	for {
		c, err := next()
		if err != nil {
			return nil, err
		}
		if c.GetKind() != kind {
			return nil, status.Errorf(codes.InvalidArgument, "a chunk of %v where one of %v has to come", c.GetKind(), kind)
		}
		data, done, err := j.Add(c)
		if err != nil {
			return nil, status.Error(codes.InvalidArgument, err.Error())
		}
		if done {
			return data, nil
		}
	}
}

func spaceFromWire(s *proto.Space) SpaceDefinition {
	return SpaceDefinition{
		Descriptor: space.Descriptor{Kind: s.GetKind(), Digest: s.GetDigest(), Kernel: s.GetKernel(), MaxSize: int(s.GetMaxSize())},
		Columns:    int(s.GetColumns()),
	}
}

func conditionsToWire(cs []Condition) []*proto.Condition {
	out := make([]*proto.Condition, len(cs))
	for i, c := range cs {
		out[i] = &proto.Condition{Name: c.Name, Min: c.Min, Max: c.Max, Default: c.Default, Summary: c.Summary}
	}
	return out
}

// completed is [Complete] as an error of a call.
func completed(schema []Condition, given map[string]float64) (map[string]float64, error) {
	values, err := Complete(schema, given)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	return values, nil
}

// made refuses a nil model without an error, which would fail much later.
func made[M comparable](m M, err error) (M, error) {
	var zero M
	switch {
	case err != nil:
		return zero, toStatus(err)
	case m == zero:
		return zero, status.Error(codes.Internal, errors.New("Load returned no model and no error").Error())
	}
	return m, nil
}

// split checks that n numbers are points of a dimension.
func split(what string, n, dimension int) (int, error) {
	if dimension <= 0 || n%dimension != 0 {
		return 0, status.Error(codes.InvalidArgument, fmt.Sprintf("%d numbers are no %s of dimension %d", n, what, dimension))
	}
	return n / dimension, nil
}
