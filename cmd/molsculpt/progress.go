package main

import (
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"
)

// terminal tells whether a file is a terminal, and how wide.
func terminal(f *os.File) (bool, int) {
	fd := int(f.Fd())
	if !term.IsTerminal(fd) {
		return false, 0
	}
	w, _, err := term.GetSize(fd)
	if err != nil {
		w = 80
	}
	return true, w
}

// plainEvery is how often a line of progress is written where no bar can be.
const plainEvery = 5 * time.Second

// progress shows how far some work is: a bar on a terminal, now and then a
// line elsewhere, nothing when it shall be quiet. It is safe for concurrent use.
type progress struct {
	app   *app
	what  string
	total int64

	mu    sync.Mutex
	pool  *mpb.Progress
	bar   *mpb.Bar
	note  string
	done  int64
	last  time.Time
	start time.Time
}

// progress begins to show work of total steps (0: not known).
func (a *app) progress(what string, total int64) *progress {
	p := &progress{app: a, what: what, total: total, start: time.Now(), last: time.Now()}
	if a.quiet || !a.Terminal {
		return p
	}
	p.pool = mpb.New(mpb.WithOutput(a.Err), mpb.WithWidth(min(40, max(10, a.Width/3))), mpb.WithRefreshRate(150*time.Millisecond))
	p.bar = p.pool.AddBar(total,
		mpb.PrependDecorators(decor.Name(what+" "), decor.CountersNoUnit("%d/%d ")),
		mpb.AppendDecorators(
			decor.AverageETA(decor.ET_STYLE_GO),
			decor.Any(func(decor.Statistics) string {
				p.mu.Lock()
				defer p.mu.Unlock()
				if p.note == "" {
					return ""
				}
				return "  " + p.note
			}),
		),
	)
	return p
}

// set says how much is done, with a short note on how it goes.
func (p *progress) set(done int64, note string) {
	p.mu.Lock()
	p.done, p.note = done, note
	bar := p.bar
	plain := bar == nil && !p.app.quiet && time.Since(p.last) >= plainEvery
	if plain {
		p.last = time.Now()
	}
	p.mu.Unlock()
	if bar != nil {
		bar.SetCurrent(min(done, max(0, p.total-1))) // completed by close only
	}
	if plain {
		p.line()
	}
}

// setTotal says how much there is to do, where that was not known before.
func (p *progress) setTotal(total int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if total == p.total || total <= 0 {
		return
	}
	p.total = total
	if p.bar != nil {
		p.bar.SetTotal(total, false)
	}
}

func (p *progress) line() {
	p.mu.Lock()
	defer p.mu.Unlock()
	of := ""
	if p.total > 0 {
		of = fmt.Sprintf("/%d", p.total)
	}
	note := p.note
	if note != "" {
		note = ", " + note
	}
	fmt.Fprintf(p.app.Err, "%s %d%s in %s%s\n", p.what, p.done, of, time.Since(p.start).Round(time.Second), note)
}

// close ends the showing. It may be called more than once.
func (p *progress) close() {
	p.mu.Lock()
	pool, bar := p.pool, p.bar
	p.pool, p.bar = nil, nil
	p.mu.Unlock()
	if pool == nil {
		return
	}
	bar.Abort(true)
	pool.Wait()
}

// say writes a message for people to standard error.
func (a *app) say(format string, args ...any) {
	if !a.quiet {
		fmt.Fprintf(a.Err, format+"\n", args...)
	}
}

// logger writes what plugins say to standard error: warnings, or all with
// --verbose.
func (a *app) logger() hclog.Logger {
	level := hclog.Warn
	if a.verbose {
		level = hclog.Debug
	}
	return hclog.New(&hclog.LoggerOptions{Level: level, Output: a.Err, TimeFormat: "15:04:05"})
}
