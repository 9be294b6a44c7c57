package platform

import (
	"context"
	"fmt"
	"math"
	"runtime"
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

// rewardSource answers a trainer: it says what finished states are worth. A
// state is scored once. It is safe for concurrent use.
type rewardSource struct {
	one   func(context.Context, space.State) sdk.Reward
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
	return &rewardSource{one: t.of, floor: floor, cache: map[space.State]sdk.Reward{}}
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
	workers := min(runtime.GOMAXPROCS(0), (len(todo)+15)/16)
	g, gctx := errgroup.WithContext(ctx)
	for w := range workers {
		g.Go(func() error {
			for k := w; k < len(todo); k += workers {
				if err := gctx.Err(); err != nil {
					return err
				}
				i := todo[k]
				out[i] = r.one(gctx, states[i])
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

// of is the reward of one tree: the logarithm of its molecule's desirability.
func (r treeReward) of(ctx context.Context, s space.State) sdk.Reward {
	failed := sdk.Reward{Status: sdk.ScoreFailed, Log: math.Log(r.floor)}
	m, err := r.space.Trees().Assemble(fragment.Tree(s))
	if err != nil {
		return failed
	}
	scores := r.objective.Function.Scorer.Score(ctx, []rewards.Molecule{{Mol: m}})
	if len(scores) != 1 {
		return failed
	}
	switch scores[0].Status {
	case rewards.OK:
	case rewards.TimedOut:
		return sdk.Reward{Status: sdk.TimedOut, Log: math.Log(r.floor)}
	case rewards.NotApplicable:
		return sdk.Reward{Status: sdk.NotApplicable, Log: math.Log(r.floor)}
	default:
		return failed
	}
	d := r.objective.Curve.At(scores[0].Value)
	return sdk.Reward{Status: sdk.OK, Log: math.Log(math.Max(d, r.floor)), Raw: scores[0].Value}
}

// Stats are the counts so far.
func (r *rewardSource) Stats() RewardStats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stats
}
