//go:build !linux && !darwin

package sdk

import "os"

var endSignals = []os.Signal{os.Interrupt}

// claimStreams leaves file descriptor 1 alone: here a plugin must not print to
// it before Serve.
func claimStreams() *streams { return &streams{stdout: os.Stdout, stderr: os.Stderr} }

func endGroup() {}
