package store

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Population is what one finished population of the sampler leaves: the unit
// that is committed.
type Population struct {
	Index       uint32
	Diagnostics Diagnostics
	Particles   []Particle // in increasing order of Index
}

// Particle is one finished trajectory of a population.
type Particle struct {
	Index      uint32 // within its population
	LogWeight  float64
	Trajectory Trajectory

	// SMILES is the canonical SMILES of the finished molecule, the identity of
	// its candidate. It is empty where there is none; Invalid then says why.
	SMILES  string
	Invalid string

	// Scores holds one entry per objective of the plan. Nil says that the
	// candidate was scored before: another particle of this population or a
	// population committed earlier carries its scores.
	Scores []Score
}

// Trajectory is the way a molecule was made.
type Trajectory struct {
	States [][]byte  `json:"states"`  // the states in the order they were passed, opaque here
	LogP   []float64 `json:"log_p"`   // per base model: log-probability of the trajectory
	LogPB  float64   `json:"log_p_b"` // log-probability of the backward kernel along it
}

// Final is the last state, nil for a trajectory without states.
func (t Trajectory) Final() []byte {
	if len(t.States) == 0 {
		return nil
	}
	return t.States[len(t.States)-1]
}

// Diagnostics tells how well a population was sampled. A number that a method
// does not have is NaN.
type Diagnostics struct {
	LogEvidence Number         `json:"log_evidence"` // natural logarithm of the evidence estimate
	ESS         Number         `json:"ess"`          // effective sample size at the end, in particles
	MinESS      Number         `json:"min_ess"`      // the smallest on the way, in particles
	Resamplings int            `json:"resamplings"`
	Acceptance  Number         `json:"acceptance"` // share of draws that rejection keeps, estimated; NaN where it has no bound
	Steps       []StepWeights  `json:"steps,omitempty"`
	Extra       []NamedNumber  `json:"extra,omitempty"`
	Clock       PopulationTime `json:"clock"`
}

// StepWeights is the log-weight that one step had, in nats, over the particles
// that took it.
type StepWeights struct {
	Count int    `json:"count"`
	Mean  Number `json:"mean"`
	SD    Number `json:"sd"`
}

// NamedNumber is a further diagnostic of a method.
type NamedNumber struct {
	Name  string `json:"name"`
	Value Number `json:"value"`
}

// PopulationTime holds the clock fields of a population: they may differ
// between two runs of the same campaign.
type PopulationTime struct {
	Seconds  float64 `json:"seconds"`            // wall time of sampling and scoring
	Restarts int     `json:"restarts,omitempty"` // plugin processes that had to be started again
}

// ScoreStatus says whether a score is there, and if not, why.
type ScoreStatus uint8

// Statuses of a score.
const (
	OK            ScoreStatus = iota
	Failed                    // the scoring function failed; Reason says how
	TimedOut                  // it did not answer in time
	NotApplicable             // it does not apply to this molecule
)

var statusNames = [...]string{"ok", "failed", "timed out", "not applicable"}

// String is the status in words: ok, failed, timed out, not applicable.
func (s ScoreStatus) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return fmt.Sprintf("status(%d)", uint8(s))
}

// MarshalText writes the status in words.
func (s ScoreStatus) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the words of a status.
func (s *ScoreStatus) UnmarshalText(text []byte) error {
	for i, name := range statusNames {
		if name == string(text) {
			*s = ScoreStatus(i)
			return nil
		}
	}
	return fmt.Errorf("store: read score status: %q", text)
}

// Score is what one objective says of a candidate. Value and Desirability mean
// something where Status is OK and are zero elsewhere.
type Score struct {
	Value        float64     `json:"value"`        // in the objective's unit
	Desirability float64     `json:"desirability"` // 0 (useless) to 1 (ideal)
	Status       ScoreStatus `json:"status"`
	Reason       string      `json:"reason,omitempty"` // why there is no score
}

// Occurrence is one time that the sampler made a candidate.
type Occurrence struct {
	Population uint32  `json:"population"`
	Particle   uint32  `json:"particle"`
	LogWeight  float64 `json:"log_weight"`
}

// Candidate is a molecule of a campaign as read back.
type Candidate struct {
	SMILES      string
	Scores      []Score      // in the order of the plan's objectives
	Occurrences []Occurrence // by population, then particle; never empty
}

// Count is how often the candidate was made.
func (c Candidate) Count() int { return len(c.Occurrences) }

// LogWeight is the log of the summed weights of all occurrences.
func (c Candidate) LogWeight() float64 {
	if len(c.Occurrences) == 1 {
		return c.Occurrences[0].LogWeight
	}
	w := make([]float64, len(c.Occurrences))
	for i, o := range c.Occurrences {
		w[i] = o.LogWeight
	}
	return logSumExp(w)
}

// First is the occurrence with the smallest population and particle.
func (c Candidate) First() Occurrence { return c.Occurrences[0] }

// PopulationSummary is what the store keeps of a population beside its
// particles.
type PopulationSummary struct {
	Index       uint32      `json:"-"`
	Particles   int         `json:"particles"`
	Invalid     int         `json:"invalid"`
	Diagnostics Diagnostics `json:"diagnostics"`
}

// Status is where a campaign stands.
type Status string

// Statuses of a campaign.
const (
	Running     Status = "running" // also after a kill: whoever ran it could not say goodbye
	Interrupted Status = "interrupted"
	Done        Status = "done"
	Broken      Status = "failed"
)

// State is how far a campaign has come.
type State struct {
	Status       Status   `json:"status"`
	Message      string   `json:"message,omitempty"` // why it failed
	Populations  int      `json:"populations"`       // committed
	Trajectories int      `json:"trajectories"`
	Invalid      int      `json:"invalid"`            // trajectories whose end is no molecule
	Candidates   int      `json:"candidates"`         // distinct molecules
	Numerics     []string `json:"numerics,omitempty"` // further numeric ids it was forced to go on with
	Clock        Clock    `json:"clock"`
}

// Clock holds the clock fields of a campaign.
type Clock struct {
	Created  time.Time `json:"created"`
	Updated  time.Time `json:"updated"`
	Seconds  float64   `json:"seconds"`  // wall time with a writer at work, up to the last commit
	Sessions int       `json:"sessions"` // times it was started or resumed
}

// longestSMILES leaves room for the population in an occurrence's key; bbolt
// allows 32,768 bytes.
const longestSMILES = 32000

func (p Population) validate(campaign string, objectives []Objective) error {
	where := fmt.Sprintf("campaign %q, population %d", campaign, p.Index)
	for i, q := range p.Particles {
		bad := func(format string, args ...any) error {
			return &InvalidError{Where: fmt.Sprintf("%s, particle %d", where, q.Index), What: fmt.Sprintf(format, args...)}
		}
		switch {
		case i > 0 && q.Index <= p.Particles[i-1].Index:
			return bad("the particles are not in increasing order")
		case math.IsNaN(q.LogWeight) || math.IsInf(q.LogWeight, 1):
			return bad("the log-weight is %v", q.LogWeight)
		case q.SMILES == "" && q.Invalid == "":
			return bad("neither a SMILES nor a reason why there is none")
		case q.SMILES != "" && q.Invalid != "":
			return bad("both a SMILES and a reason why there is none")
		case q.SMILES == "" && q.Scores != nil:
			return bad("scores without a molecule")
		case len(q.SMILES) > longestSMILES:
			return bad("the SMILES has %d bytes, at most %d are allowed", len(q.SMILES), longestSMILES)
		case strings.IndexByte(q.SMILES, 0) >= 0:
			return bad("the SMILES has a zero byte")
		case q.Scores != nil && len(q.Scores) != len(objectives):
			return bad("%d scores for %d objectives", len(q.Scores), len(objectives))
		}
		for k, s := range q.Scores {
			switch {
			case int(s.Status) >= len(statusNames):
				return bad("objective %s: unknown status %d", objectives[k].Name, s.Status)
			case s.Status == OK && !finite(s.Value):
				return bad("objective %s: the value is %v though its status is ok", objectives[k].Name, s.Value)
			case s.Status == OK && !(s.Desirability >= 0 && s.Desirability <= 1):
				return bad("objective %s: the desirability %v is not in 0 to 1", objectives[k].Name, s.Desirability)
			}
		}
	}
	return nil
}
