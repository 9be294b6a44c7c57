package sample_test

import (
	"context"
	"testing"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk/space"
)

func TestNestedEvidencesAreFoundInnerFirst(t *testing.T) {
	t.Parallel()
	sp := bag{3}
	e, err := compose.Parse("((a & b) - c) & a^1.5")
	if err != nil {
		t.Fatal(err)
	}
	policies := map[string]space.Policy{"a": table{sp, 'a', 1}, "b": table{sp, 'b', 1}, "c": table{sp, 'c', 1}}
	known, found, err := sample.Normalise(context.Background(), sp, policies, e, sample.Options{Seed: 5, Populations: 200})
	if err != nil {
		t.Fatal(err)
	}
	// The exact evidence of each, given the estimates below it.
	names := []string{"a", "b", "c"}
	paths := allPaths(sp, []space.Policy{policies["a"], policies["b"], policies["c"]})
	if len(found) != 3 {
		t.Fatalf("%d nested composites", len(found))
	}
	for _, n := range found {
		c, err := compose.Compile(n.Expression, names, known)
		if err != nil {
			t.Fatal(err)
		}
		var logs []float64
		for _, p := range paths {
			logs = append(logs, c.LogDensity(p.logs, p.logB))
		}
		within(t, "log evidence of "+n.Expression.String(), n.LogEvidence, logSum(logs), 4)
	}
	if _, err := compose.Compile(e, nil, known); err != nil {
		t.Error(err)
	}
}
