package fingerprint

// combine mixes v into seed: hash_combine of the Boost library in 32 bits,
// which RDKit's fingerprints are built on.
func combine(seed, v uint32) uint32 {
	return seed ^ (v + 0x9e3779b9 + seed<<6 + seed>>2)
}

// pair is the hash of an ordered pair.
func pair(a, b uint32) uint32 { return combine(combine(0, a), b) }
