package fingerprint

// common is commonPlain, by vector instructions where the processor has them.
func common(dst []int32, query, rows []uint64) {
	if countsVectors && len(dst) > 0 {
		common512(dst, query, rows)
		return
	}
	commonPlain(dst, query, rows)
}

// common512 is commonPlain with AVX-512 and its VPOPCNTDQ. len(dst) and
// len(query) must not be 0.
//
//go:noescape
func common512(dst []int32, query, rows []uint64)

// cpuid asks the processor about a leaf of its properties.
func cpuid(leaf, sub uint32) (a, b, c, d uint32)

// xgetbv tells which registers the operating system keeps.
func xgetbv() (a, d uint32)

// countsVectors says that processor and operating system have what common512
// needs (Intel, Software Developer's Manual, volume 1, section 15.2).
var countsVectors = func() bool {
	const (
		osxsave   = 1 << 27 // leaf 1, c
		avx512f   = 1 << 16 // leaf 7, b
		vpopcntdq = 1 << 14 // leaf 7, c
		registers = 0xe6    // of SSE, AVX and AVX-512
	)
	if top, _, _, _ := cpuid(0, 0); top < 7 {
		return false
	}
	if _, _, c, _ := cpuid(1, 0); c&osxsave == 0 {
		return false
	}
	if kept, _ := xgetbv(); kept&registers != registers {
		return false
	}
	_, b, c, _ := cpuid(7, 0)
	return b&avx512f != 0 && c&vpopcntdq != 0
}()
