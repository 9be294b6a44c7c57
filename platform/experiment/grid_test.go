package experiment

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/molsculpt/molsculpt/platform"
	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/platform/oracle"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/platform/verify"
	"github.com/molsculpt/molsculpt/plugins/diffusion/score"
	"github.com/molsculpt/molsculpt/plugins/gflownet"
	"github.com/molsculpt/molsculpt/plugins/guide"
	"github.com/molsculpt/molsculpt/plugins/seh"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// served are the plugins that this test program serves as processes of its own.
var served = []sdk.Plugin{gflownet.Plugin(), guide.Plugin(), seh.Plugin(), score.Plugin()}

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "serve" {
		for _, p := range served {
			if p.Name == os.Args[2] {
				sdk.Serve(p)
				return
			}
		}
	}
	os.Exit(m.Run())
}

// bench is an environment in a folder of its own.
func bench(t *testing.T) *Env {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &catalog.Catalog{Executable: self}
	for _, p := range served {
		c.Plugins = append(c.Plugins, catalog.Bundled{ID: p.Name, Args: []string{"serve", p.Name}})
	}
	return &Env{Folder: t.TempDir(), Data: filepath.Join("..", "..", "..", "shared", "data"), Small: true, Catalog: c, Say: t.Logf}
}

// contents are the files of a folder that a report consists of.
func contents(t *testing.T, folder string) map[string]string {
	t.Helper()
	out := map[string]string{}
	pictures, err := filepath.Glob(filepath.Join(folder, "pictures", "*.svg"))
	if err != nil || len(pictures) == 0 {
		t.Fatalf("no pictures in %s: %v", folder, err)
	}
	for _, path := range append(pictures, filepath.Join(folder, "report.html"), filepath.Join(folder, "report.md")) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.Base(path)] = string(data)
	}
	return out
}

// done counts the stages and trainings that a run says it does.
func done(e *Env) *[]string {
	var out []string
	e.Say = func(format string, args ...any) {
		if what, ok := args[0].(string); ok && format == "%s" {
			out = append(out, what)
		}
	}
	return &out
}

// Both experiments in the reduced form, over real plugin processes: run again
// nothing is done and the report has the same bytes; with one training file
// changed, what depends on it is done again, and nothing else.
func TestExperimentsOnTheGridAreResumed(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("trains some seconds")
	}
	for _, x := range []Experiment{gridTwo(), gridThree()} {
		t.Run(x.Name, func(t *testing.T) {
			t.Parallel()
			e := bench(t)
			if _, err := Run(t.Context(), x, e); err != nil {
				t.Fatal(err)
			}
			first := contents(t, e.Folder)
			stages := func() map[string]string {
				out := map[string]string{}
				paths, err := filepath.Glob(filepath.Join(e.Folder, "stages", "*.json"))
				if err != nil || len(paths) == 0 {
					t.Fatalf("no stages: %v", err)
				}
				for _, p := range paths {
					data, err := os.ReadFile(p)
					if err != nil {
						t.Fatal(err)
					}
					out[filepath.Base(p)] = string(data)
				}
				return out
			}
			kept := stages()
			said := done(e)
			if _, err := Run(t.Context(), x, e); err != nil {
				t.Fatal(err)
			}
			if len(*said) > 0 {
				t.Errorf("done again: %v", *said)
			}
			for name, text := range contents(t, e.Folder) {
				if first[name] != text {
					t.Errorf("%s differs after a run that had nothing to do", name)
				}
			}
			if x.Name == "grid-two" {
				interrupt(t, e)
			}
			path := e.Path("actions.yaml")
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(strings.Replace(string(text), "steps: 150", "steps: 120", 1)), 0o644); err != nil {
				t.Fatal(err)
			}
			if _, err := Run(t.Context(), x, e); err != nil {
				t.Fatal(err)
			}
			for name, now := range stages() {
				changed, concerned := now != kept[name], !strings.HasPrefix(name, "train-") || name == filepath.Base(e.stagePath("train actions"))
				if changed != concerned {
					t.Errorf("a changed guide: stage %s changed: %v, want %v", name, changed, concerned)
				}
			}
			if md := contents(t, e.Folder)["report.md"]; md == first["report.md"] {
				t.Error("a changed guide changes nothing in the report")
			}
		})
	}
}

// interrupt runs grid-two cut off in the midst of its compositions, and then goes
// on: what was done is not done again, and but for the times the results are those
// of a run that was not cut off.
func interrupt(t *testing.T, whole *Env) {
	t.Helper()
	e := bench(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	const at = "shubert & diagonal"
	e.Say = func(_ string, args ...any) {
		if args[0] == at {
			cancel()
		}
	}
	if _, err := Run(ctx, gridTwo(), e); err == nil {
		t.Fatal("an interrupted experiment has no error")
	}
	said := done(e)
	if _, err := Run(t.Context(), gridTwo(), e); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(strings.Join(*said, "\n"), "shubert | diagonal") {
		t.Error("what was done before the interruption is done again")
	}
	first, second := readResult(t, whole, at), readResult(t, e, at)
	for _, r := range []*gridResult{first, second} {
		for _, s := range []*gridSample{r.SMC, r.Rejection, r.Guided, r.Actions} {
			s.Seconds = 0
		}
	}
	if diff := cmp.Diff(first, second, cmp.AllowUnexported(gridResult{})); diff != "" {
		t.Errorf("after an interruption: %s", diff)
	}
}

// readResult is the stage of a composition.
func readResult(t *testing.T, e *Env, text string) *gridResult {
	t.Helper()
	kept, err := e.kept(text)
	if err != nil || kept.Result == nil {
		t.Fatalf("there is no stage %s: %v", text, err)
	}
	r := &gridResult{}
	if err := json.Unmarshal(kept.Result, r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestCompositionsHaveNamesAndHeadings(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "c.txt")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("# remark\na | b\n\n[Two]\n  a & b  \n1,1 = obs(a, a; over a, b)\n")
	got, err := readCompositions(path)
	want := []composition{{"", "a | b", "a | b"}, {"Two", "a & b", "a & b"}, {"Two", "1,1", "obs(a, a; over a, b)"}}
	if err != nil || len(got) != len(want) {
		t.Fatalf("%+v, %v", got, err)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%+v, want %+v", got[i], want[i])
		}
	}
	for text, want := range map[string]string{"# nothing\n": "no composition", "a | b\na & \n": "c.txt:2"} {
		write(text)
		if _, err := readCompositions(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: the error is %v, want %q", text, err, want)
		}
	}
}

// All compositions of the files mean something, over the models that are trained,
// and every one but the pairs has a classifier.
func TestTheFilesOfExperimentsFitTogether(t *testing.T) {
	t.Parallel()
	for name, models := range map[string][]string{"two": {"shubert", "diagonal"}, "three": {"circle1", "circle2", "circle3"}} {
		for _, form := range []string{"", "-small"} {
			folder := filepath.Join("grid", name+form)
			texts, err := readCompositions(filepath.Join(folder, "compositions.txt"))
			if err != nil {
				t.Fatal(err)
			}
			d, err := verify.Grid(t.Context(), 2, 8, pick(models))
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range texts {
				if _, err := verify.NewTarget(d, c.Text); err != nil {
					t.Errorf("%s: %v", folder, err)
				}
			}
		}
	}
	if _, ok := platform.GridReward("grid/shubert"); !ok {
		t.Error("the rewards have other names")
	}
}

func pick(names []string) map[string]oracle.GridReward {
	out, all := map[string]oracle.GridReward{}, verify.GridRewards()
	for _, n := range names {
		out[n] = all[n]
	}
	return out
}

// Draws with what models and guides once answered are those of the models and
// guides themselves.
func TestWhatWasAskedOnceIsWhatIsAnswered(t *testing.T) {
	t.Parallel()
	s, target := site(t)
	policies := []space.Policy{target.Models[0].Policy, target.Models[1].Policy}
	states, actions := steering(s.classifiers, target.Composition), correcting(s.actions, target.Composition)
	guide, err := verify.Ask(t.Context(), target.Graph, 2, states)
	if err != nil {
		t.Fatal(err)
	}
	actionGuide, err := askActions(t.Context(), target.Graph, actions)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ live, kept sample.Twist }{
		"path posterior": {},
		"classifier":     {sample.Twist{Guide: states}, sample.Twist{Guide: guide}},
		"guided ends":    {sample.Twist{Guide: states, GuideEnds: true}, sample.Twist{Guide: guide, GuideEnds: true}},
		"action head":    {sample.Twist{Actions: actions}, sample.Twist{Actions: actionGuide}},
	} {
		o := sample.Options{Method: sample.SMC, Seed: 3, Particles: 50, Populations: 20, Twist: c.kept}
		kept, err := drawn(t.Context(), target, o, target.Law)
		if err != nil {
			t.Fatal(err)
		}
		o.Twist = c.live
		live, err := sample.New(target.Graph.Space, policies, target.Composition, o)
		if err != nil {
			t.Fatal(err)
		}
		var z sample.Evidence
		for p, err := range live.Populations(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			z.Add(p)
		}
		e, err := z.Value()
		if err != nil || math.Abs(e.Value-kept.Evidence) > 1e-9*e.Value || math.Abs(z.MinESS()-kept.MinESS) > 1e-9 {
			t.Errorf("%s: evidence %v and ESS %v, of the models themselves %v and %v (%v)", name, kept.Evidence, kept.MinESS, e.Value, z.MinESS(), err)
		}
	}
}

// Bundles of paths are narrow enough: sums over single paths come out the same.
func TestThePathSpaceIsThatOfSinglePaths(t *testing.T) {
	t.Parallel()
	d, err := verify.Grid(t.Context(), 2, 6, verify.GridRewards())
	if err != nil {
		t.Fatal(err)
	}
	if d, err = d.Perturbed("bad models", .3, 5); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"shubert & diagonal", "shubert - diagonal", "circle1 & circle2 & circle3"} {
		target, err := verify.NewTarget(d, text)
		if err != nil {
			t.Fatal(err)
		}
		got, err := pathSpace(target)
		if err != nil {
			t.Fatal(err)
		}
		want, err := oracle.PathSpaceOf(target.Composition, target.Laws, oracle.PathSpaceOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if off := oracle.L1(got.Terminal, want.Terminal); off > 5e-4 {
			t.Errorf("%s: off by %g", text, off)
		}
		if gap := oracle.L1(want.Terminal, target.Law); gap < .01 {
			t.Errorf("%s: the models are too good for this test: %g", text, gap)
		}
	}
}
