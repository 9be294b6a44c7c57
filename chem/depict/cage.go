package depict

import "math"

// template is a bridged system in perspective, as chemists draw it where the
// plane form has no room for the substituents of its bridges.
type template struct {
	name  string
	bonds [][2]int
	at    []Point
}

var templates = []template{
	{
		"bicyclo[1.1.1]pentane",
		[][2]int{{0, 1}, {1, 2}, {2, 3}, {3, 0}, {0, 4}, {4, 2}},
		[]Point{{-0.85, 0}, {-0.1, 0.65}, {0.85, 0}, {-0.1, -0.75}, {0.12, -0.1}},
	},
	{
		"bicyclo[2.2.1]heptane", // 0 to 5 around, 6 the bridge of one atom
		[][2]int{{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}, {5, 0}, {0, 6}, {6, 3}},
		[]Point{{-0.95, 0.25}, {-0.62, -0.75}, {0.62, -0.75}, {0.95, 0.25}, {0.36, -0.12}, {-0.36, -0.12}, {0, 1}},
	},
	{
		"bicyclo[2.2.2]octane",
		[][2]int{{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}, {5, 0}, {0, 6}, {6, 7}, {7, 3}},
		[]Point{{0, 1.1}, {0.95, 0.55}, {0.95, -0.55}, {0, -1.1}, {-0.95, -0.55}, {-0.95, 0.55}, {0.3, 0.35}, {-0.3, -0.35}},
	},
	{
		"bicyclo[3.2.1]octane", // 0 to 6 around, 7 the bridge of one atom
		[][2]int{{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}, {5, 6}, {6, 0}, {0, 7}, {7, 4}},
		[]Point{{-0.9, 0.5}, {-0.9, -0.5}, {0, -1.05}, {0.9, -0.5}, {0.9, 0.5}, {0.36, -0.05}, {-0.36, -0.05}, {0, 1.05}},
	},
	{
		"bicyclo[4.2.1]nonane", // 0 to 7 around, 8 the bridge of one atom
		[][2]int{{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}, {5, 6}, {6, 7}, {7, 0}, {0, 8}, {8, 5}},
		[]Point{{-0.9, 0.5}, {-1.15, -0.45}, {-0.5, -1.2}, {0.5, -1.2}, {1.15, -0.45}, {0.9, 0.5}, {0.36, -0.05}, {-0.36, -0.05}, {0, 1.05}},
	},
	{
		"bicyclo[3.3.1]nonane", // 0 to 7 around, 8 the bridge of one atom
		[][2]int{{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}, {5, 6}, {6, 7}, {7, 0}, {0, 8}, {8, 4}},
		[]Point{{-1, 0.72}, {-1.1, -0.4}, {0, -0.95}, {1.1, -0.4}, {1, 0.72}, {0.52, 0.12}, {0, -0.25}, {-0.52, 0.12}, {0, 1.3}},
	},
	{
		"cubane",
		[][2]int{{0, 1}, {1, 2}, {2, 3}, {3, 0}, {4, 5}, {5, 6}, {6, 7}, {7, 4}, {0, 4}, {1, 5}, {2, 6}, {3, 7}},
		[]Point{{0, 0}, {1, 0}, {1, 1}, {0, 1}, {0.42, 0.36}, {1.42, 0.36}, {1.42, 1.36}, {0.42, 1.36}},
	},
}

// cage is the form of a template that fits the frame, laid on it so that the
// substituents have most room; nil if none fits.
func (f *frame) cage() []Point {
	for _, t := range templates {
		if len(t.at) == len(f.nbr) && 2*len(t.bonds) == f.degrees() {
			if at := f.lay(t); at != nil {
				return at
			}
		}
	}
	return nil
}

func (f *frame) degrees() (sum int) {
	for _, nbrs := range f.nbr {
		sum += len(nbrs)
	}
	return sum
}

// lay tries all ways to lay a template on the frame.
func (f *frame) lay(t template) []Point {
	n := len(t.at)
	bound := make([][]bool, n) // in the template
	for i := range bound {
		bound[i] = make([]bool, n)
	}
	for _, b := range t.bonds {
		bound[b[0]][b[1]], bound[b[1]][b[0]] = true, true
	}
	inFrame := make([][]bool, n)
	for i, nbrs := range f.nbr {
		inFrame[i] = make([]bool, n)
		for _, j := range nbrs {
			inFrame[i][j] = true
		}
	}
	bonds := f.bonds()
	on := make([]int, n) // by atom of the frame: the atom of the template
	used := make([]bool, n)
	at := make([]Point, n)
	var best []Point
	least := math.Inf(1)
	var place func(i int)
	place = func(i int) {
		if i == n {
			for k, x := range on {
				at[k] = t.at[x]
			}
			if v := f.crowded(at, bonds); v < least-1e-9 {
				best, least = append([]Point(nil), at...), v
			}
			return
		}
		for x := range n {
			fits := !used[x]
			for k := 0; k < i && fits; k++ {
				fits = inFrame[i][k] == bound[x][on[k]]
			}
			if fits {
				on[i], used[x] = x, true
				place(i + 1)
				used[x] = false
			}
		}
	}
	place(0)
	return best
}
