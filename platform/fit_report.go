package platform

import "slices"

// FitReport is the fit of one model, for programs.
type FitReport struct {
	Model  string `json:"model"` // as it was asked for
	Name   string `json:"name"`
	Plugin string `json:"plugin"`
	Card   string `json:"card,omitempty"` // file; empty for a bundled one
	Reward string `json:"reward"`
	Fit    Fit    `json:"fit"`
}

// Fit is how well a model fits what it was trained for, as it stands in the
// model card: nothing in it depends on when and how fast it was measured.
type Fit struct {
	WeightsSHA256 string     `json:"weights_sha256"`
	Seed          uint64     `json:"seed"`
	Molecules     int        `json:"molecules"`      // wanted, per beta
	Paths         int        `json:"paths"`          // backward paths per tree
	WalkStop      float64    `json:"walk_stop"`      // probability with which random walks stop
	Floor         float64    `json:"floor"`          // of the reward
	Clip          *float64   `json:"clip,omitempty"` // of beta log R, nats
	Others        []FitOther `json:"others"`         // models that gave a quarter of the trees
	Device        string     `json:"device,omitempty"`
	At            []FitAt    `json:"at"`
	ByBeta        []FitBeta  `json:"by_beta"`
}

// FitOther is a model whose samples another one was tried on.
type FitOther struct {
	Name          string `json:"name"`
	WeightsSHA256 string `json:"weights_sha256"`
}

// FitAt is the fit at one beta.
type FitAt struct {
	Beta   float64  `json:"beta"`
	All    FitGroup `json:"all"`
	Own    FitGroup `json:"own"`
	Other  FitGroup `json:"other"`
	Walk   FitGroup `json:"walk"`
	LogPSE float64  `json:"log_p_se"` // root mean square standard error of log p, from the spread of its paths
	TB     float64  `json:"tb_sd"`    // standard deviation of the trajectory-balance residual of own samples, nats
	TBN    int      `json:"tb_n"`
	Missed []string `json:"missed,omitempty"` // what is not as good as it should be
}

// FitBeta is what own samples at one beta are like.
type FitBeta struct {
	Beta      float64 `json:"beta"`
	N         int     `json:"n"`
	Reward    float64 `json:"mean_reward"`
	RewardSE  float64 `json:"mean_reward_se"`
	Value     float64 `json:"mean_value"` // of the function, failed ones left out
	ValueSE   float64 `json:"mean_value_se"`
	Fragments float64 `json:"mean_fragments"`
	Clipped   float64 `json:"clipped"` // share of rewards that floor or clip cut, failed ones included
	Failed    int     `json:"failed,omitempty"`
	TB        float64 `json:"tb_sd"`
}

// Passed says whether the model is as good as it should be.
func (f *Fit) Passed() bool {
	return !slices.ContainsFunc(f.At, func(a FitAt) bool { return len(a.Missed) > 0 })
}

func (a *FitAt) round() {
	for _, g := range []*FitGroup{&a.All, &a.Own, &a.Other, &a.Walk} {
		for _, x := range []*float64{&g.Correlation, &g.Slope, &g.RMS} {
			digits(x)
		}
	}
	digits(&a.LogPSE)
	digits(&a.TB)
}

// missed lists what is not as good as it should be.
func (a *FitAt) missed() []string {
	var out []string
	if a.All.Impossible > 0 {
		out = append(out, "support")
	}
	if !(a.All.Correlation >= FitMinCorrelation) {
		out = append(out, "correlation")
	}
	if !(a.All.Slope >= FitMinSlope && a.All.Slope <= FitMaxSlope) {
		out = append(out, "slope")
	}
	if !(a.TB <= FitMaxTB) {
		out = append(out, "tb_sd")
	}
	return out
}
