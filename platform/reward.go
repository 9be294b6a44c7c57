package platform

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/molsculpt/molsculpt/chem/fragment"
	"github.com/molsculpt/molsculpt/rewards"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
	"golang.org/x/sync/errgroup"
)

// cachedRewards is how many rewards a rewardSource remembers; when it is full
// it forgets all, which costs computing them again and nothing else.
const cachedRewards = 1 << 20

// statesAtOnce is how many states are scored together.
const statesAtOnce = 32

// rewardSource answers a trainer: it says what finished states are worth. A
// state is scored once. It is safe for concurrent use.
type rewardSource struct {
	of    func(context.Context, []space.State) []sdk.Reward
	floor float64 // lowest reward, and what a failed one counts as; 0 for none

	mu    sync.Mutex
	cache map[space.State]sdk.Reward
	stats RewardStats
}

// RewardStats says how a training run's rewards came about.
type RewardStats struct {
	Asked   int `json:"asked"`   // states that the trainer proposed
	Scored  int `json:"scored"`  // distinct ones that were computed
	Failed  int `json:"failed"`  // of these, without a value: counted as the floor
	Clipped int `json:"clipped"` // of these, below the floor
}

// newRewardSource builds the molecules of trees and scores them.
func newRewardSource(sp *space.Fragments, o rewards.Objective, floor float64) *rewardSource {
	t := treeReward{sp, o, floor}
	return &rewardSource{of: t.of, floor: floor, cache: map[space.State]sdk.Reward{}}
}

// rewards answers one batch, in order.
func (r *rewardSource) rewards(ctx context.Context, states []space.State) ([]sdk.Reward, error) {
	out := make([]sdk.Reward, len(states))
	var todo []int // first occurrences of what is not in the cache
	seen := map[space.State]bool{}
	r.mu.Lock()
	r.stats.Asked += len(states)
	for i, s := range states {
		if a, ok := r.cache[s]; ok {
			out[i] = a
		} else if !seen[s] {
			seen[s] = true
			todo = append(todo, i)
		}
	}
	r.mu.Unlock()
	if len(todo) == 0 {
		return out, nil
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for part := range slices.Chunk(todo, statesAtOnce) {
		g.Go(func() error {
			if err := gctx.Err(); err != nil {
				return err
			}
			some := make([]space.State, len(part))
			for k, i := range part {
				some[k] = states[i]
			}
			for k, a := range r.of(gctx, some) {
				out[part[k]] = a
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("platform: score states: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.cache)+len(todo) > cachedRewards {
		clear(r.cache)
	}
	fresh := map[space.State]sdk.Reward{}
	for _, i := range todo {
		r.cache[states[i]] = out[i]
		fresh[states[i]] = out[i]
		r.stats.Scored++
		switch {
		case out[i].Status != sdk.OK:
			r.stats.Failed++
		case out[i].Log <= math.Log(r.floor):
			r.stats.Clipped++
		}
	}
	for i, s := range states {
		if a, ok := fresh[s]; ok {
			out[i] = a
		}
	}
	return out, nil
}

// treeReward is what trees are worth.
type treeReward struct {
	space     *space.Fragments
	objective rewards.Objective
	floor     float64
}

// of are the rewards of trees: the logarithms of their molecules'
// desirabilities.
func (r treeReward) of(ctx context.Context, states []space.State) []sdk.Reward {
	out := make([]sdk.Reward, len(states))
	var mols []rewards.Molecule
	var place []int
	for i, s := range states {
		out[i] = sdk.Reward{Status: sdk.ScoreFailed, Log: math.Log(r.floor)}
		if m, err := r.space.Trees().Assemble(fragment.Tree(s)); err == nil {
			mols, place = append(mols, rewards.Molecule{Mol: m}), append(place, i)
		}
	}
	scores := r.objective.Function.Scorer.Score(ctx, mols)
	if len(scores) != len(mols) {
		return out
	}
	for k, i := range place {
		switch scores[k].Status {
		case rewards.OK:
			d := r.objective.Curve.At(scores[k].Value)
			out[i] = sdk.Reward{Status: sdk.OK, Log: math.Log(math.Max(d, r.floor)), Raw: scores[k].Value}
		case rewards.TimedOut:
			out[i].Status = sdk.TimedOut
		case rewards.NotApplicable:
			out[i].Status = sdk.NotApplicable
		case rewards.Failed: // as it is
		}
	}
	return out
}

// Stats are the counts so far.
func (r *rewardSource) Stats() RewardStats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stats
}
