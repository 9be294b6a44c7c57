package score

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/molsculpt/molsculpt/sdk"
)

// Outcomes is what a guide tells apart: the multisets of so many observations,
// each the number of a model. Observations have equal prior weights, so that they
// are exchangeable.
type Outcomes struct {
	Models       []string `json:"models"`
	Observations int      `json:"observations"`
	Lists        [][]int  `json:"-"`
}

// maxOutcomes bounds the outcomes of a guide.
const maxOutcomes = 1000

// check completes the lists, or says what is wrong.
func (o *Outcomes) check() error {
	m, n := len(o.Models), o.Observations
	if m < 2 {
		return fmt.Errorf("a guide tells models apart; %d are given and two are needed at least", m)
	}
	if n < 1 || n > 8 {
		return fmt.Errorf("observations is %d; give 1 to 8", n)
	}
	o.Lists = nil
	list := make([]int, n)
	for {
		if len(o.Lists) == maxOutcomes {
			return fmt.Errorf("observations is %d: of %d models that are more than %d outcomes; give fewer", n, m, maxOutcomes)
		}
		o.Lists = append(o.Lists, slices.Clone(list))
		k := n - 1
		for k >= 0 && list[k] == m-1 {
			k--
		}
		if k < 0 {
			return nil
		}
		v := list[k] + 1
		for ; k < n; k++ {
			list[k] = v
		}
	}
}

// info is what the outcomes are for a host.
func (o *Outcomes) info() (sdk.GuideInfo, error) {
	i := sdk.GuideInfo{Models: o.Models, Lists: o.Lists}
	for _, list := range o.Lists {
		names := make([]string, len(list))
		for k, y := range list {
			names[k] = o.Models[y]
		}
		i.Outcomes = append(i.Outcomes, strings.Join(names, ","))
	}
	if len(i.Outcomes) == 0 {
		return i, errors.New("outcomes that were not checked")
	}
	return i, nil
}

// multiplicities are the numbers of lists that the outcomes stand for.
func (o *Outcomes) multiplicities() []float64 {
	i := sdk.GuideInfo{Lists: o.Lists}
	out := make([]float64, len(o.Lists))
	for k := range out {
		out[k] = i.Multiplicity(k)
	}
	return out
}
