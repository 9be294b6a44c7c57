package kern

var (
	tiles256 = tiles{
		mr: 6, nr: 16, depth: maxDepth, crowded: 256,
		tile:     []tileFunc{nil, sgemm256x1, sgemm256x2, sgemm256x3, sgemm256x4, sgemm256x5, sgemm256x6},
		copyRows: copyRows256, transpose8: transpose8,
		fma: fma256, perRound: 12 * 8 * 2,
	}
	tiles512 = tiles{
		mr: 12, nr: 32, depth: 256, crowded: 1024,
		tile: []tileFunc{
			nil, sgemm512x1, sgemm512x2, sgemm512x3, sgemm512x4, sgemm512x5, sgemm512x6,
			sgemm512x7, sgemm512x8, sgemm512x9, sgemm512x10, sgemm512x11, sgemm512x12,
		},
		copyRows: copyRows512, transpose8: transpose8,
		fma: fma512, perRound: 24 * 16 * 2,
	}
)

// machineTiles is the part of the named implementation for general products,
// nil where it has none.
func machineTiles(name string) *tiles {
	switch name {
	case "avx512":
		return &tiles512
	case "avx2":
		return &tiles256
	}
	return nil
}
