package store

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"
)

func FuzzRecordsNeverPanicAndReadBackWhatTheyWrite(f *testing.F) {
	f.Add(encodeScores([]Score{{Value: 1, Desirability: 0.5}, {Status: TimedOut, Reason: "slow"}}))
	f.Add(encodeOccurrences([]weighted{{3, -1}, {9, math.Inf(-1)}}))
	f.Add(encodeTrajectory(Particle{SMILES: "C", Trajectory: Trajectory{States: [][]byte{{1}, {1, 2}, {3}}, LogP: []float64{-1, -2}, LogPB: -3}}))
	f.Add(encodeTrajectory(Particle{Invalid: "why", LogWeight: -4}))
	f.Add([]byte{1, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, data []byte) {
		// Varints have longer spellings, so bytes are compared after one round.
		again := func(name string, encode func([]byte) ([]byte, error)) {
			one, err := encode(data)
			if err != nil {
				return
			}
			two, err := encode(one)
			if err != nil || !bytes.Equal(one, two) {
				t.Errorf("%s: %x became %x, %v", name, one, two, err)
			}
		}
		again("scores", func(b []byte) ([]byte, error) {
			s, err := decodeScores(b)
			return encodeScores(s), err
		})
		again("occurrences", func(b []byte) ([]byte, error) {
			list, err := decodeOccurrences(b, 7, nil)
			var w []weighted
			for _, o := range list {
				w = append(w, weighted{o.Particle, o.LogWeight})
			}
			return encodeOccurrences(w), err
		})
		again("trajectory", func(b []byte) ([]byte, error) {
			tr, end, err := decodeTrajectory(b)
			p := Particle{Trajectory: tr, LogWeight: end.LogWeight, Invalid: end.Invalid}
			if len(b) > 1 && b[1] == 0 {
				p.SMILES = "C"
			}
			return encodeTrajectory(p), err
		})
		if _, err := occurrencePopulation(data); err == nil && bytes.IndexByte(data, 0) < 0 {
			t.Errorf("%x was taken for an occurrence key", data)
		}
		_ = decodeJSON(data, new(State))
		_ = decodeJSON(data, new(PopulationSummary))
	})
}

func TestNumbersSurviveJSON(t *testing.T) {
	t.Parallel()
	for _, f := range []float64{0, math.Copysign(0, -1), 1.0 / 3, math.MaxFloat64, math.SmallestNonzeroFloat64, math.Inf(1), math.Inf(-1), math.NaN()} {
		data, err := json.Marshal(Number(f))
		if err != nil {
			t.Fatal(err)
		}
		var got Number
		if err := json.Unmarshal(data, &got); err != nil || math.Float64bits(float64(got)) != math.Float64bits(f) && !math.IsNaN(f) {
			t.Errorf("%v became %s and %v, %v", f, data, got, err)
		}
	}
}
