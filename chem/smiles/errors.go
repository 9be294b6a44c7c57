package smiles

import (
	"fmt"
	"strings"
)

// SyntaxError says what is wrong with a SMILES string, and where.
type SyntaxError struct {
	Input   string // the whole string
	Offset  int    // byte offset of the mistake in Input
	Message string // what is wrong there
}

// Error is the message with the offset.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("smiles: parse %s at byte %d: %s", clip(e.Input), e.Offset, e.Message)
}

// Caret renders the input and, below it, a caret at the mistake.
func (e *SyntaxError) Caret() string {
	var b strings.Builder
	b.WriteString(e.Input)
	b.WriteByte('\n')
	for i := 0; i < e.Offset && i < len(e.Input); i++ {
		if e.Input[i] == '\t' {
			b.WriteByte('\t')
		} else if e.Input[i]&0xc0 != 0x80 {
			b.WriteByte(' ')
		}
	}
	b.WriteString("^ ")
	b.WriteString(e.Message)
	return b.String()
}

func clip(s string) string {
	if len(s) > 60 {
		return fmt.Sprintf("%q...", s[:57])
	}
	return fmt.Sprintf("%q", s)
}
