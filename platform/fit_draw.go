package platform

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"github.com/molsculpt/molsculpt/platform/compose"
	"github.com/molsculpt/molsculpt/platform/sample"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// ownDraw is a trajectory that a model sampled.
type ownDraw struct {
	state   space.State // where it stopped
	balance float64     // sum log P_F - sum log P_B: log R - log Z for a balanced model
}

// drawOwn samples n trajectories of a policy, by the sampler of campaigns.
func drawOwn(ctx context.Context, sp space.Space, policy space.Policy, n int, seed uint64, done func(int)) ([]ownDraw, error) {
	const particles = 64
	s, err := sample.New(sp, []space.Policy{policy}, compose.Mixture([]string{"model"}, []float64{1}), sample.Options{
		Method: sample.Ancestral, Seed: seed, Particles: particles, Populations: (n + particles - 1) / particles,
	})
	if err != nil {
		return nil, err
	}
	out := make([]ownDraw, 0, n+particles)
	for p, err := range s.Populations(ctx) {
		if err != nil {
			return nil, err
		}
		for i := range p.Trajectories {
			t := &p.Trajectories[i]
			out = append(out, ownDraw{t.Final(), t.LogBase[0] - t.LogBackward})
		}
		if done != nil {
			done(min(len(out), n))
		}
	}
	if len(out) < n {
		return nil, fmt.Errorf("the model ended %d of %d trajectories", len(out), n)
	}
	return out[:n], nil
}

// FitWalkStop is the probability with which the random walks of a [Fit] stop at
// each tree where they may: a mean of 4.3 fragments where 9 are allowed.
const FitWalkStop = 0.2

// drawWalks draws the ends of random walks until n of them are not in seen, to
// which it adds them; fewer in a space that is too small.
func drawWalks(sp space.Space, n int, seed uint64, seen map[space.State]bool) []space.State {
	var out []space.State
	for i := 0; len(out) < n && i < 50*n; i++ {
		w := space.Walk(sp, FitWalkStop, rand.New(rand.NewPCG(seed, uint64(i))))
		out = pickNew(out, w.Last(), seen)
	}
	return out
}

// pickNew appends a state that was not seen before.
func pickNew(dst []space.State, s space.State, seen map[space.State]bool) []space.State {
	if seen[s] {
		return dst
	}
	seen[s] = true
	return append(dst, s)
}

// fitSeed derives the seed of one stream of random numbers from the user's. No
// training uses it: these streams are named by what they are for.
func fitSeed(seed uint64, purpose ...any) uint64 {
	sum := sha256.Sum256(fmt.Appendf(nil, "molsculpt fit %d %q", seed, fmt.Sprintln(purpose...)))
	return binary.LittleEndian.Uint64(sum[:])
}
