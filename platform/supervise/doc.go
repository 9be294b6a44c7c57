// Package supervise starts plugins as child processes and keeps them going. A
// process that dies or hangs costs a restart, not the run: every model is
// loaded again and the same call is made again, within a budget. However the
// host ends, no process and no socket stays behind.
package supervise
