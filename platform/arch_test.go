package platform_test

import (
	"bufio"
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/molsculpt/molsculpt"

// rule is a row of the import table: what a package (or, with /**, a package
// and all below it) may import besides the standard library. The longest
// matching row holds.
type rule struct {
	pkg    string
	ours   []string // packages of this module, /** for everything below too
	others []string // modules or packages of others, with everything below
}

// table is the project's import table. A dependency that is not in it needs a
// reason in the commit that adds it here.
var table = []rule{
	{"chem/**", []string{"chem/**"}, nil},
	{"rewards/**", []string{"rewards/**", "chem/**"}, []string{"gonum.org/v1/gonum"}},
	{"store", nil, []string{"go.etcd.io/bbolt"}},
	{"store/export/**", []string{"store/**", "chem/**"}, []string{"github.com/parquet-go/parquet-go", "github.com/xuri/excelize/v2"}},
	{"sdk/**", []string{"sdk/**"}, []string{"github.com/hashicorp/go-plugin", "github.com/hashicorp/go-hclog", "google.golang.org/grpc", "google.golang.org/protobuf"}},
	{"sdk/space", []string{"chem/fragment", "sdk/noise"}, nil},
	{"plugins/**", []string{"plugins/**", "sdk/**", "chem/**"}, []string{
		"gorgonia.org/gorgonia", "gorgonia.org/tensor", "gonum.org/v1/gonum", "golang.org/x/sys/cpu",
		"github.com/chewxy/hm", // the types in the signature of gorgonia's Op
	}},
	{"platform/compose", nil, []string{"gonum.org/v1/gonum/floats"}},
	{"platform/sample", []string{"sdk/**", "platform/compose"}, []string{"gonum.org/v1/gonum/floats"}},
	{"platform/diffuse", []string{"sdk/**", "platform/compose", "platform/sample"}, []string{"gonum.org/v1/gonum"}},
	{"platform/digits", nil, nil},
	{"platform/guide", []string{"sdk/**", "platform/compose", "platform/sample"}, []string{"gonum.org/v1/gonum/floats"}},
	{"platform/diagnose", []string{"sdk/space", "platform/compose", "platform/sample"}, []string{"gonum.org/v1/gonum"}},
	{"platform/oracle", []string{"sdk", "sdk/space", "sdk/noise", "chem/**", "platform/compose"}, []string{"gonum.org/v1/gonum"}},
	{"platform/verify", []string{"platform/oracle", "platform/compose", "platform/sample", "platform/diffuse", "sdk/space", "sdk/noise", "chem/**"}, []string{"gonum.org/v1/gonum"}},
	{"platform/config", []string{"sdk/**"}, []string{"github.com/goccy/go-yaml", "github.com/santhosh-tekuri/jsonschema/v6"}},
	{"platform/catalog", []string{"sdk/**"}, []string{"github.com/goccy/go-yaml", "github.com/santhosh-tekuri/jsonschema/v6"}},
	{"platform/supervise", []string{"sdk/**"}, []string{"github.com/hashicorp/go-plugin", "github.com/hashicorp/go-hclog"}},
	{"platform/experiment", []string{"platform", "platform/**", "sdk/**", "chem/**", "rewards/**", "store"}, []string{
		"gonum.org/v1/gonum", "gonum.org/v1/plot",
		"github.com/hashicorp/go-hclog", // see platform
	}},
	{"platform/experiment/report", nil, []string{"gonum.org/v1/gonum", "gonum.org/v1/plot"}},
	{"platform/evaluate", []string{"chem/**", "rewards/**", "store"}, nil},
	{"platform", []string{"platform/**", "sdk/**", "chem/**", "rewards/**", "store/**"}, []string{
		"golang.org/x/sync/errgroup",
		"github.com/hashicorp/go-hclog", // the edges log: what plugins write goes to the user
	}},
	{"cmd/molsculpt", []string{"platform/**", "store/**", "chem/**", "sdk/**"}, []string{
		"github.com/hashicorp/go-hclog", // see platform
		"github.com/spf13/cobra", "github.com/vbauerster/mpb/v8", "golang.org/x/term", "gonum.org/v1/plot",
		"golang.org/x/image", // draws PNG files: the rasteriser, and a font with its outlines
	}},
}

// exceptions are the files that may import more than their package's row, with
// the reason.
var exceptions = map[string][]string{
	"cmd/molsculpt/bundle.go": {"plugins/**"}, // the one file that bundles plugins
}

// topLevel lists all that may stand in the project's root.
var topLevel = []string{
	"chem", "rewards", "store", "sdk", "plugins", "platform", "cmd",
	"go.mod", "go.sum", "README.md", "LICENSE", "NOTICE",
}

// file is a source file of the project that is not a test.
type file struct {
	path      string // slash-separated, from the root
	pkg       string // directory
	name      string // package clause
	doc       string
	imports   []string
	lines     int
	generated bool
}

func sources(t *testing.T) []file {
	t.Helper()
	root := ".."
	var out []file
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if n := d.Name(); p != root && (n == "testdata" || strings.HasPrefix(n, ".") || strings.HasPrefix(n, "_")) {
				return filepath.SkipDir
			}
			if _, err := os.Stat(filepath.Join(p, "go.mod")); err == nil && p != root {
				return filepath.SkipDir // a module of its own, as generators are
			}
			return nil
		}
		if !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return nil
		}
		src, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, src, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		s := file{path: rel, pkg: path.Dir(rel), name: f.Name.Name, doc: f.Doc.Text(), generated: ast.IsGenerated(f)}
		for _, i := range f.Imports {
			s.imports = append(s.imports, strings.Trim(i.Path.Value, `"`))
		}
		for sc := bufio.NewScanner(bytes.NewReader(src)); sc.Scan(); {
			s.lines++
		}
		out = append(out, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// covers tells whether a pattern of the table covers a path.
func covers(pattern, p string) bool {
	if below, ok := strings.CutSuffix(pattern, "/**"); ok {
		return p == below || strings.HasPrefix(p, below+"/")
	}
	return p == pattern
}

func ruleFor(pkg string) (best rule, ok bool) {
	for _, r := range table {
		if covers(r.pkg, pkg) && (!ok || len(r.pkg) > len(best.pkg)) {
			best, ok = r, true
		}
	}
	return best, ok
}

func standard(imp string) bool { return !strings.Contains(strings.Split(imp, "/")[0], ".") }

func allowed(r rule, f file, imp string) bool {
	if standard(imp) {
		return true
	}
	if ours, ok := strings.CutPrefix(imp, module+"/"); ok {
		for _, p := range slices.Concat(r.ours, exceptions[f.path]) {
			if covers(p, ours) {
				return true
			}
		}
		return false
	}
	for _, o := range r.others {
		if imp == o || strings.HasPrefix(imp, o+"/") {
			return true
		}
	}
	return false
}

func TestPackagesImportOnlyWhatTheTableAllows(t *testing.T) {
	t.Parallel()
	for _, f := range sources(t) {
		r, ok := ruleFor(f.pkg)
		if !ok {
			t.Errorf("%s: package %s has no row in the import table", f.path, f.pkg)
			continue
		}
		for _, imp := range f.imports {
			if !allowed(r, f, imp) {
				t.Errorf("%s imports %s, which the row %q of the import table does not allow", f.path, imp, r.pkg)
			}
		}
	}
}

func TestTheSDKPullsInNoTrainingLibraryAndNoHostPackage(t *testing.T) {
	t.Parallel()
	imports := map[string][]string{}
	for _, f := range sources(t) {
		imports[f.pkg] = append(imports[f.pkg], f.imports...)
	}
	seen := map[string]bool{}
	var visit func(from, pkg string)
	visit = func(from, pkg string) {
		if seen[pkg] {
			return
		}
		seen[pkg] = true
		for _, imp := range imports[pkg] {
			ours, isOurs := strings.CutPrefix(imp, module+"/")
			switch {
			case strings.HasPrefix(imp, "gorgonia.org/"), strings.HasPrefix(imp, "go.etcd.io/"):
				t.Errorf("%s reaches %s by way of %s", from, imp, pkg)
			case isOurs && (covers("platform/**", ours) || covers("store/**", ours) || covers("plugins/**", ours)):
				t.Errorf("%s reaches %s by way of %s", from, ours, pkg)
			case isOurs:
				visit(from, ours)
			}
		}
	}
	for pkg := range imports {
		if covers("sdk/**", pkg) {
			visit(pkg, pkg)
		}
	}
}

func TestEveryPackageHasADocComment(t *testing.T) {
	t.Parallel()
	documented := map[string]bool{}
	for _, f := range sources(t) {
		documented[f.pkg] = documented[f.pkg] || f.doc != ""
		if f.doc != "" && f.name != "main" && !strings.HasPrefix(f.doc, "Package "+f.name+" ") {
			t.Errorf("%s: the package comment does not begin with %q", f.path, "Package "+f.name)
		}
	}
	for pkg, ok := range documented {
		if !ok {
			t.Errorf("package %s has no package comment", pkg)
		}
	}
}

func TestNoFileIsLongerThan500Lines(t *testing.T) {
	t.Parallel()
	for _, f := range sources(t) {
		if f.lines > 500 && !f.generated {
			t.Errorf("%s has %d lines; split it by concept", f.path, f.lines)
		}
	}
}

func TestTheRootHoldsTheSevenFoldersOnly(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	ignored, _ := os.ReadFile("../.gitignore")
	for _, e := range entries {
		n := e.Name()
		if strings.HasPrefix(n, ".") || slices.Contains(topLevel, n) || bytes.Contains(ignored, []byte("/"+n)) {
			continue
		}
		t.Errorf("%s stands in the project's root; the layout has no such entry", n)
	}
}
