package smarts

import "fmt"

// SyntaxError says where and why a text is not a SMARTS pattern.
type SyntaxError struct {
	Pattern string // the whole text
	Offset  int    // byte offset of the fault, 0 <= Offset <= len(Pattern)
	Reason  string // what is wrong there
}

// Error implements error.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("smarts: compile %q: offset %d: %s", e.Pattern, e.Offset, e.Reason)
}
