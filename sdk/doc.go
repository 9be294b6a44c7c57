// Package sdk is what the author of a molsculpt plugin imports. A plugin is a
// program that calls [Serve] with a [Plugin] that has one capability or more:
// a [Policy], a [Diffusion], a [Guide], a [Trainer] or a [Scorer]. README.md
// beside this file builds one in ten minutes.
//
// # The life of a plugin
//
//  1. The host finds the program in a campaign file or the lock file, compares
//     its sha256 and starts it as a child: no inherited environment beyond a
//     short list (PATH, HOME, locale, threads and devices), standard input
//     empty, a process group of its own, a socket folder of its own.
//  2. Serve keeps the real standard output for the handshake and points file
//     descriptor 1 at standard error, so that no stray print can disturb or
//     block it. It checks that a host started it, and otherwise says what it is.
//  3. The two agree on a protocol version and on certificates of that one
//     connection, and speak gRPC over a Unix socket.
//  4. Describe: the host learns name, version, capabilities and kinds of space.
//  5. Load: the host sends weights with their sha256, the space and the
//     author's options; it gets a handle and the conditions the model takes.
//  6. Step, Score or LogQ: the host asks, with a deadline on every call. Calls
//     may come at the same time. Nothing is remembered between them but what
//     Load gave; so a batch may come a second time.
//  7. Train is the one stream: the plugin proposes states and the host says what
//     they are worth, or the plugin asks for paths of base models; the host
//     keeps the checkpoints and takes the weights at the end.
//  8. A panic in a call is an error of that call, with its stack. A process that
//     dies or misses a deadline is started again, every handle loaded again and
//     the same batch sent again; after several times in a short while the host
//     gives up and shows the last lines that the plugin wrote.
//  9. Shutdown: the plugin may free what it holds; then its process ends. If
//     the host dies first, in whatever way, the plugin notices within a fifth of
//     a second, removes its socket and ends.
//
// # What the host takes care of
//
// A plugin answers preferences, never molecules. The host masks what its space
// does not allow, normalises, and refuses NaN, infinities and wrong shapes with
// an error that names the plugin, the call and the place. A plugin can be
// wrong; it cannot make an illegal molecule or bring down a campaign.
//
// # Platforms
//
// Linux and macOS are supported in full. Elsewhere the program must not print
// to standard output before Serve, and outlives a host that was killed until
// its connection breaks.
package sdk
