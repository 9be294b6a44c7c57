//go:build !amd64

package fingerprint

// common is commonPlain, which compilers for other processors do well.
func common(dst []int32, query, rows []uint64) { commonPlain(dst, query, rows) }
