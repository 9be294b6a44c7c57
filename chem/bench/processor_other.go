//go:build !unix

package main

import "time"

var started = time.Now()

// processorTime is the time of day where the system does not tell what a
// process has used of the processor in a way that we know.
func processorTime() (time.Duration, error) { return time.Since(started), nil }
