package experiment

import "slices"

// publishedSets are the rows and columns of publishedEMD.
var publishedSets = []string{
	"SEH", "SA", "QED", "SEH, SA", "SEH, QED", "SA, QED", "SEH, SA, QED",
	"SEH, SEH", "SA, SA", "QED, QED", "SEH, SEH, SEH", "SA, SA, SA", "QED, QED, QED",
}

// publishedEMD is the upper triangle of the earth mover's distances between
// samples of 5,000 molecules of Garipov et al. 2023, as the authors' repository
// keeps them (timgaripov/compositional-sculpting, MIT licence).
var publishedEMD = [][]float64{
	{4.42, 5.77, 3.39, 4.20, 4.88, 4.10, 2.45, 4.43, 5.73, 2.46, 4.44, 5.73},
	{5.88, 3.26, 5.15, 4.59, 4.20, 4.39, 2.55, 5.90, 4.39, 2.55, 5.89},
	{5.40, 4.02, 3.85, 4.20, 5.80, 5.88, 3.21, 5.80, 5.90, 3.20},
	{4.25, 4.19, 3.68, 3.40, 3.29, 5.39, 3.39, 3.30, 5.39},
	{3.80, 3.67, 4.21, 5.16, 3.99, 4.22, 5.19, 4.00},
	{3.65, 4.91, 4.59, 3.88, 4.91, 4.59, 3.87},
	{4.12, 4.22, 4.20, 4.12, 4.23, 4.20},
	{4.41, 5.73, 1.07, 4.43, 5.72},
	{5.88, 4.40, 1.54, 5.87},
	{5.75, 5.92, 1.02},
	{4.43, 5.73},
	{5.90},
}

// publishedDistance is the published distance of two sets; false where there is
// none.
func publishedDistance(a, b string) (float64, bool) {
	i, j := slices.Index(publishedSets, a), slices.Index(publishedSets, b)
	if i < 0 || j < 0 {
		return 0, false
	}
	if i == j {
		return 0, true // a set with itself
	}
	return publishedEMD[min(i, j)][max(i, j)-min(i, j)-1], true
}

// publishedFloor is what a published distance of two sets of one law may have
// been: nothing says it, but contrasts such as SEH, SEH are near their parents
// where models hardly overlap, so their distances are bounds from above.
func publishedFloor(model string) (float64, bool) {
	return publishedDistance(model, model+", "+model)
}

// Published shares, in percent, of molecules with SEH, SA and QED all high in
// samples of their harmonic mean: Yoon et al. 2026 (Routing by reaching, arXiv
// 2602.21565).
const (
	publishedGuidance = "40 %"
	publishedMixing   = "65 to 66 %"
)
