//go:build linux || darwin

package sdk

import (
	"os"
	"os/signal"
	"syscall"
)

// endSignals end a plugin. Interrupts are not among them: go-plugin ignores
// those, as a terminal sends them to the host, which ends its plugins itself.
var endSignals = []os.Signal{syscall.SIGTERM, syscall.SIGHUP}

// claimStreams keeps the real standard output for the handshake, as os.Stdout,
// and points file descriptor 1 at standard error: neither Go nor C code can
// disturb the handshake any more, or fill a pipe that nobody reads.
//
// A write to standard error fails from now on where its reader is gone; Go
// would end the process, before it has removed its socket.
func claimStreams() *streams {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	s := &streams{stdout: os.Stdout, stderr: os.Stderr}
	fd, err := syscall.Dup(1)
	if err != nil {
		return s
	}
	syscall.CloseOnExec(fd)
	if err := redirect(2, 1); err != nil {
		_ = syscall.Close(fd)
		return s
	}
	s.stdout = os.NewFile(uintptr(fd), "handshake")
	os.Stdout = s.stdout
	return s
}

// endGroup ends what the plugin has started, and the plugin itself, where the
// host gave it a process group of its own.
func endGroup() {
	if pid := os.Getpid(); syscall.Getpgrp() == pid {
		_ = syscall.Kill(-pid, syscall.SIGKILL)
	}
}
