package sdk

import "syscall"

// redirect makes file descriptor to another name of from.
func redirect(from, to int) error { return syscall.Dup2(from, to) }
