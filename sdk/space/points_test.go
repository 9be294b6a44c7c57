package space_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/sdk/noise"
	"github.com/molsculpt/molsculpt/sdk/space"
)

func points(t *testing.T, dim int, name string) *space.Points {
	t.Helper()
	var process noise.Process
	if name != "" {
		var err error
		if process, err = noise.New(name, nil); err != nil {
			t.Fatal(err)
		}
	}
	p, err := space.NewPoints(dim, process)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPointsTravelWhole(t *testing.T) {
	t.Parallel()
	p := points(t, 3, noise.VP)
	x := []float32{-1.5, 0, math.MaxFloat32}
	s := p.At(x)
	if err := p.Validate(s); err != nil {
		t.Error(err)
	}
	if got := p.Point(s, nil); !slices.Equal(got, x) {
		t.Errorf("%v comes back as %v", x, got)
	}
	for _, p := range []*space.Points{p, points(t, 1, ""), points(t, 2352, noise.VE)} {
		again, err := space.Open(space.KindPoints, p.Definition())
		if err != nil {
			t.Fatal(err)
		}
		if d := space.Difference(p.Descriptor(), again.Descriptor()); d != "" {
			t.Error(d)
		}
		if q := again.(*space.Points); q.Process() != p.Process() || q.Dim() != p.Dim() {
			t.Errorf("%v %d comes back as %v %d", p.Process(), p.Dim(), q.Process(), q.Dim())
		}
	}
	for _, c := range []struct {
		other *space.Points
		want  string
	}{{points(t, 3, noise.VE), "backward kernels"}, {points(t, 2, noise.VP), "sizes"}} {
		if d := space.Difference(p.Descriptor(), c.other.Descriptor()); !strings.Contains(d, c.want) {
			t.Errorf("they differ in %q, want %s", d, c.want)
		}
	}
}

func TestWhatIsNoPointIsRefused(t *testing.T) {
	t.Parallel()
	p := points(t, 2, "")
	for _, s := range []space.State{"", "1234", p.At([]float32{1, 2, 3}), p.At([]float32{float32(math.NaN()), 1}), p.At([]float32{1, float32(math.Inf(1))})} {
		if err := p.Validate(s); err == nil {
			t.Errorf("%q is a point", s)
		}
	}
	for _, d := range []string{"", "[]", `{"dimension": 0}`, `{"dimension": 2, "process": "brown"}`, `{"dimension": 1e9}`} {
		if _, err := space.Open(space.KindPoints, []byte(d)); err == nil {
			t.Errorf("%s is a space", d)
		}
	}
}
