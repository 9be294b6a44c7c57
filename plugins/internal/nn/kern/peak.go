package kern

// MultiplyAdd runs rounds of independent fused multiply-adds on the vector
// registers that the products sum in, and returns the number of floating-point
// operations; the time it takes tells the peak of one core. In generic Go, which
// has no such peak, it does nothing and returns 0.
func MultiplyAdd(rounds int) (operations float64) {
	t := activeTiles()
	if t.fma == nil || rounds <= 0 {
		return 0
	}
	const atOnce = 1 << 14 // assembly cannot be preempted
	for left := rounds; left > 0; left -= atOnce {
		t.fma(min(left, atOnce))
	}
	return float64(rounds) * float64(t.perRound)
}
