package space

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

var (
	_ Defined = (*Fragments)(nil)
	_ Defined = (*Grid)(nil)
	_ Defined = (*Points)(nil)
)

// Defined is a space that can be sent to another process: [Open] of its kind
// and definition gives a space with the same descriptor.
type Defined interface {
	Space
	Definition() []byte
}

// Open builds a space from its kind, as in [Descriptor], and its definition.
func Open(kind string, definition []byte) (Defined, error) {
	switch kind {
	case KindFragments:
		return openFragments(definition)
	case KindGrid:
		return openGrid(definition)
	case KindPoints:
		return openPoints(definition)
	}
	return nil, fmt.Errorf("space: open %q: unknown kind; this program knows %s, %s and %s", kind, KindFragments, KindGrid, KindPoints)
}

// Difference says in what two descriptors differ first, or "" if they are
// equal and models made for them compose.
func Difference(a, b Descriptor) string {
	switch {
	case a.Kind != b.Kind:
		return fmt.Sprintf("kinds of space %s and %s", a.Kind, b.Kind)
	case a.Kernel != b.Kernel:
		return fmt.Sprintf("backward kernels %s and %s", a.Kernel, b.Kernel)
	case a.MaxSize != b.MaxSize:
		return fmt.Sprintf("largest sizes %d and %d", a.MaxSize, b.MaxSize)
	case a.Digest != b.Digest:
		return fmt.Sprintf("digests %.12s and %.12s (another vocabulary or rule)", a.Digest, b.Digest)
	}
	return ""
}

// digest is the sha256 (hex) of a formatted text.
func digest(format string, args ...any) string {
	sum := sha256.Sum256(fmt.Appendf(nil, format, args...))
	return hex.EncodeToString(sum[:])
}

func sortParents(list []Parent) {
	slices.SortFunc(list, func(a, b Parent) int { return strings.Compare(string(a.State), string(b.State)) })
}
