package store

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
)

// recordVersion is the first byte of every value of a campaign.
const recordVersion = 1

// Numbers in keys are big-endian, so that keys sort as the numbers do; numbers
// in values are unsigned varints, and floats the 8 bytes of IEEE 754, big-endian.

func appendFloat(b []byte, f float64) []byte {
	return binary.BigEndian.AppendUint64(b, math.Float64bits(f))
}

func appendBytes(b, data []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(data))), data...)
}

// decoder reads a value from its front; the first fault stays in err and every
// later read answers zero.
type decoder struct {
	rest []byte
	err  error
}

var (
	errShort    = errors.New("it ends too early")
	errTrailing = errors.New("bytes follow its end")
)

func (d *decoder) fail(err error) {
	if d.err == nil {
		d.err = err
	}
	d.rest = nil
}

func (d *decoder) version() {
	if v := d.byte(); d.err == nil && v != recordVersion {
		d.fail(fmt.Errorf("record version %d, this molsculpt reads %d", v, recordVersion))
	}
}

func (d *decoder) byte() byte {
	if len(d.rest) == 0 {
		d.fail(errShort)
		return 0
	}
	b := d.rest[0]
	d.rest = d.rest[1:]
	return b
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.fail(errShort)
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

// length reads a count of things that take at least size bytes each, so that a
// damaged count cannot ask for more memory than the value is long.
func (d *decoder) length(size int) int {
	n := d.uvarint()
	if n > uint64(len(d.rest)/size) {
		d.fail(errShort)
		return 0
	}
	return int(n)
}

func (d *decoder) uint32() uint32 {
	v := d.uvarint()
	if v > math.MaxUint32 {
		d.fail(fmt.Errorf("the index %d is too large", v))
		return 0
	}
	return uint32(v)
}

func (d *decoder) float() float64 {
	if len(d.rest) < 8 {
		d.fail(errShort)
		return 0
	}
	f := math.Float64frombits(binary.BigEndian.Uint64(d.rest))
	d.rest = d.rest[8:]
	return f
}

func (d *decoder) bytes() []byte {
	n := d.length(1)
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) end() error {
	if d.err == nil && len(d.rest) > 0 {
		d.err = errTrailing
	}
	return d.err
}

// Candidate values: version, count of scores, then per score the status byte
// and either value and desirability or the reason.

func encodeScores(scores []Score) []byte {
	b := append(make([]byte, 0, 2+17*len(scores)), recordVersion)
	b = binary.AppendUvarint(b, uint64(len(scores)))
	for _, s := range scores {
		b = append(b, byte(s.Status))
		if s.Status == OK {
			b = appendFloat(appendFloat(b, s.Value), s.Desirability)
		} else {
			b = appendBytes(b, []byte(s.Reason))
		}
	}
	return b
}

func decodeScores(value []byte) ([]Score, error) {
	d := decoder{rest: value}
	d.version()
	scores := make([]Score, d.length(2))
	for i := range scores {
		s := &scores[i]
		s.Status = ScoreStatus(d.byte())
		switch {
		case int(s.Status) >= len(statusNames):
			d.fail(fmt.Errorf("unknown score status %d", s.Status))
		case s.Status == OK:
			s.Value, s.Desirability = d.float(), d.float()
		default:
			s.Reason = string(d.bytes())
		}
	}
	return scores, d.end()
}

// Occurrence keys: SMILES, a zero byte, the population. As no SMILES has a zero
// byte they sort as candidate keys do. Values: version, count, then per
// occurrence the particle (the first as it is, later ones as the distance to
// the one before) and the log-weight.

func occurrenceKey(smiles string, population uint32) []byte {
	key := append(make([]byte, 0, len(smiles)+5), smiles...)
	return binary.BigEndian.AppendUint32(append(key, 0), population)
}

// occurrencePopulation is the population in a key that occurrenceKey made.
func occurrencePopulation(key []byte) (uint32, error) {
	n := len(key) - 5
	if n < 1 || key[n] != 0 {
		return 0, errors.New("the key is not a SMILES and a population")
	}
	return binary.BigEndian.Uint32(key[n+1:]), nil
}

type weighted struct {
	particle  uint32
	logWeight float64
}

func encodeOccurrences(list []weighted) []byte {
	b := append(make([]byte, 0, 2+11*len(list)), recordVersion)
	b = binary.AppendUvarint(b, uint64(len(list)))
	before := uint32(0)
	for _, o := range list {
		b = binary.AppendUvarint(b, uint64(o.particle-before))
		b = appendFloat(b, o.logWeight)
		before = o.particle
	}
	return b
}

func decodeOccurrences(value []byte, population uint32, dst []Occurrence) ([]Occurrence, error) {
	d := decoder{rest: value}
	d.version()
	n := d.length(9)
	if d.err == nil && n == 0 {
		d.fail(errors.New("it is empty"))
	}
	at := uint64(0)
	for i := range n {
		step := uint64(d.uint32())
		if i > 0 && step == 0 && d.err == nil {
			d.fail(errors.New("a particle is in it twice"))
		}
		at += step
		if at > math.MaxUint32 {
			d.fail(fmt.Errorf("the index %d is too large", at))
		}
		o := Occurrence{Population: population, Particle: uint32(at), LogWeight: d.float()}
		if d.err == nil {
			dst = append(dst, o)
		}
	}
	return dst, d.end()
}

// Trajectory keys: population and particle. Values: version; a kind byte, 0 for
// a candidate, 1 for a trajectory whose end is no molecule, which then has its
// log-weight and the reason; the states, each as the length of the prefix it
// shares with the state before it and the bytes that follow that prefix; log P
// per base model; log P_B.

func trajectoryKey(population, particle uint32) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(make([]byte, 0, 8), population), particle)
}

// particleEnd is what the trajectory record says of a trajectory that has no
// candidate.
type particleEnd struct {
	Invalid   string
	LogWeight float64
}

func encodeTrajectory(p Particle) []byte {
	b := []byte{recordVersion, 0}
	if p.SMILES == "" {
		b[1] = 1
		b = appendBytes(appendFloat(b, p.LogWeight), []byte(p.Invalid))
	}
	t := p.Trajectory
	b = binary.AppendUvarint(b, uint64(len(t.States)))
	var before []byte
	for _, s := range t.States {
		shared := 0
		for shared < min(len(before), len(s)) && before[shared] == s[shared] {
			shared++
		}
		b = binary.AppendUvarint(b, uint64(shared))
		b = appendBytes(b, s[shared:])
		before = s
	}
	b = binary.AppendUvarint(b, uint64(len(t.LogP)))
	for _, f := range t.LogP {
		b = appendFloat(b, f)
	}
	return appendFloat(b, t.LogPB)
}

// longestState stops a damaged record from unfolding into gigabytes.
const longestState = 1 << 24

func decodeTrajectory(value []byte) (Trajectory, particleEnd, error) {
	var t Trajectory
	var end particleEnd
	d := decoder{rest: value}
	d.version()
	switch kind := d.byte(); kind {
	case 0:
	case 1:
		end.LogWeight = d.float()
		end.Invalid = string(d.bytes())
	default:
		d.fail(fmt.Errorf("unknown kind %d of trajectory", kind))
	}
	t.States = make([][]byte, d.length(2))
	var before []byte
	total := 0
	for i := range t.States {
		shared := d.uvarint()
		tail := d.bytes()
		if shared > uint64(len(before)) {
			d.fail(errors.New("a state shares more than the state before it has"))
			break
		}
		if total += int(shared) + len(tail); total > longestState {
			d.fail(errors.New("its states are too long"))
			break
		}
		before = append(append(make([]byte, 0, int(shared)+len(tail)), before[:shared]...), tail...)
		t.States[i] = before
	}
	t.LogP = make([]float64, d.length(8))
	for i := range t.LogP {
		t.LogP[i] = d.float()
	}
	t.LogPB = d.float()
	return t, end, d.end()
}

// Plans, states and populations are JSON behind the version byte: they are few,
// and worth reading without this program.

func encodeJSON(v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return append([]byte{recordVersion}, data...), nil
}

func decodeJSON(value []byte, v any) error {
	d := decoder{rest: value}
	d.version()
	if d.err != nil {
		return d.err
	}
	return json.Unmarshal(d.rest, v)
}
