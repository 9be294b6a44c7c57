package store_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/molsculpt/molsculpt/store"
)

// model is the store as anybody would write it in memory.
type model map[string]*modelCampaign

type modelCampaign struct {
	digest      string
	status      store.Status
	populations map[uint32]store.Population
}

func (m *modelCampaign) candidates() []store.Candidate {
	found := map[string]*store.Candidate{}
	var indices []uint32
	for i := range m.populations {
		indices = append(indices, i)
	}
	slices.Sort(indices)
	for _, i := range indices {
		for _, q := range m.populations[i].Particles {
			if q.SMILES == "" {
				continue
			}
			k := found[q.SMILES]
			if k == nil {
				k = &store.Candidate{SMILES: q.SMILES, Scores: q.Scores}
				found[q.SMILES] = k
			}
			k.Occurrences = append(k.Occurrences, store.Occurrence{Population: i, Particle: q.Index, LogWeight: q.LogWeight})
		}
	}
	out := []store.Candidate{}
	for _, k := range found {
		out = append(out, *k)
	}
	slices.SortFunc(out, func(a, b store.Candidate) int {
		if a.SMILES < b.SMILES {
			return -1
		}
		return 1
	})
	return out
}

func TestTheStoreBehavesLikeItsModel(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	folder := t.TempDir()
	runs := 0
	rapid.Check(t, func(t *rapid.T) {
		runs++
		path := filepath.Join(folder, "m"+string(rune('a'+runs%26))+string(rune('a'+runs/26%26))+string(rune('a'+runs/676))+".db")
		s, err := store.Open(path, quick)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		m := model{}
		names := rapid.SampledFrom([]string{"a", "a-2", "ab", "β"})
		check := func() {
			var got []string
			for c, err := range s.Campaigns(ctx) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, c.Name())
				want := m[c.Name()]
				if want == nil {
					t.Fatalf("campaign %s came from nowhere", c.Name())
				}
				candidates := []store.Candidate{}
				for k, err := range c.Candidates(ctx) {
					if err != nil {
						t.Fatal(err)
					}
					candidates = append(candidates, k)
				}
				if diff := cmp.Diff(want.candidates(), candidates); diff != "" {
					t.Fatal(diff)
				}
				state, err := c.State()
				if err != nil {
					t.Fatal(err)
				}
				wantState := store.State{Status: want.status, Populations: len(want.populations), Candidates: len(candidates)}
				for i, p := range want.populations {
					wantState.Trajectories += len(p.Particles)
					for _, q := range p.Particles {
						if q.SMILES == "" {
							wantState.Invalid++
						}
						tr, err := c.Trajectory(i, q.Index)
						if err != nil {
							t.Fatal(err)
						}
						if diff := cmp.Diff(q.Trajectory, tr, cmpopts.EquateEmpty()); diff != "" {
							t.Fatal(diff)
						}
					}
				}
				state.Clock = store.Clock{}
				if diff := cmp.Diff(wantState, state); diff != "" {
					t.Fatal(diff)
				}
			}
			if len(got) != len(m) || !slices.IsSorted(got) {
				t.Fatalf("campaigns %v, want %d", got, len(m))
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"": func(*rapid.T) {},
			"start": func(t *rapid.T) {
				p := plan(names.Draw(t, "name"))
				p.Digest = rapid.SampledFrom([]string{"one", "one", "one", "two"}).Draw(t, "digest")
				_, err := s.Start(ctx, p, store.StartOptions{})
				known := m[p.Name]
				var changed *store.PlanChangedError
				switch {
				case known == nil:
					m[p.Name] = &modelCampaign{digest: p.Digest, status: store.Running, populations: map[uint32]store.Population{}}
				case known.digest != p.Digest:
					if !errors.As(err, &changed) {
						t.Fatalf("a changed plan: %v", err)
					}
					return
				case known.status != store.Done:
					known.status = store.Running
				}
				if err != nil {
					t.Fatal(err)
				}
			},
			"commit": func(t *rapid.T) {
				name := names.Draw(t, "name")
				c, err := s.Campaign(name)
				if m[name] == nil {
					if err == nil {
						t.Fatal("a campaign that is not there was found")
					}
					return
				}
				index := rapid.Uint32Range(0, 8).Draw(t, "index")
				p := population(rapid.Uint64Range(0, 3).Draw(t, "seed"), index, nil)
				if err := c.Commit(ctx, p); err != nil {
					t.Fatal(err)
				}
				if _, there := m[name].populations[index]; !there {
					m[name].populations[index] = p
				}
			},
			"status": func(t *rapid.T) {
				name := names.Draw(t, "name")
				if m[name] == nil {
					return
				}
				c, err := s.Campaign(name)
				if err != nil {
					t.Fatal(err)
				}
				status := rapid.SampledFrom([]store.Status{store.Interrupted, store.Done}).Draw(t, "status")
				if err := c.SetStatus(ctx, status, ""); err != nil {
					t.Fatal(err)
				}
				m[name].status = status
			},
			"reopen": func(t *rapid.T) {
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				if s, err = store.Open(path, quick); err != nil {
					t.Fatal(err)
				}
			},
			"check": func(*rapid.T) { check() },
		})
		check()
	})
}
