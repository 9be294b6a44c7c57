package sdk

import (
	"context"

	"github.com/molsculpt/molsculpt/sdk/space"
)

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
}

// DiffusionRequest asks for the score at some points.
type DiffusionRequest struct {
	Condition map[string]float64
	Points    []float32 // n x Dimension
	Times     []float64 // n, each in [0, 1]
}

// Guide makes classifiers that steer a composition: log Q of what is observed
// at a state or at a point.
type Guide interface {
	Load(ctx context.Context, req LoadRequest) (GuideModel, error)
}

// GuideModel is one loaded guide. Its methods may be called at the same time.
type GuideModel interface {
	Info() GuideInfo
	LogQ(ctx context.Context, req *GuideRequest) (GuideReply, error)
	Close() error
}

// GuideInfo is what a guide says of itself on loading.
type GuideInfo struct {
	Conditions []Condition
	Outcomes   []string // what is told apart, two at least
	Dimension  int      // of a point; 0 for a guide over states
}

// GuideRequest asks for log Q, at States for a discrete guide and at Points
// with Times for a continuous one.
type GuideRequest struct {
	Condition map[string]float64
	States    []space.State
	Points    []float32 // n x Dimension
	Times     []float64 // n, each in [0, 1]
	Gradient  bool      // asked for with points only
}

// GuideReply holds log-probabilities of the outcomes, and their gradient where
// it was asked for.
type GuideReply struct {
	LogQ     []float32 // n x outcomes
	Gradient []float32 // n x outcomes x Dimension
}
