package supervise

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/plugintest"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// thirdParty is a plugin in a Go module of its own, built once: where its module
// is, and its program. The module is copied out of the project, as its author
// would have it, and finds the project by a replace directive.
var thirdParty = sync.OnceValues(func() (string, error) {
	root, err := filepath.Abs("../..")
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "thirdparty")
	if err != nil {
		return "", err
	}
	for name, from := range map[string]string{"main.go": "testdata/thirdparty/main.go", "go.mod": "testdata/thirdparty/go.mod", "go.sum": "../../go.sum"} {
		data, err := os.ReadFile(from)
		if err != nil {
			return "", err
		}
		if name == "go.mod" {
			data = []byte(strings.ReplaceAll(string(data), "=> ../../../..", "=> "+root))
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			return "", err
		}
	}
	return dir, nil
})

// goTool runs the go tool in the third party's module.
func goTool(t *testing.T, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("the go tool is not on this machine, a third party's plugin cannot be built")
	}
	dir, err := thirdParty()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return string(out)
}

func TestAThirdPartysPluginWorksFromAModuleOfItsOwn(t *testing.T) {
	t.Parallel()
	goTool(t, "build", "-o", "small", ".")
	dir, err := thirdParty()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "small")

	t.Run("it needs little of others", func(t *testing.T) {
		t.Parallel()
		for _, dep := range strings.Fields(goTool(t, "list", "-deps", ".")) {
			for _, no := range []string{"gorgonia.org", "go.etcd.io", "gonum.org", "molsculpt/platform", "molsculpt/store", "molsculpt/plugins", "molsculpt/rewards", "molsculpt/cmd"} {
				if strings.Contains(dep, no) {
					t.Errorf("a plugin that imports the SDK is linked with %s", dep)
				}
			}
		}
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(mod), "gorgonia") {
			t.Error("its go.mod mentions gorgonia")
		}
	})
	t.Run("it says what it is when started by hand", func(t *testing.T) {
		t.Parallel()
		out, err := exec.Command(path, "describe").Output()
		var d sdk.Description
		if err != nil || json.Unmarshal(out, &d) != nil || d.Name != "acme/small" || !d.Can(sdk.CanPolicy) {
			t.Errorf("describe: %v, %s", err, out)
		}
		cmd := exec.Command(path)
		both, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(both), "acme/small 1.0.0 is a plugin of molsculpt") {
			t.Errorf("by hand: %v, %s", err, both)
		}
	})

	sum, err := host.HashFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p := run(t, Config{Path: path, SHA256: sum, SocketDir: sockets(t)})
	sp, err := space.Open(space.KindFragments, []byte(`{"max_fragments": 5, "vocabulary": [
		{"smiles": "c1ccccc1", "attach": [0, 2, 3]}, {"smiles": "C", "attach": [0]}, {"smiles": "CO", "attach": [0, 0]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	t.Run("it conforms", func(t *testing.T) {
		t.Parallel()
		client, err := p.Host(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		plugintest.Report(t, plugintest.Check(t.Context(), client, plugintest.Options{Model: host.Model{Space: sp}}))
	})
	t.Run("it prefers what it was asked for", func(t *testing.T) {
		t.Parallel()
		policy, err := p.LoadPolicy(t.Context(), host.Model{Space: sp, Options: []byte(`{"fragments": 2}`)}, map[string]float64{"beta": 20})
		if err != nil {
			t.Fatal(err)
		}
		first := sp.Child("", 0)
		second := first
		legal := make([]bool, sp.Rows(first)*sp.Columns())
		sp.Legal(first, legal)
		for c, ok := range legal {
			if ok {
				second = sp.Child(first, c)
			}
		}
		third := second
		legal = make([]bool, sp.Rows(second)*sp.Columns())
		sp.Legal(second, legal)
		for c, ok := range legal {
			if ok {
				third = sp.Child(second, c)
			}
		}
		dst := make([]space.Steps, 3)
		if err := policy.Steps(context.Background(), []space.State{first, second, third}, dst); err != nil {
			t.Fatal(err)
		}
		at := [3]float64{math.Exp(dst[0].Stop), math.Exp(dst[1].Stop), math.Exp(dst[2].Stop)}
		if at[0] > 1e-6 || at[2] < 1-1e-6 {
			t.Errorf("probabilities to stop at one, two and three fragments: %v", at)
		}
	})
}
