// Package plugintest holds a plugin to the protocol: that its answers have the
// right shape, are numbers, do not depend on their company, and that what is
// wrong is refused. [Run] does it in a Go test, [Check] against any connection,
// which is what the command "molsculpt plugin test" does with a program in any
// language.
package plugintest
