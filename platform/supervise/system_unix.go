//go:build linux || darwin

package supervise

import (
	"os"
	"os/exec"
	"syscall"
)

// lockFile opens and locks a file for as long as it is open, at the latest
// until this process ends; it fails where another process has it.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// detach gives the process a group of its own: a terminal's interrupt goes to
// the host alone, which ends its plugins in order.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	dieWithParent(cmd.SysProcAttr)
}

// killGroup ends a process and all that it started and did not detach.
func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }
