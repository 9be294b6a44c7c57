package chem

// maxRingSteps bounds the search for the rings of one molecule, in looks at a
// bond, a ring or a word of a bond set: about half a second. A sheet of 2,500
// fused rings takes a twentieth of it.
const maxRingSteps = 200_000_000

// effort counts the steps of a search whose cost input made to do harm could
// drive up without end.
type effort int

// spend counts steps, and tells whether the search may go on.
func (e *effort) spend(steps int) bool {
	*e += effort(steps)
	return *e <= maxRingSteps
}
