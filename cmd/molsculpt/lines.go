package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
)

// maxLine is the longest line of input, in bytes.
const maxLine = 1 << 20

// byteOrderMark is what some editors put before the first line of a file.
const byteOrderMark = "\ufeff"

// openInput opens a file, standard input for "-"; a name that ends in .gz is
// unpacked.
func (a *app) openInput(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(a.In), nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open input: %w", err)
	}
	if !strings.HasSuffix(name, ".gz") {
		return f, nil
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("open input: %s: %w", name, err)
	}
	return struct {
		io.Reader
		io.Closer
	}{z, f}, nil
}

// mapLines applies f to every line of r, on all cores, and writes the answers
// to w in the order of the lines. A line that is too long is cut; f sees it
// with cut set.
func mapLines(ctx context.Context, r io.Reader, w io.Writer, f func(dst []byte, line string, cut bool) []byte) error {
	return mapBatches(ctx, r, w, func(dst []byte, lines []string, cut []bool) []byte {
		for i, l := range lines {
			dst = f(dst, l, cut[i])
		}
		return dst
	})
}

// mapBatches is mapLines for an f that takes several lines at once, up to
// batchLines of them; which ones depends on how they come in.
func mapBatches(ctx context.Context, r io.Reader, w io.Writer, f func(dst []byte, lines []string, cut []bool) []byte) error {
	const batchLines = 64
	type batch struct {
		lines []string
		cut   []bool
		out   []byte
		ready chan struct{}
	}
	workers := runtime.GOMAXPROCS(0)
	work := make(chan *batch, workers)
	order := make(chan *batch, 4*workers)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for b := range work {
				b.out = f(b.out, b.lines, b.cut)
				close(b.ready)
			}
		})
	}
	var readErr error
	wg.Go(func() {
		defer close(order)
		defer close(work)
		br := bufio.NewReaderSize(r, 1<<16)
		b := &batch{ready: make(chan struct{})}
		send := func() bool {
			if len(b.lines) == 0 {
				return true
			}
			for _, c := range []chan *batch{order, work} {
				select {
				case c <- b:
				case <-ctx.Done():
					return false
				}
			}
			b = &batch{ready: make(chan struct{})}
			return true
		}
		for first := true; ; first = false {
			line, cut, err := readLine(br)
			if first {
				line = strings.TrimPrefix(line, byteOrderMark)
			}
			if err == nil || line != "" {
				b.lines, b.cut = append(b.lines, line), append(b.cut, cut)
			}
			if err != nil {
				if !errors.Is(err, io.EOF) {
					readErr = err
				}
				send()
				return
			}
			if (len(b.lines) == batchLines || br.Buffered() == 0) && !send() {
				return
			}
		}
	})
	out := bufio.NewWriterSize(w, 1<<16)
	var writeErr error
	for b := range order {
		if writeErr == nil {
			select {
			case <-b.ready:
				_, writeErr = out.Write(b.out)
				if len(order) == 0 && writeErr == nil {
					writeErr = out.Flush()
				}
			case <-ctx.Done():
				writeErr = ctx.Err()
			}
			if writeErr != nil {
				cancel()
			}
		}
	}
	if ctx.Err() == nil {
		wg.Wait() // after an interrupt the reader may wait for input for ever
	}
	if err := out.Flush(); writeErr == nil {
		writeErr = err
	}
	switch {
	case writeErr != nil:
		return writeErr
	case readErr != nil:
		return fmt.Errorf("read input: %w", readErr)
	}
	return ctx.Err()
}

// readLine reads a line without its end; what exceeds maxLine is dropped.
func readLine(r *bufio.Reader) (line string, cut bool, err error) {
	var b []byte
	for {
		part, e := r.ReadSlice('\n')
		if room := maxLine - len(b); len(part) > room {
			part, cut = part[:room], true
		}
		b = append(b, part...)
		if errors.Is(e, bufio.ErrBufferFull) {
			continue
		}
		s := strings.TrimSuffix(string(b), "\n")
		return strings.TrimSuffix(s, "\r"), cut, e
	}
}
