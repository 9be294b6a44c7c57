package safetensors

import (
	"math"
	"testing"
)

func sample(t testing.TB) *File {
	t.Helper()
	h, err := Float16("half", []float32{1, -2, 0.333, 65504, 1e-7}, 5)
	if err != nil {
		t.Fatal(err)
	}
	return &File{
		Metadata: map[string]string{"format": "test", "card": `{"a":1}`},
		Tensors:  []Tensor{Float32("b", []float32{1, 2, 3, 4, 5, 6}, 2, 3), h, Float64("a", []float64{math.Pi}, 1), {"bytes", U8, []int{3}, []byte("abc")}, Float32("empty", nil, 0)},
	}
}

func TestFilesComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	f := sample(t)
	data, err := f.Encode()
	if err != nil {
		t.Fatal(err)
	}
	g, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if !Equal(f, g) {
		t.Fatal("another file came back")
	}
}

func TestHalfRoundsToNearest(t *testing.T) {
	t.Parallel()
	for h := range 1 << 16 {
		v := FromHalf(uint16(h))
		if math.IsNaN(float64(v)) {
			continue
		}
		if got := Half(v); got != uint16(h) {
			t.Fatalf("%#x widens to %v, which rounds to %#x", h, v, got)
		}
		if next := FromHalf(uint16(h) + 1); h&0x7fff < 0x7bff {
			low, high := v*0.51+next*0.49, v*0.49+next*0.51
			if Half(low) != uint16(h) || Half(high) != uint16(h)+1 {
				t.Fatalf("between %v and %v: %v to %#x, %v to %#x", v, next, low, Half(low), high, Half(high))
			}
		}
	}
}

func TestHalfRefusesWhatItCannotHold(t *testing.T) {
	t.Parallel()
	if _, err := Float16("x", []float32{1, 70000}, 2); err == nil {
		t.Fatal("70000 was accepted")
	}
}

func FuzzDecode(f *testing.F) {
	data, err := sample(f).Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(data[:20])
	f.Add([]byte("\x10\x00\x00\x00\x00\x00\x00\x00{\"a\":{\"dtype\":1}}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		g, err := Decode(data)
		if err != nil {
			return
		}
		for i := range g.Tensors {
			_, _ = g.Tensors[i].Floats()
		}
		again, err := g.Encode()
		if err != nil {
			t.Fatalf("a file that was read cannot be written: %v", err)
		}
		h, err := Decode(again)
		if err != nil || !Equal(g, h) {
			t.Fatalf("it does not come back: %v", err)
		}
	})
}
