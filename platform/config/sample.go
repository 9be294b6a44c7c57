package config

// Sample says how the composition is sampled.
type Sample struct {
	// Method is "auto", "smc", "annealed", "ancestral" (mixtures), "rejection"
	// (where a bound is known), "pimh" (an unweighted chain), "importance"
	// (independent draws with weights, to check the others), or one of the baselines
	// "unweighted" and "guided" (Garipov et al. 2023).
	Method    string
	Particles int  // trajectories of a population
	Guide     Text // weights of a guide of the models, relative to the campaign file; empty for none
	Steps     Text // what a step asks the guide for, one of the Steps constants; empty for what costs least
	Mark      Mark // of the method
}

// What a step asks a guide for.
const (
	StepsActions    = "actions"    // all actions of a state, in one pass
	StepsAll        = "all"        // all children of a state
	StepsCandidates = "candidates" // some children, drawn from the path posterior
	StepsGumbel     = "gumbel"     // children until no other can be first, by Gumbel-max
	StepsThinning   = "thinning"   // children until one is accepted
)

func parseSample(f map[string]node, at Mark) Sample {
	s := Sample{Method: "auto", Particles: DefaultParticle, Mark: at}
	n, ok := f["sample"]
	if !ok {
		return s
	}
	s.Mark = n.mark()
	g := n.fields("sample", "method", "particles", "guide", "steps")
	if v, ok := g["method"]; ok {
		s.Mark = v.mark()
		s.Method = v.choice("method", "auto", "smc", "annealed", "ancestral", "rejection", "importance", "pimh", "unweighted", "guided")
	}
	if v, ok := g["particles"]; ok {
		s.Particles = v.integer("particles", 1, MaxParticles)
	}
	if v, ok := g["guide"]; ok {
		s.Guide = v.text("guide")
	}
	if v, ok := g["steps"]; ok {
		s.Steps = Text{Mark: v.mark(), Value: v.choice("steps", StepsActions, StepsAll, StepsCandidates, StepsGumbel, StepsThinning)}
		if _, given := g["guide"]; !given && !n.src.meant["guide"] {
			v.fail("guide: FILE.safetensors, or take it out", "steps say what a guide is asked for, and there is no guide")
		}
	}
	return s
}
