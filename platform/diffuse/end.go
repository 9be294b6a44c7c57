package diffuse

import "fmt"

// DefaultEnd is the time where a chain ends where nothing is said.
const DefaultEnd = 1e-3

// Ended is what a [Field] or a [Guide] is too that does not know all times: End is
// the smallest that it has learned, below 1; 0 is no limit.
type Ended interface{ End() float64 }

// End is the time where chains and densities of fields end, with a guide or nil:
// what is asked for, or [DefaultEnd] where that is 0, or the smallest time that all
// of them know where that is later. To ask for an earlier time than that is an
// error: what is said of it would be made up.
func End(asked float64, fields []Field, guide Guide) (float64, error) {
	known := known(fields, guide)
	switch {
	case asked == 0:
		return max(DefaultEnd, known), nil
	case asked < known:
		return 0, fmt.Errorf("diffuse: to end at time %g is asked for; the models and the guide know times from %g on", asked, known)
	}
	return asked, nil
}

// known is the smallest time that all fields and a guide, or nil, know.
func known(fields []Field, guide Guide) float64 {
	end := endOf(guide)
	for _, f := range fields {
		end = max(end, endOf(f))
	}
	return end
}

// endOf is the smallest time that a field or a guide knows.
func endOf(x any) float64 {
	if e, ok := x.(Ended); ok {
		return e.End()
	}
	return 0
}
