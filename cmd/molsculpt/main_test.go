package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"molsculpt": main,
		"tilted":    func() { sdk.Serve(tiltedPlugin) },
	})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{Dir: "testdata/script", UpdateScripts: false})
}

// run executes one command line in this process.
func run(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = Run(t.Context(), args, Stdio{In: strings.NewReader(stdin), Out: &out, Err: &err})
	return code, out.String(), err.String()
}

func TestWrongUsageIsTwoAndNothingGoesToStandardOutput(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"nonsense"}, {"--nonsense"}, {"plugin", "nonsense"}, {"plugin", "lock"}, {"plugin", "lock", "--nonsense", "x"}} {
		code, out, err := run(t, "", args...)
		if code != 2 || out != "" || !strings.Contains(err, "--help") {
			t.Errorf("%v: exit %d, out %q, err %q", args, code, out, err)
		}
	}
}

func TestLinesKeepTheirOrderAndNumber(t *testing.T) {
	t.Parallel()
	var in, want strings.Builder
	for i := range 5000 {
		line := strings.Repeat("x", i%70)
		in.WriteString(line + "\n")
		want.WriteString(line + "!\n")
	}
	in.WriteString("no newline at the end")
	want.WriteString("no newline at the end!\n")
	var out bytes.Buffer
	err := mapLines(t.Context(), strings.NewReader(in.String()), &out, func(dst []byte, line string, _ bool) []byte {
		return append(append(dst, line...), "!\n"...)
	})
	if err != nil || out.String() != want.String() {
		t.Errorf("lines were lost, made or swapped (%v)", err)
	}
}

func TestALineWithoutEndIsCut(t *testing.T) {
	t.Parallel()
	in := strings.NewReader(strings.Repeat("C", 3*maxLine) + "\nCC\n")
	var lengths []int
	var cuts []bool
	err := mapLines(t.Context(), in, &bytes.Buffer{}, func(dst []byte, line string, cut bool) []byte {
		lengths, cuts = append(lengths, len(line)), append(cuts, cut)
		return dst
	})
	if err != nil || len(lengths) != 2 || lengths[0] != maxLine || !cuts[0] || lengths[1] != 2 || cuts[1] {
		t.Errorf("got %v %v, %v", lengths, cuts, err)
	}
}
