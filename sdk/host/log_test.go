package host

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-hclog"
)

func TestLinesOfAnyKindBecomeLogLines(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"hclog", `{"@level":"warn","@message":"slow","@timestamp":"x","batch":7,"at":"step"}`, "[WARN]  slow: at=step batch=7"},
		{"number for a message", `{"@message":1}`, `[INFO]  {"@message":1}`},
		{"object for a level", `{"@level":{},"@message":"m","@timestamp":3}`, "[INFO]  m"},
		{"other JSON", `{"level":"error","msg":"x"}`, `[INFO]  {"level":"error","msg":"x"}`},
		{"not quite JSON", `{"@message":`, `[DEBUG] {"@message":`},
		{"prefix", "[ERROR] no device", "[ERROR] no device"},
		{"plain", "loading", "[DEBUG] loading"},
		{"escape sequences", "\x1b[2J\x07gone\u202e", "[DEBUG] [2Jgone"},
		{"escapes in a list", `{"@message":"m","@level":"info","a":["\u001b[2J\u202e"],"b":{"\u0007":1}}`, "[INFO]  m: a=[[2J] b=map[:1]"},
		{"bad UTF-8", "a\xffb", "[DEBUG] a?b"},
		{"panic", "panic: boom\ngoroutine 1", "[ERROR] panic: boom\n[ERROR] goroutine 1"},
		{"nothing", "\n\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			l := NewLog(hclog.New(&hclog.LoggerOptions{Output: &out, Level: hclog.Trace, DisableTime: true}))
			s := l.Stream()
			for i := range len(tt.in) { // in pieces
				_, _ = s.Write([]byte{tt.in[i]})
			}
			_, _ = s.Write([]byte("\n"))
			if d := cmp.Diff(tt.want, strings.TrimSpace(out.String())); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestTheLastLinesAreKeptAndLongOnesCut(t *testing.T) {
	t.Parallel()
	l := NewLog(nil)
	s := l.Stream()
	for i := range 100 {
		fmt.Fprintf(s, "line %d\n", i)
	}
	fmt.Fprintf(s, "%s\n", strings.Repeat("x", longLine+123))
	last := l.Last()
	if len(last) != lastLines || last[0] != "line 61" || last[38] != "line 99" {
		t.Errorf("%d lines, first %q", len(last), last[0])
	}
	if end := last[39]; !strings.HasSuffix(end, "x ... (123 bytes more)") || len(end) > longLine+40 {
		t.Errorf("the long line has %d bytes and ends in %q", len(end), end[len(end)-30:])
	}
}

func FuzzLogTakesAnything(f *testing.F) {
	for _, s := range []string{`{"@message":1}`, `{"@level":"info","@message":"m","@timestamp":[]}`, "\x00\xff", "panic: x"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		l := NewLog(hclog.New(&hclog.LoggerOptions{Output: &bytes.Buffer{}, Level: hclog.Trace}))
		_, _ = l.Stream().Write(append(b, '\n'))
		for _, line := range l.Last() {
			if strings.ContainsAny(line, "\x1b\n\r") {
				t.Errorf("%q would disturb a terminal", line)
			}
		}
	})
}

func TestLongTextsAreCutAtACharacter(t *testing.T) {
	t.Parallel()
	if got := cut("aé", 2); got != "a ... (2 bytes more)" {
		t.Errorf("got %q", got)
	}
	if got := Line("as it is"); got != "as it is" {
		t.Errorf("got %q", got)
	}
	text := Text(strings.Repeat("line of a stack\n", 5000))
	if len(text) > longNote+40 || strings.Count(text, "\n") < 400 {
		t.Errorf("%d bytes, %d lines", len(text), strings.Count(text, "\n"))
	}
}
