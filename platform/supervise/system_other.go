//go:build !linux && !darwin

package supervise

import (
	"os"
	"os/exec"
)

// lockFile has no lock here, and so nothing is ever swept.
func lockFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
}

func detach(*exec.Cmd) {}

func killGroup(pid int) {
	if p, err := os.FindProcess(pid); err == nil {
		_ = p.Kill()
	}
}
