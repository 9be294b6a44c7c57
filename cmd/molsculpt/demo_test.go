package main

import (
	"encoding/json"
	"os"
	"testing"
)

// The demo's claim: the composition has a larger share of molecules that are
// both drug-like and easy to make than either model and their mixture, by more
// than twice its standard error.
func TestTheDemosCompositionBeatsItsModelsAndTheirMixture(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes half a minute; leave out -short")
	}
	s := newSite(t)
	c := s.command("demo", "--json")
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []struct {
		Campaign string
		Distinct int
		Share    struct{ Value, SE float64 }
	}
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatal(err)
	}
	if len(all) != len(demoRuns) {
		t.Fatalf("%d campaigns, want %d", len(all), len(demoRuns))
	}
	both := all[len(all)-1]
	if both.Distinct < 1000 {
		t.Errorf("%d distinct molecules", both.Distinct)
	}
	for _, other := range all[:len(all)-1] {
		if both.Share.Value-2*both.Share.SE <= other.Share.Value {
			t.Errorf("the share of %s is %.3f (se %.3f), that of %s %.3f", both.Campaign, both.Share.Value, both.Share.SE, other.Campaign, other.Share.Value)
		}
	}
}
