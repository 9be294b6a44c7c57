// Package wire packs what the plugin protocol carries: numbers as
// little-endian bytes, states end to end, large things in chunks. Both sides
// of the protocol use it.
package wire

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/molsculpt/molsculpt/sdk/proto"
)

const (
	// MaxMessage is the largest message that either side accepts, in bytes.
	MaxMessage = 256 << 20
	// ChunkSize is the size of a chunk, in bytes.
	ChunkSize = 1 << 20
	// MaxBlob is the largest thing that is accepted in chunks, in bytes.
	MaxBlob = 1 << 30
)

// Send cuts data into chunks and hands them to send in order; empty data is
// one empty chunk.
func Send(kind proto.Chunk_Kind, data []byte, send func(*proto.Chunk) error) error {
	sum := sha256.Sum256(data)
	for {
		n := min(len(data), ChunkSize)
		c := &proto.Chunk{Kind: kind, Data: data[:n]}
		data = data[n:]
		if len(data) == 0 {
			c.Last, c.Sha256 = true, sum[:]
		}
		if err := send(c); err != nil {
			return err
		}
		if c.Last {
			return nil
		}
	}
}

// Joiner puts chunks together again. The zero value is ready; one Joiner takes
// any number of things one after another.
type Joiner struct {
	kind proto.Chunk_Kind
	buf  bytes.Buffer
}

// Add takes the next chunk. When that was the last of its thing, done is true
// and data is the whole, whose sha256 was right.
func (j *Joiner) Add(c *proto.Chunk) (data []byte, done bool, err error) {
	if c == nil || c.GetKind() == proto.Chunk_KIND_UNSPECIFIED {
		return nil, false, errors.New("chunk without a kind")
	}
	if j.kind != proto.Chunk_KIND_UNSPECIFIED && j.kind != c.GetKind() {
		return nil, false, fmt.Errorf("chunk of %v inside %v", c.GetKind(), j.kind)
	}
	if j.buf.Len()+len(c.GetData()) > MaxBlob {
		return nil, false, fmt.Errorf("%v is larger than %d bytes", c.GetKind(), MaxBlob)
	}
	j.kind = c.GetKind()
	j.buf.Write(c.GetData())
	if !c.GetLast() {
		return nil, false, nil
	}
	sum := sha256.Sum256(j.buf.Bytes())
	if !bytes.Equal(sum[:], c.GetSha256()) {
		return nil, false, fmt.Errorf("%v arrived damaged: sha256 is %x, not %x", j.kind, sum, c.GetSha256())
	}
	data = bytes.Clone(j.buf.Bytes())
	if data == nil {
		data = []byte{}
	}
	j.kind = proto.Chunk_KIND_UNSPECIFIED
	j.buf = bytes.Buffer{}
	return data, true, nil
}

// Pending reports whether a thing has begun and not ended.
func (j *Joiner) Pending() bool { return j.kind != proto.Chunk_KIND_UNSPECIFIED }
