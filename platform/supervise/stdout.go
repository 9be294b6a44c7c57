package supervise

import (
	"bytes"
	"io"
	"os"
	"regexp"

	"github.com/molsculpt/molsculpt/sdk/host"
)

// handshake is how the line begins that go-plugin waits for on standard output:
// version 1 of go-plugin, version of the protocol, network. The line may begin
// with a print that had no end.
var handshake = regexp.MustCompile(`1\|\d+\|(unix|tcp)\|`)

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
		if at := handshake.FindIndex(r.line); at != nil {
			r.given, r.found = bytes.Clone(r.line[at[0]:]), true
			if at[0] > 0 {
				_, _ = r.other.Write(append(r.line[:at[0]], '\n'))
			}
		} else {
			_, _ = r.other.Write(r.line)
		}
		r.line = r.line[:0]
	}
	if len(b) > 0 {
		_, _ = r.other.Write(b)
	}
}
