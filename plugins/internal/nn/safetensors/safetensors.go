// Package safetensors reads and writes the safetensors format: a length, a JSON
// header that names tensors with their types, shapes and places, and the bytes.
// Nothing in such a file can execute. Reading trusts nothing: lengths, shapes
// and places are checked before any of them is used.
package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// DType is the type of a tensor's numbers, as the format spells it.
type DType string

// The types that this package converts. Files with others can be read and
// written, as bytes.
const (
	F64 DType = "F64"
	F32 DType = "F32"
	F16 DType = "F16"
	U8  DType = "U8"
)

var sizes = map[DType]int{
	F64: 8, F32: 4, F16: 2, U8: 1,
	"BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U64": 8, "U32": 4, "U16": 2, "BOOL": 1,
}

// Tensor is a named array, row-major and little-endian.
type Tensor struct {
	Name  string
	DType DType
	Shape []int
	Data  []byte
}

// File is the content of a safetensors file.
type File struct {
	Metadata map[string]string
	Tensors  []Tensor
}

const metadataKey = "__metadata__"

// maxHeader bounds the JSON header, in bytes.
const maxHeader = 100 << 20

type entry struct {
	DType   DType    `json:"dtype"`
	Shape   []int    `json:"shape"`
	Offsets [2]int64 `json:"data_offsets"`
}

// Encode writes the file. Equal files have equal bytes: tensors stay in their
// order, the header's keys are sorted.
func (f *File) Encode() ([]byte, error) {
	header := map[string]any{}
	if len(f.Metadata) > 0 {
		header[metadataKey] = f.Metadata
	}
	var at int64
	for _, t := range f.Tensors {
		if t.Name == metadataKey || header[t.Name] != nil {
			return nil, fmt.Errorf("safetensors: encode %q: the name is taken", t.Name)
		}
		n, err := t.bytes()
		if err != nil {
			return nil, fmt.Errorf("safetensors: encode %q: %w", t.Name, err)
		}
		if n != int64(len(t.Data)) {
			return nil, fmt.Errorf("safetensors: encode %q: %d bytes of data for %d", t.Name, len(t.Data), n)
		}
		shape := t.Shape
		if shape == nil {
			shape = []int{}
		}
		header[t.Name] = entry{t.DType, shape, [2]int64{at, at + n}}
		at += n
	}
	h, err := json.Marshal(header)
	if err != nil {
		return nil, fmt.Errorf("safetensors: encode header: %w", err)
	}
	for len(h)%8 != 0 {
		h = append(h, ' ')
	}
	out := make([]byte, 0, 8+int64(len(h))+at)
	out = binary.LittleEndian.AppendUint64(out, uint64(len(h)))
	out = append(out, h...)
	for _, t := range f.Tensors {
		out = append(out, t.Data...)
	}
	return out, nil
}

// bytes is how many bytes the tensor's type and shape call for.
func (t *Tensor) bytes() (int64, error) {
	size, ok := sizes[t.DType]
	if !ok {
		return 0, fmt.Errorf("unknown type %q", t.DType)
	}
	n := int64(size)
	for _, d := range t.Shape {
		if d < 0 || (d > 0 && n > math.MaxInt64/8/int64(d)) {
			return 0, fmt.Errorf("impossible shape %v", t.Shape)
		}
		n *= int64(d)
	}
	return n, nil
}

// Decode reads a file. The tensors share the memory of data.
func Decode(data []byte) (*File, error) {
	if len(data) < 8 {
		return nil, errors.New("safetensors: decode: shorter than the length of its header; the file is cut off or of another format")
	}
	n := binary.LittleEndian.Uint64(data)
	if n > maxHeader || n > uint64(len(data)-8) {
		return nil, fmt.Errorf("safetensors: decode: a header of %d bytes in a file of %d; the file is cut off or of another format", n, len(data))
	}
	var header map[string]json.RawMessage
	if err := json.Unmarshal(data[8:8+n], &header); err != nil {
		return nil, fmt.Errorf("safetensors: decode header: %w", err)
	}
	body := data[8+n:]
	f := &File{}
	var starts []int64
	for name, raw := range header {
		if name == metadataKey {
			if err := json.Unmarshal(raw, &f.Metadata); err != nil {
				return nil, fmt.Errorf("safetensors: decode metadata: %w", err)
			}
			continue
		}
		var e entry
		if err := json.Unmarshal(raw, &e); err != nil {
			return nil, fmt.Errorf("safetensors: decode %q: %w", name, err)
		}
		t := Tensor{Name: name, DType: e.DType, Shape: e.Shape}
		want, err := t.bytes()
		if err != nil {
			return nil, fmt.Errorf("safetensors: decode %q: %w", name, err)
		}
		from, to := e.Offsets[0], e.Offsets[1]
		if from < 0 || to < from || to > int64(len(body)) || to-from != want {
			return nil, fmt.Errorf("safetensors: decode %q: bytes %d to %d of %d, but its shape takes %d", name, from, to, len(body), want)
		}
		t.Data = body[from:to:to]
		f.Tensors = append(f.Tensors, t)
		starts = append(starts, from)
	}
	order := make([]int, len(starts))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		if starts[a] != starts[b] {
			return int(min(max(starts[a]-starts[b], -1), 1))
		}
		if c := len(f.Tensors[a].Data) - len(f.Tensors[b].Data); c != 0 {
			return c
		}
		return strings.Compare(f.Tensors[a].Name, f.Tensors[b].Name)
	})
	sorted := make([]Tensor, len(order))
	var at int64
	for k, i := range order {
		sorted[k] = f.Tensors[i]
		if starts[i] != at {
			return nil, fmt.Errorf("safetensors: decode %q: it starts at byte %d, the one before ends at %d", sorted[k].Name, starts[i], at)
		}
		at += int64(len(sorted[k].Data))
	}
	if at != int64(len(body)) {
		return nil, fmt.Errorf("safetensors: decode: %d bytes behind the last tensor", int64(len(body))-at)
	}
	f.Tensors = sorted
	return f, nil
}

// Get is the tensor with that name.
func (f *File) Get(name string) (*Tensor, error) {
	for i := range f.Tensors {
		if f.Tensors[i].Name == name {
			return &f.Tensors[i], nil
		}
	}
	return nil, fmt.Errorf("safetensors: no tensor %q", name)
}

// Add appends a tensor.
func (f *File) Add(t Tensor) { f.Tensors = append(f.Tensors, t) }

// Floats converts a tensor of any float type to float32; a value that does not
// fit is an error, as is one that is not finite.
func (t *Tensor) Floats() ([]float32, error) {
	var out []float32
	switch t.DType {
	case F32:
		out = make([]float32, len(t.Data)/4)
		for i := range out {
			out[i] = math.Float32frombits(binary.LittleEndian.Uint32(t.Data[4*i:]))
		}
	case F16:
		out = make([]float32, len(t.Data)/2)
		for i := range out {
			out[i] = FromHalf(binary.LittleEndian.Uint16(t.Data[2*i:]))
		}
	case F64:
		out = make([]float32, len(t.Data)/8)
		for i := range out {
			out[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(t.Data[8*i:])))
		}
	default:
		return nil, fmt.Errorf("safetensors: %q has type %s, not a float", t.Name, t.DType)
	}
	for i, v := range out {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return nil, fmt.Errorf("safetensors: %q: value %d is %v", t.Name, i, v)
		}
	}
	return out, nil
}

// Float32 makes a tensor of 32-bit floats.
func Float32(name string, data []float32, shape ...int) Tensor {
	b := make([]byte, 0, 4*len(data))
	for _, v := range data {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return Tensor{name, F32, shape, b}
}

// Float16 makes a tensor of 16-bit floats, rounded to nearest, ties to even. A
// value beyond 65504 is an error.
func Float16(name string, data []float32, shape ...int) (Tensor, error) {
	b := make([]byte, 0, 2*len(data))
	for i, v := range data {
		h := Half(v)
		if h&0x7c00 == 0x7c00 {
			return Tensor{}, fmt.Errorf("safetensors: %q: value %d is %v, which 16 bits cannot hold", name, i, v)
		}
		b = binary.LittleEndian.AppendUint16(b, h)
	}
	return Tensor{name, F16, shape, b}, nil
}

// Float64 makes a tensor of 64-bit floats.
func Float64(name string, data []float64, shape ...int) Tensor {
	b := make([]byte, 0, 8*len(data))
	for _, v := range data {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return Tensor{name, F64, shape, b}
}

// Doubles reads a tensor of 64-bit floats.
func (t *Tensor) Doubles() ([]float64, error) {
	if t.DType != F64 {
		return nil, fmt.Errorf("safetensors: %q has type %s, not F64", t.Name, t.DType)
	}
	out := make([]float64, len(t.Data)/8)
	for i := range out {
		out[i] = math.Float64frombits(binary.LittleEndian.Uint64(t.Data[8*i:]))
	}
	return out, nil
}

// Half is the 16-bit float nearest to v.
func Half(v float32) uint16 {
	b := math.Float32bits(v)
	sign := uint16(b >> 16 & 0x8000)
	exp := int(b>>23&0xff) - 127
	frac := b & 0x7fffff
	switch {
	case exp == 128: // infinite or not a number
		if frac != 0 {
			return sign | 0x7e00
		}
		return sign | 0x7c00
	case exp > 15:
		return sign | 0x7c00
	case exp >= -14:
		h := uint32(exp+15)<<10 | frac>>13
		return sign | uint16(roundHalf(h, frac&0x1fff, 0x1000))
	case exp >= -25:
		full := frac | 0x800000
		shift := uint(-exp - 14 + 13)
		return sign | uint16(roundHalf(full>>shift, full&(1<<shift-1), 1<<(shift-1)))
	}
	return sign
}

func roundHalf(h, rest, half uint32) uint32 {
	if rest > half || rest == half && h&1 == 1 {
		h++
	}
	return h
}

// FromHalf widens a 16-bit float; it is exact.
func FromHalf(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exp, frac := uint32(h>>10&0x1f), uint32(h&0x3ff)
	switch exp {
	case 31:
		return math.Float32frombits(sign | 0x7f800000 | frac<<13)
	case 0:
		v := float32(frac) / (1 << 24)
		if sign != 0 {
			v = -v
		}
		return v
	}
	return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
}

// Equal reports whether two files hold the same.
func Equal(a, b *File) bool {
	x, errA := a.Encode()
	y, errB := b.Encode()
	return errA == nil && errB == nil && bytes.Equal(x, y)
}
