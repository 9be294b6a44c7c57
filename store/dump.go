package store

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	bolt "go.etcd.io/bbolt"
)

// Dump writes everything that the store holds except clock fields, one record a
// line, in key order: two runs of the same campaigns write the same bytes,
// however often they were interrupted. It sees one moment of the store.
func (s *Store) Dump(w io.Writer) error {
	out := bufio.NewWriter(w)
	err := s.view(func(tx *bolt.Tx) error {
		fmt.Fprintf(out, "schema %d\n", binary.BigEndian.Uint32(tx.Bucket(bucketMeta).Get(keySchema)))
		all := tx.Bucket(bucketCampaigns)
		return all.ForEachBucket(func(k []byte) error {
			return dumpCampaign(out, string(k), all.Bucket(k))
		})
	})
	if err != nil {
		return err
	}
	return out.Flush()
}

func dumpCampaign(out io.Writer, name string, b *bolt.Bucket) error {
	plan, state, err := readCampaign(b, name)
	if err != nil {
		return err
	}
	state.Clock = Clock{}
	if err := dumpLine(out, "plan", name, plan); err != nil {
		return err
	}
	if err := dumpLine(out, "state", name, state); err != nil {
		return err
	}
	err = b.Bucket(bucketPopulations).ForEach(func(k, v []byte) error {
		p, err := readPopulation(k, v)
		if err != nil {
			return err
		}
		p.Diagnostics.Clock = PopulationTime{}
		return dumpLine(out, "population", strconv.Itoa(int(p.Index)), p)
	})
	if err != nil {
		return err
	}
	occurrences := b.Bucket(bucketOccurrences).Cursor()
	err = b.Bucket(bucketCandidates).ForEach(func(k, v []byte) error {
		c, err := readCandidate(k, v, occurrences)
		if err != nil {
			return err
		}
		return dumpLine(out, "candidate", c.SMILES, struct {
			Scores      []Score  `json:"scores"`
			Occurrences [][3]any `json:"occurrences"`
		}{c.Scores, dumpOccurrences(c.Occurrences)})
	})
	if err != nil {
		return err
	}
	return b.Bucket(bucketTrajectories).ForEach(func(k, v []byte) error {
		t, end, err := decodeTrajectory(v)
		if err != nil || len(k) != 8 {
			return &RecordError{Record: "trajectory", Key: string(k), What: fmt.Sprint(err)}
		}
		line := struct {
			States   [][]byte `json:"states"`
			LogP     []Number `json:"log_p"`
			LogPB    Number   `json:"log_p_b"`
			Invalid  string   `json:"invalid,omitempty"`
			InvalidW Number   `json:"invalid_log_weight,omitempty"`
		}{t.States, numbers(t.LogP), Number(t.LogPB), end.Invalid, Number(end.LogWeight)}
		key := fmt.Sprintf("%d/%d", binary.BigEndian.Uint32(k), binary.BigEndian.Uint32(k[4:]))
		return dumpLine(out, "trajectory", key, line)
	})
}

func numbers(x []float64) []Number {
	out := make([]Number, len(x))
	for i, f := range x {
		out[i] = Number(f)
	}
	return out
}

// dumpOccurrences writes each as [population, particle, log-weight].
func dumpOccurrences(list []Occurrence) [][3]any {
	out := make([][3]any, len(list))
	for i, o := range list {
		out[i] = [3]any{o.Population, o.Particle, Number(o.LogWeight)}
	}
	return out
}

func dumpLine(out io.Writer, record, key string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s\t%s\t%s\n", record, key, data)
	return err
}
