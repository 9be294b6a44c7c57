package supervise

import (
	"bytes"
	"io"
	"os"
	"regexp"

	"github.com/molsculpt/molsculpt/sdk/host"
)

// handshakeLine is what go-plugin waits for on standard output: versions,
// network, address.
var handshakeLine = regexp.MustCompile(`^\d+\|\d+\|[a-z]+\|[^|]+\|`)

// handshakeReader gives go-plugin the handshake and nothing else of a plugin's
// standard output. Everything before and after it goes to the log, and is read
// for as long as the process writes, line or no line.
type handshakeReader struct {
	file  *os.File
	log   *host.Log
	other io.Writer
	line  []byte // of the handshake, while it is looked for
	given []byte // what Read has still to give
	found bool
}

// longHandshake is more than a handshake with a certificate has.
const longHandshake = 16 << 10

func (r *handshakeReader) Close() error { return r.file.Close() }

func (r *handshakeReader) Read(p []byte) (int, error) {
	if r.other == nil {
		r.other = r.log.Stream()
	}
	buf := make([]byte, 4096)
	for len(r.given) == 0 {
		n, err := r.file.Read(buf)
		r.take(buf[:n])
		if err != nil && len(r.given) == 0 {
			_, _ = r.other.Write(append(r.line, '\n'))
			r.line = nil
			return 0, io.EOF
		}
	}
	n := copy(p, r.given)
	r.given = r.given[n:]
	return n, nil
}

// take sorts output into the handshake and the rest.
func (r *handshakeReader) take(b []byte) {
	for len(b) > 0 && !r.found {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			r.line = append(r.line, b...)
			if len(r.line) > longHandshake {
				_, _ = r.other.Write(r.line)
				r.line = r.line[:0]
			}
			return
		}
		r.line = append(r.line, b[:i+1]...)
		b = b[i+1:]
		// A print without an end may stand before the handshake on its line.
		if handshakeLine.Match(r.line) {
			r.given, r.found = bytes.Clone(r.line), true
		} else {
			_, _ = r.other.Write(r.line)
		}
		r.line = r.line[:0]
	}
	if len(b) > 0 {
		_, _ = r.other.Write(b)
	}
}
