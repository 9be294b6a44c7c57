package platform

import (
	"encoding/json"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/molsculpt/molsculpt/store"
)

// What a run finds of its scaffold is in its summary, to the last digit, also of a
// model that never comes there; a campaign without a scaffold says nothing of one.
func TestSummariesSayHowLikelyTheScaffoldIs(t *testing.T) {
	t.Parallel()
	r, comp := smallRun(t, withAllow("smc", "16", "{scaffold: Cc1ccccc1}"), "run.db")
	for _, name := range comp.Models() {
		r.plan.Models = append(r.plan.Models, PlannedModel{Name: name})
	}
	logs, err := r.plan.Region.LogVisits(t.Context(), r.models.policies)
	if err != nil {
		t.Fatal(err)
	}
	found, err := visits(t.Context(), r.plan, r.models)
	if err != nil {
		t.Fatal(err)
	}
	never := store.Setting{Name: strings.Replace(found[0].Name, " by a", " by a model that never does", 1), Value: formatNumber(math.Inf(-1))}
	wrong := store.Setting{Name: found[0].Name, Value: "often"}
	for _, test := range []struct {
		name     string
		settings []store.Setting
		want     []ScaffoldVisits
		err      string
	}{
		{name: "none"},
		{name: "two", settings: found, want: []ScaffoldVisits{{"a", store.Number(logs[0])}, {"b", store.Number(logs[1])}}},
		{name: "never", settings: []store.Setting{never}, want: []ScaffoldVisits{{"a model that never does", store.Number(math.Inf(-1))}}},
		{name: "wrong", settings: []store.Setting{wrong}, err: `summarize small: log visits of the scaffold by a: strconv.ParseFloat: parsing "often"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			st, err := store.Open(filepath.Join(t.TempDir(), "s.db"), store.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer st.Close()
			plan := store.Plan{Name: "small", Digest: "d", Resolved: "r", Sampler: append([]store.Setting{{Name: "method", Value: "smc"}}, test.settings...)}
			campaign, err := st.Start(t.Context(), plan, store.StartOptions{})
			if err != nil {
				t.Fatal(err)
			}
			s, err := Summarize(t.Context(), campaign, nil)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("error %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(test.want, s.Diagnostics.Scaffold); d != "" {
				t.Errorf("the scaffold (-want +got):\n%s", d)
			}
			text, err := json.Marshal(s.Diagnostics)
			if err != nil || strings.Contains(string(text), `"scaffold"`) != (test.want != nil) || !strings.Contains(string(text), `"verdict"`) {
				t.Errorf("as JSON: %s (%v)", text, err)
			}
		})
	}
}
