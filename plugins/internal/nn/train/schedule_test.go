package train

import (
	"math"
	"strings"
	"testing"
)

func TestScheduleIsItsDefinition(t *testing.T) {
	for _, c := range []struct {
		name string
		s    Schedule
		at   map[int]float64
	}{
		{"constant", Schedule{}, map[int]float64{0: 1, 7: 1, 1e6: 1}},
		{"start", Schedule{Warmup: 4}, map[int]float64{0: 0.25, 1: 0.5, 3: 1, 4: 1, 100: 1}},
		{"cosine", Schedule{Steps: 100}, map[int]float64{0: 1, 25: (1 + math.Sqrt2/2) / 2, 50: 0.5, 100: 0, 500: 0}},
		{"cosine to a tenth", Schedule{Steps: 60, Last: 0.1}, map[int]float64{0: 1, 20: 0.1 + 0.9*0.75, 30: 0.55, 60: 0.1, 61: 0.1}},
		{"start and cosine", Schedule{Warmup: 10, Steps: 110, Last: 0.02}, map[int]float64{0: 0.1, 9: 1, 10: 1, 60: 0.51, 110: 0.02}},
		{"halving", Schedule{Half: 20000}, map[int]float64{0: 1, 20000: 0.5, 40000: 0.25, 10000: math.Sqrt2 / 2}},
		{"start and halving", Schedule{Warmup: 2, Half: 3}, map[int]float64{0: 0.5, 1: 1, 2: 1, 5: 0.5, 8: 0.25}},
		{"both", Schedule{Steps: 8, Half: 4}, map[int]float64{0: 1, 4: 0.25, 8: 0}},
		{"a start as long as the training", Schedule{Warmup: 5, Steps: 5}, map[int]float64{4: 1, 5: 1, 6: 0}},
	} {
		if err := c.s.Check(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		for step, want := range c.at {
			if got := c.s.At(step); math.Abs(got-want) > 1e-12 {
				t.Errorf("%s: update %d: %v, want %v", c.name, step, got, want)
			}
		}
	}
}

func TestImpossibleSchedulesAreErrors(t *testing.T) {
	for _, s := range []Schedule{{Warmup: -1}, {Steps: -1}, {Half: -1}, {Half: math.NaN()}, {Half: math.Inf(1)}, {Last: -0.1}, {Last: 1.1}, {Last: math.NaN()}} {
		if err := s.Check(); err == nil || !strings.HasPrefix(err.Error(), "train: ") {
			t.Errorf("%+v: error %v", s, err)
		}
	}
}

func TestKeepGrowsToTheAverage(t *testing.T) {
	for step, want := range map[int]float64{0: 0.1, 8: 0.5, 80: 0.9, 889: 890. / 899, 1e5: 0.995} {
		if got := Keep(0.995, step); math.Abs(float64(got)-want) > 1e-7 {
			t.Errorf("update %d keeps %v, want %v", step, got, want)
		}
	}
}
