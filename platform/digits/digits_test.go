package digits

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// idx writes an array as an IDX file.
func idx(kind byte, sizes []int, data []byte) []byte {
	out := []byte{0, 0, kind, byte(len(sizes))}
	for _, n := range sizes {
		out = binary.BigEndian.AppendUint32(out, uint32(n))
	}
	return append(out, data...)
}

func zipped(data []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(data) // a buffer never fails
	_ = z.Close()
	return b.Bytes()
}

func TestSetsAreReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		n, h, w := 1+r.IntN(9), 1+r.IntN(9), 1+r.IntN(9)
		pixels, labels := make([]byte, n*h*w), make([]byte, n)
		for i := range pixels {
			pixels[i] = byte(r.Uint32())
		}
		for i := range labels {
			labels[i] = byte(r.IntN(10))
		}
		images, numbers := idx(8, []int{n, h, w}, pixels), idx(8, []int{n}, labels)
		if r.IntN(2) == 0 {
			images = zipped(images)
		}
		if r.IntN(2) == 0 {
			numbers = zipped(numbers)
		}
		s, err := Read(bytes.NewReader(images), bytes.NewReader(numbers))
		if err != nil {
			t.Fatal(err)
		}
		if s.Len() != n || s.Height != h || s.Width != w || !bytes.Equal(s.Pixels, pixels) || !bytes.Equal(s.Labels, labels) {
			t.Fatalf("read %d images of %d x %d, want %d of %d x %d", s.Len(), s.Height, s.Width, n, h, w)
		}
		if i := r.IntN(n); !bytes.Equal(s.Image(i), pixels[i*h*w:(i+1)*h*w]) {
			t.Fatalf("image %d is another one", i)
		}
	}
}

func TestBadSetsAreErrors(t *testing.T) {
	t.Parallel()
	images, labels := idx(8, []int{2, 1, 2}, []byte{1, 2, 3, 4}), idx(8, []int{2}, []byte{7, 9})
	for want, files := range map[string][2][]byte{
		"read images: the file has no head": {nil, labels},
		"read labels: the file has no head": {images, labels[:5]},
		"begins with the bytes 00 00 08 01": {labels, images},
		"begins with the bytes 00 00 0d 03": {idx(13, []int{1, 1, 1}, make([]byte, 4)), labels},
		"has 3":                             {images[:len(images)-1], labels},
		"has more than 4":                   {append(slices.Clone(images), 0), labels},
		"dimension 2 is of 0":               {idx(8, []int{2, 0, 2}, nil), labels},
		"dimension 3 is of 4000000000":      {idx(8, []int{2, 2, 4000000000}, nil), labels},
		"2 images have 1 labels":            {images, idx(8, []int{1}, []byte{3})},
		"label 1 is 10":                     {images, idx(8, []int{2}, []byte{3, 10})},
		"gzip":                              {append([]byte{0x1f, 0x8b}, images...), labels},
		"EOF":                               {zipped(images)[:20], labels},
	} {
		_, err := Read(bytes.NewReader(files[0]), bytes.NewReader(files[1]))
		if err == nil || !strings.HasPrefix(err.Error(), "digits: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none"), "x"); err == nil || !strings.HasPrefix(err.Error(), "digits: open images: ") {
		t.Errorf("error %v", err)
	}
}

func TestClassesAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	for _, colour := range []Colour{Red, Green, Grey} {
		for digit := range 10 {
			want := Class{colour, digit}
			if got, err := ParseClass(want.String()); err != nil || got != want {
				t.Errorf("%s is read as %v, %v", want, got, err)
			}
		}
	}
	for _, text := range []string{"", "red", "blue 3", "red 10", "red -1", "3 red", "red 3 4", "x"} {
		if c, err := ParseClass(text); err == nil {
			t.Errorf("%q is read as %v", text, c)
		}
	}
	for want, list := range map[string][]string{
		"red 0 is there twice": {"red 0", "green 1", "red 0"},
		"give one to all":      {"red 0", "1"},
		"there are none":       {},
		"read class":           {"red 0", "pink 1"},
	} {
		if _, err := ParseClasses(list); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v", list, err)
		}
	}
}

func TestExamplesAreTheImagesInTheirColours(t *testing.T) {
	t.Parallel()
	s := &Set{Height: 1, Width: 2, Pixels: []byte{0, 255, 51, 204, 255, 255}, Labels: []byte{1, 0, 2}}
	type example struct {
		class, image int
		point        []float32
	}
	examples := func(names ...string) (out []example) {
		c, err := ParseClasses(names)
		if err != nil {
			t.Fatal(err)
		}
		c.Examples(s, func(class, image int, point []float32) bool {
			out = append(out, example{class, image, slices.Clone(point)})
			return true
		})
		return out
	}
	same := func(got []example, want ...example) {
		t.Helper()
		if !slices.EqualFunc(got, want, func(a, b example) bool {
			return a.class == b.class && a.image == b.image && slices.Equal(a.point, b.point)
		}) {
			t.Errorf("examples %v, want %v", got, want)
		}
	}
	light := float32(51)/127.5 - 1
	same(examples("red 0", "green 0", "green 1"),
		example{2, 0, []float32{-1, -1, -1, 1}}, example{0, 1, []float32{light, -1, -light, -1}}, example{1, 1, []float32{-1, light, -1, -light}})
	same(examples("2"), example{0, 2, []float32{1, 1}})
	same(examples("9"))
}

func TestAPictureShowsThePoints(t *testing.T) {
	t.Parallel()
	p := Picture{Height: 1, Width: 2, Channels: 2, Columns: 2, Scale: 3}
	var b bytes.Buffer
	if err := p.WritePNG(&b, []float32{-1, -1, 1, 0, -1, 7, -9, 1, 0, 0, 0, 0}); err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Bounds().Size(); got.X != 2*(6+gap)+gap || got.Y != 2*(3+gap)+gap {
		t.Errorf("the picture is of %v", got)
	}
	for _, c := range []struct{ x, y, r, g, b int }{
		{0, 0, 255, 255, 255},
		{gap, gap, 0, 0, 0},
		{gap + 3, gap + 2, 255, 128, 0},
		{2*gap + 6, gap, 0, 255, 0},
		{2*gap + 11, gap + 2, 0, 255, 0},
		{gap, 2*gap + 3, 128, 128, 0},
		{2*gap + 6, 2*gap + 3, 255, 255, 255},
	} {
		r, g, b, _ := m.At(c.x, c.y).RGBA()
		if int(r>>8) != c.r || int(g>>8) != c.g || int(b>>8) != c.b {
			t.Errorf("at %d, %d: %d %d %d, want %d %d %d", c.x, c.y, r>>8, g>>8, b>>8, c.r, c.g, c.b)
		}
	}
	if _, err := p.Draw(make([]float32, 3)); err == nil {
		t.Error("a part of a point is drawn")
	}
	p.Channels, p.Scale = 1, 0
	if m, err := p.Draw([]float32{-1, 1}); err != nil || m.Bounds().Dx() != 2*(4+gap)+gap {
		t.Errorf("without a scale: %v", err)
	}
}

// The files of MNIST, as they are distributed.
func TestMNISTIsRead(t *testing.T) {
	t.Parallel()
	folder := filepath.Join("..", "..", "..", "shared", "data", "mnist")
	if _, err := os.Stat(folder); err != nil {
		t.Skip("without reference data: ", err)
	}
	s, err := Open(filepath.Join(folder, "t10k-images-idx3-ubyte.gz"), filepath.Join(folder, "t10k-labels-idx1-ubyte.gz"))
	if err != nil {
		t.Fatal(err)
	}
	if s.Len() != 10000 || s.Height != 28 || s.Width != 28 || s.Labels[0] != 7 {
		t.Errorf("%d images of %d x %d, the first one is a %d", s.Len(), s.Height, s.Width, s.Labels[0])
	}
	count := make([]int, 10)
	for _, l := range s.Labels {
		count[l]++
	}
	// The counts that the distributors give.
	if want := []int{980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009}; !slices.Equal(count, want) {
		t.Errorf("%v images of each digit, want %v", count, want)
	}
}
