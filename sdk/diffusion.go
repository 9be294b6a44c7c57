package sdk

import "context"

// Diffusion makes continuous models that answer a score function.
type Diffusion interface {
	Load(ctx context.Context, req LoadRequest) (DiffusionModel, error)
}

// DiffusionModel is one loaded model. Its methods may be called at the same
// time.
type DiffusionModel interface {
	Info() DiffusionInfo
	// Score is the gradient of log p_t at each point, len(req.Points) long.
	Score(ctx context.Context, req *DiffusionRequest) ([]float32, error)
	Close() error
}

// DiffusionInfo is what a continuous model says of itself on loading.
type DiffusionInfo struct {
	Conditions []Condition
	Dimension  int                // of a point
	Process    string             // the forward process, for example "vp-linear/1"
	Parameters map[string]float64 // its constants

	// End is the smallest time that the model has learned, at least 0 and below 1.
	// The platform asks for no earlier one: what it samples are points of p_End, and
	// densities are those of p_End. Of models that compose the largest End counts.
	// 0 is no limit; the platform then stops where it always does, at time 0.001.
	End float64
}

// DiffusionRequest asks for the score at some points.
type DiffusionRequest struct {
	Condition map[string]float64
	Points    []float32 // n x Dimension
	Times     []float64 // n, each in [0, 1]; the platform asks for none before End
}
