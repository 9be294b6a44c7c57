package wire

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/molsculpt/molsculpt/sdk/proto"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// AppendFloats appends x as little-endian float32.
func AppendFloats(dst []byte, x []float32) []byte {
	n := len(dst)
	dst = append(dst, make([]byte, 4*len(x))...)
	out := dst[n:]
	for i, v := range x {
		binary.LittleEndian.PutUint32(out[4*i:], math.Float32bits(v))
	}
	return dst
}

// Float is number i of little-endian float32 bytes.
func Float(b []byte, i int) float32 {
	return math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
}

// Floats decodes little-endian float32 bytes into dst, growing it as needed.
// The length of b is a multiple of 4.
func Floats(dst []float32, b []byte) []float32 {
	n := len(b) / 4
	if cap(dst) < n {
		dst = make([]float32, n)
	}
	dst = dst[:n]
	for i := range dst {
		dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return dst
}

// AppendDoubles appends x as little-endian float64.
func AppendDoubles(dst []byte, x []float64) []byte {
	for _, v := range x {
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(v))
	}
	return dst
}

// Doubles decodes little-endian float64 bytes; the length of b is a multiple
// of 8.
func Doubles(b []byte) []float64 {
	x := make([]float64, len(b)/8)
	for i := range x {
		x[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
	}
	return x
}

// PackStates lays states end to end.
func PackStates(states []space.State) *proto.States {
	n := 0
	for _, s := range states {
		n += len(s)
	}
	p := &proto.States{Data: make([]byte, 0, n), Lengths: make([]uint32, len(states))}
	for i, s := range states {
		p.Data = append(p.Data, s...)
		p.Lengths[i] = uint32(len(s))
	}
	return p
}

// UnpackStates is the reverse of PackStates for bytes from the other side.
func UnpackStates(p *proto.States) ([]space.State, error) {
	data := string(p.GetData())
	states := make([]space.State, len(p.GetLengths()))
	at := 0
	for i, n := range p.GetLengths() {
		if uint64(n) > uint64(len(data)-at) {
			return nil, fmt.Errorf("state %d of %d ends past the %d bytes of states", i, len(states), len(data))
		}
		states[i] = space.State(data[at : at+int(n)])
		at += int(n)
	}
	if at != len(data) {
		return nil, fmt.Errorf("%d bytes of states, lengths add up to %d", len(data), at)
	}
	return states, nil
}
