package wire

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"github.com/molsculpt/molsculpt/sdk/proto"
	"github.com/molsculpt/molsculpt/sdk/space"
	"pgregory.net/rapid"
)

func TestChunksGiveBackWhatWasSent(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, ChunkSize - 1, ChunkSize, ChunkSize + 1, 3*ChunkSize + 17} {
		data := bytes.Repeat([]byte{1, 2, 3}, size/3+1)[:size]
		var j Joiner
		var got []byte
		var ended int
		err := Send(proto.Chunk_KIND_WEIGHTS, data, func(c *proto.Chunk) error {
			b, done, err := j.Add(c)
			if done {
				got = b
				ended++
			}
			return err
		})
		if err != nil || ended != 1 || !bytes.Equal(got, data) || j.Pending() {
			t.Errorf("size %d: err %v, ended %d times, %d bytes, pending %v", size, err, ended, len(got), j.Pending())
		}
	}
}

func TestDamagedChunksAreRefused(t *testing.T) {
	t.Parallel()
	tests := map[string][]*proto.Chunk{
		"no kind":      {{Data: []byte("x"), Last: true}},
		"no sum":       {{Kind: proto.Chunk_KIND_WEIGHTS, Data: []byte("x"), Last: true}},
		"wrong sum":    {{Kind: proto.Chunk_KIND_WEIGHTS, Data: []byte("x"), Last: true, Sha256: make([]byte, 32)}},
		"mixed kinds":  {{Kind: proto.Chunk_KIND_WEIGHTS}, {Kind: proto.Chunk_KIND_CHECKPOINT}},
		"nothing sent": {nil},
	}
	for name, chunks := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var j Joiner
			var err error
			for _, c := range chunks {
				if _, _, err = j.Add(c); err != nil {
					return
				}
			}
			t.Error("accepted")
		})
	}
}

func TestStatesSurviveTheWire(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.SliceOf(rapid.SliceOf(rapid.Byte())).Draw(t, "states")
		states := make([]space.State, len(raw))
		for i, r := range raw {
			states[i] = space.State(r)
		}
		got, err := UnpackStates(PackStates(states))
		if err != nil || !slices.Equal(got, states) {
			t.Fatalf("got %q, %v", got, err)
		}
	})
	for _, bad := range []*proto.States{
		{Data: []byte("abc"), Lengths: []uint32{2}},
		{Data: []byte("abc"), Lengths: []uint32{2, 2}},
		{Data: []byte("abc"), Lengths: []uint32{math.MaxUint32, 4}},
	} {
		if _, err := UnpackStates(bad); err == nil {
			t.Errorf("lengths %v of 3 bytes accepted", bad.Lengths)
		}
	}
}

func TestNumbersSurviveTheWire(t *testing.T) {
	t.Parallel()
	x := []float32{0, -1.5, float32(math.Inf(-1)), math.MaxFloat32, math.SmallestNonzeroFloat32}
	b := AppendFloats([]byte("head"), x)[4:]
	if got := Floats(nil, b); !slices.Equal(got, x) || Float(b, 1) != -1.5 {
		t.Errorf("float32: %v", got)
	}
	y := []float64{0, math.Pi, math.Inf(1)}
	if got := Doubles(AppendDoubles(nil, y)); !slices.Equal(got, y) {
		t.Errorf("float64: %v", got)
	}
}
