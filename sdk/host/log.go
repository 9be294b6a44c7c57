package host

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/go-hclog"
)

const (
	lastLines = 40
	longLine  = 8 << 10 // bytes of a line that are kept
)

// Log takes what a plugin writes to standard error, line by line, to a logger,
// and keeps the last lines for the error that a crash becomes. It reads lines
// in hclog's JSON and any others, and trusts neither: go-plugin's own reader
// can be made to panic by a line of JSON with a number for a message, which is
// why that reader is switched off and this one is used.
type Log struct {
	logger hclog.Logger // may be nil

	mu     sync.Mutex
	ring   []string
	panics bool // a panic has begun, what follows belongs to it
}

// NewLog is a log that passes on to a logger, which may be nil.
func NewLog(logger hclog.Logger) *Log { return &Log{logger: logger} }

// Stream is a writer for one stream of output; its pieces are put together
// into lines. It never fails.
func (l *Log) Stream() io.Writer { return &stream{log: l} }

// stream is one source of lines.
type stream struct {
	log     *Log
	line    []byte
	dropped int // bytes of the line that were too many
}

func (s *stream) Write(p []byte) (int, error) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	for _, b := range p {
		switch {
		case b == '\n':
			text := string(s.line)
			if s.dropped > 0 {
				text += fmt.Sprintf(" ... (%d bytes more)", s.dropped)
			}
			s.line, s.dropped = s.line[:0], 0
			s.log.add(text)
		case len(s.line) < longLine:
			s.line = append(s.line, b)
		default:
			s.dropped++
		}
	}
	return len(p), nil
}

// Last is the last lines, the oldest first, as a person would read them.
func (l *Log) Last() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.ring)
}

// add takes a line that is complete.
func (l *Log) add(text string) {
	level, message, args := l.parse(text)
	shown := message
	for i := 0; i+1 < len(args); i += 2 {
		shown += fmt.Sprintf(" %v=%v", args[i], args[i+1])
	}
	if shown == "" {
		return
	}
	if len(l.ring) == lastLines {
		l.ring = append(l.ring[:0], l.ring[1:]...)
	}
	l.ring = append(l.ring, shown)
	if l.logger != nil {
		l.logger.Log(level, message, args...)
	}
}

// parse understands a line as far as it can be understood.
func (l *Log) parse(text string) (hclog.Level, string, []any) {
	var fields map[string]any
	if strings.HasPrefix(text, "{") && json.Unmarshal([]byte(text), &fields) == nil {
		word, _ := fields["@level"].(string)
		level := hclog.LevelFromString(word)
		if level == hclog.NoLevel {
			level = hclog.Info
		}
		message, ok := fields["@message"].(string)
		if !ok {
			return level, clean(text), nil
		}
		for _, k := range []string{"@level", "@message", "@timestamp", "@module", "@caller"} {
			delete(fields, k)
		}
		var args []any
		for _, k := range slices.Sorted(maps.Keys(fields)) {
			v := fields[k]
			switch v.(type) {
			case float64, bool, nil:
			default: // text, or lists and objects of it
				v = clean(fmt.Sprint(v))
			}
			args = append(args, clean(k), v)
		}
		return level, clean(message), args
	}
	text = clean(text)
	if strings.HasPrefix(text, "panic: ") || strings.HasPrefix(text, "fatal error: ") || strings.HasPrefix(text, "Traceback (") {
		l.panics = true
	}
	if l.panics {
		return hclog.Error, text, nil
	}
	for prefix, level := range map[string]hclog.Level{
		"[TRACE]": hclog.Trace, "[DEBUG]": hclog.Debug, "[INFO]": hclog.Info, "[WARN]": hclog.Warn, "[ERROR]": hclog.Error,
	} {
		if rest, ok := strings.CutPrefix(text, prefix); ok {
			return level, strings.TrimSpace(rest), nil
		}
	}
	return hclog.Debug, text, nil
}
