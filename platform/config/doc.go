// Package config reads the two files a user writes: the campaign file, which
// says what to design, and the training file, which says what a base model
// learns. Both are strict YAML: every mistake is an [Error] with line, column,
// the line itself and a caret, and where possible a remedy. A file that was
// read is complete: all defaults stand in it, and [Campaign.Plan] gives its
// canonical text, whose digest is the campaign's identity.
//
// The package knows the form of the files only. Whether a reward exists, a
// plugin answers or an expression names its models rightly is checked by the
// platform, which asks [Text.Errorf], [Mark.Errorf] and the like for an error
// at the place it means.
package config
