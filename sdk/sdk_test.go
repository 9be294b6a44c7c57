package sdk

import (
	"errors"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/sdk/space"
)

func TestTheReadmesPluginIsTheTestedOne(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	// platform/supervise builds this one and runs it.
	program, err := os.ReadFile("../platform/supervise/testdata/thirdparty/main.go")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), "```go\n"+string(program)+"```\n") {
		t.Error("the program in README.md is not platform/supervise/testdata/thirdparty/main.go; copy it again")
	}
}

func TestConditionsAreCompletedAndHeldToTheirRange(t *testing.T) {
	t.Parallel()
	schema := []Condition{{Name: "beta", Min: 1, Max: 64, Default: 32}, {Name: "size", Max: 9}}
	tests := map[string]struct {
		given map[string]float64
		beta  float64
		want  string // part of the error
	}{
		"nothing given": {nil, 32, ""},
		"in range":      {map[string]float64{"beta": 64}, 64, ""},
		"too large":     {map[string]float64{"beta": 65}, 0, "condition beta is 65, outside 1 to 64"},
		"not a number":  {map[string]float64{"size": math.NaN()}, 0, "condition size is NaN"},
		"unknown":       {map[string]float64{"bta": 1}, 0, "the model has no condition bta; it takes beta, size"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Complete(schema, tt.given)
			switch {
			case tt.want == "" && (err != nil || got["beta"] != tt.beta || len(got) != 2):
				t.Errorf("got %v, %v", got, err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got %v, want %q", err, tt.want)
			}
			var c *ConditionError
			if err != nil && (!errors.As(err, &c) || tt.given[c.Name] == 0) {
				t.Errorf("%v does not say which condition", err)
			}
		})
	}
}

func TestTablesOfAReplyStandOneAfterAnother(t *testing.T) {
	t.Parallel()
	req := &StepRequest{States: []space.State{"a", "b", "c"}, Rows: []int{2, 0, 1}, Columns: 3}
	r := NewStepReply(req, PolicyInfo{})
	r.Cells(0)[5] = 1
	r.Cells(2)[0] = 2
	if want := []float32{0, 0, 0, 0, 0, 1, 2, 0, 0}; !slices.Equal(r.Attach, want) || len(r.Cells(1)) != 0 || len(r.Stop) != 3 {
		t.Errorf("%v, stop %v", r.Attach, r.Stop)
	}
	q := NewStepReply(req, PolicyInfo{Width: 2})
	q.Query(2)[1] = 7
	if want := []float32{0, 0, 0, 0, 0, 7}; !slices.Equal(q.Queries, want) || q.Attach != nil {
		t.Errorf("%v", q.Queries)
	}
}

func TestAnErrorNamesPluginCallAndPlace(t *testing.T) {
	t.Parallel()
	err := error(&Error{Plugin: "a/b", Call: "Policy.Step", Place: "state 3, row 2, column 17", Reason: "NaN", Err: ErrAnswer})
	if got := err.Error(); got != "plugin a/b: Policy.Step: state 3, row 2, column 17: NaN" {
		t.Error(got)
	}
	if !errors.Is(err, ErrAnswer) {
		t.Error("the kind of the error is lost")
	}
	if got := (&Error{Plugin: "a/b", Call: "Load", Err: ErrUnsupported}).Error(); got != "plugin a/b: Load: the plugin does not have this capability" {
		t.Error(got)
	}
}

func TestADescriptionListsWhatIsThere(t *testing.T) {
	t.Parallel()
	d := Plugin{Name: "a/b", Version: "1.0.0", Policy: struct{ Policy }{}, Trainer: struct{ Trainer }{}}.Describe()
	if !slices.Equal(d.Capabilities, []Capability{CanPolicy, CanTrain}) || d.Can(CanScore) {
		t.Errorf("%v", d.Capabilities)
	}
}

func TestByHandAProgramGivesAdviceThatWorks(t *testing.T) {
	t.Parallel()
	p := Plugin{Name: "acme/x", Version: "1"}
	for want, args := range map[string][]string{
		"plugin: ./x\n": {"./x"}, "x describe\n": {"./x"}, "plugin test ./x\n": {"./x"},
		"plugin: acme/x\n":                  {"molsculpt", "plugin", "serve", "acme/x"},
		"molsculpt plugin info acme/x\n":    {"/bin/molsculpt", "plugin", "serve", "acme/x"},
		"molsculpt plugin test acme/x\n":    {"/bin/molsculpt", "plugin", "serve", "acme/x"},
		"acme/x 1 is a plugin of molsculpt": {"molsculpt", "plugin", "serve", "acme/x"},
	} {
		if got := byHand(p, args); !strings.Contains(got, want) || len(args) > 1 && strings.Contains(got, "describe") {
			t.Errorf("%q: %q does not say %q", args, got, want)
		}
	}
}

func TestASpaceThatDiffersFromItsDescriptionIsRefused(t *testing.T) {
	t.Parallel()
	grid, err := space.NewGrid(2, 8)
	if err != nil {
		t.Fatal(err)
	}
	d := SpaceDefinition{Descriptor: grid.Descriptor(), Columns: grid.Columns(), Definition: grid.Definition()}
	s, err := d.Open()
	if err != nil || space.Difference(s.Descriptor(), grid.Descriptor()) != "" {
		t.Errorf("a grid comes back as %v: %v", s, err)
	}
	other := d
	other.Digest = strings.Repeat("0", 64)
	if _, err := other.Open(); err == nil || !strings.Contains(err.Error(), "digests") {
		t.Errorf("another digest: %v", err)
	}
	other = d
	other.Kind = "ring/1"
	if _, err := other.Open(); err == nil || !strings.Contains(err.Error(), "unknown kind") {
		t.Errorf("another kind: %v", err)
	}
}
