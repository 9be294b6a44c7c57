package gflownet_test

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/molsculpt/molsculpt/chem/fragment"
	"github.com/molsculpt/molsculpt/plugins/gflownet"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// A model that likes trees of three fragments, trained without a host.
func ExampleTrainer() {
	v, err := fragment.Parse([]byte(`[
		{"smiles": "c1ccccc1", "attach": [0, 1, 2, 3, 4, 5]},
		{"smiles": "C", "attach": [0, 0]},
		{"smiles": "F", "attach": [0]}]`))
	if err != nil {
		fmt.Println(err)
		return
	}
	sp, err := space.NewFragments(v, 5)
	if err != nil {
		fmt.Println(err)
		return
	}
	t, err := gflownet.NewTrainer(sp, gflownet.Config{Width: 16, Layers: 1, Steps: 400, Batch: 32, BetaMax: 8, BetaFocus: 8}, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	for !t.Done() {
		ask, err := t.Propose()
		if err != nil {
			fmt.Println(err)
			return
		}
		log := make([]float64, len(ask))
		for i, s := range ask {
			log[i] = -math.Abs(float64(sp.Size(s) - 3))
		}
		if _, err := t.Update(log); err != nil {
			fmt.Println(err)
			return
		}
	}
	m, err := t.Model()
	if err != nil {
		fmt.Println(err)
		return
	}
	states, err := m.Sample(200, 8, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		fmt.Println(err)
		return
	}
	three := 0
	for _, s := range states {
		if sp.Size(s) == 3 {
			three++
		}
	}
	fmt.Println("mostly three fragments:", three > 180)
	// Output: mostly three fragments: true
}
