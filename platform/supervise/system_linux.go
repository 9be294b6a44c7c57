package supervise

import "syscall"

// dieWithParent asks the kernel to tell the plugin when the host dies. It is
// SIGTERM, on which a Go plugin removes its socket first. The kernel means the
// thread that started the child, which is why the runner keeps that thread.
func dieWithParent(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGTERM }
