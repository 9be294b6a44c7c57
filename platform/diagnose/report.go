package diagnose

import (
	"github.com/molsculpt/molsculpt/platform/sample"
)

// Report is all that is known of how well a run sampled its composition.
type Report struct {
	Method  string `json:"method"`
	Chosen  string `json:"chosen,omitempty"` // why this method, where the program chose it
	Exact   bool   `json:"exact"`            // weighted means become those of the composition as the run grows
	Samples int    `json:"samples"`          // of positive weight

	ESS         float64         `json:"ess"` // effective size of all samples together
	LogEvidence sample.Estimate `json:"log_evidence"`
	Weights     Weights         `json:"weights"`

	// ChainAcceptance is the share of populations that a chain of unweighted draws
	// accepted, the others repeat the draw before; nil where no chain was made.
	ChainAcceptance *float64 `json:"chain_acceptance,omitempty"`

	Checks  *Checks `json:"checks,omitempty"` // nil where none was made
	Verdict Verdict `json:"verdict"`
}

// Checks are the figures that need draws of their own.
type Checks struct {
	Seed  uint64 `json:"seed"`
	Draws int    `json:"draws"` // paths of the models, from each as many

	// The reference is those draws, weighted by the composition over their mixture,
	// if their effective size is MinReference. Else it is draws of the composition,
	// each by itself.
	DrawsESS    float64      `json:"reference_ess"`
	Independent *Independent `json:"independent,omitempty"` // nil where there was no need of them, or none could be made

	// Agrees compares the run with the reference; nil where the reference is
	// too thin to tell.
	Agrees *Agrees `json:"agrees,omitempty"`

	Distance    *Distance    `json:"distance,omitempty"` // nil where there were too few molecules
	Models      []ModelCheck `json:"models"`
	Calibration Reliability  `json:"calibration"` // of the posterior "which model made this path"

	Guide *GuideCheck `json:"guide,omitempty"` // of the guide at states; nil where there is none
}

// Independent are draws of the composition, each by itself.
type Independent struct {
	Draws int     `json:"draws"`
	ESS   float64 `json:"ess"`
}

// MinReference is the effective sample size from which on a reference can
// contradict a run.
const MinReference = 30

// Agrees is how well a run agrees with an independent reference.
type Agrees struct {
	LogEvidence   float64      `json:"log_evidence"` // of the reference
	LogEvidenceSE float64      `json:"log_evidence_se"`
	EvidenceP     float64      `json:"evidence_p"` // of a difference as large by chance
	P             float64      `json:"p"`          // of the largest difference below, corrected for their number
	Differences   []Difference `json:"differences"`
}

// Distance is the earth mover's distance of molecules by Morgan fingerprints
// (radius 3, 2,048 bits).
type Distance struct {
	Size      int             `json:"size"`                // molecules on each side
	Floor     float64         `json:"floor"`               // between two halves of the run
	Reference *float64        `json:"reference,omitempty"` // of the run from the reference; nil where that is too thin
	Models    []ModelDistance `json:"models"`              // of the run from each model alone
}

// ModelDistance is the distance from one model's own molecules.
type ModelDistance struct {
	Name string  `json:"name"`
	EMD  float64 `json:"emd"`
}

// ModelCheck compares three estimates of one model's log-density at molecules of
// the composition, drawn from the reference, or of its models where that is too
// thin: by the path that led there, log P(path) - log P_B(path); by
// backward paths, which is unbiased for the model as it is; and by its reward,
// which it was trained for. For a perfectly trained model all are the same up to
// a constant.
type ModelCheck struct {
	Name   string     `json:"name"`
	Paths  int        `json:"paths"`            // backward paths to a molecule
	Path   Agreement  `json:"path"`             // path against backward paths
	Reward *Agreement `json:"reward,omitempty"` // backward paths against beta log R; nil where the reward is not known
	Ratio  Agreement  `json:"ratio"`            // of the log-ratio to the first model: path against backward paths; 0 for the first
}
