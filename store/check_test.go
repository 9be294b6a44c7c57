package store_test

import (
	"context"
	"math"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molsculpt/molsculpt/store"
)

func TestACheckIsKeptBesideTheContent(t *testing.T) {
	t.Parallel()
	type found struct {
		P    float64
		List []store.Number
	}
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "check.db")
	s := open(t, path)
	c := start(t, s, plan("a"))
	if err := c.SetStatus(ctx, store.Done, ""); err != nil {
		t.Fatal(err)
	}
	var got found
	if ok, err := c.Check(&got); ok || err != nil {
		t.Fatalf("a check before any: %v, %v", ok, err)
	}
	before := dump(t, s)
	want := found{.25, []store.Number{1, store.Number(math.Inf(-1))}}
	for _, f := range []found{{P: 1}, want} {
		if err := c.SetCheck(ctx, f); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.SetCheck(ctx, math.NaN()); err == nil {
		t.Error("a value that JSON cannot hold is kept")
	}
	if after := dump(t, s); after != before {
		t.Errorf("the check is in the dump: %s", cmp.Diff(before, after))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := open(t, path).Campaign("a")
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := again.Check(&got); !ok || err != nil || cmp.Diff(want, got) != "" {
		t.Errorf("%v, %v: %s", ok, err, cmp.Diff(want, got))
	}
	if _, err := again.Check(new(int)); err == nil {
		t.Error("a check of another form is read")
	}
}

func TestStepWeightsAreKept(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := start(t, open(t, filepath.Join(t.TempDir(), "steps.db")), plan("a"))
	p := population(1, 0, nil)
	p.Diagnostics.Steps = []store.StepWeights{{Count: 9, Mean: -.5, SD: .25}, {Count: 1}}
	if err := c.Commit(ctx, p); err != nil {
		t.Fatal(err)
	}
	for got, err := range c.Populations(ctx) {
		if err != nil || cmp.Diff(p.Diagnostics.Steps, got.Diagnostics.Steps) != "" {
			t.Errorf("%v, %v", got.Diagnostics.Steps, err)
		}
	}
}
