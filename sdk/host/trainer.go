package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/internal/wire"
	"github.com/molsculpt/molsculpt/sdk/proto"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// Training is a training run as the host sees it: what the trainer gets, and
// functions that answer it. They are called one at a time.
type Training struct {
	Spec       []byte // JSON, in the plugin's terms
	Space      space.Space
	Definition []byte // filled in where Space is a space.Defined
	Seed       uint64
	Checkpoint []byte // to go on from, empty at the first start

	// Rewards says what finished states are worth, one answer per state: finite
	// log-rewards, with a floor where there is none. The same state may
	// come more than once. beta is per state, or nil.
	// An error ends the training. Nil in a training without rewards.
	Rewards func(ctx context.Context, states []space.State, beta []float64) ([]sdk.Reward, error)

	// Models are the names of the base models that the training is about, and
	// Paths gives the paths number first to first+n-1 of each, model after
	// model; nil where there are none. It is a function of its arguments.
	Models []string
	Paths  func(ctx context.Context, first uint64, n int) ([]sdk.Path, error)

	// Examples gives at most n states of a source from number first on; nil where
	// there are none. It is a function of its arguments: a process that takes over
	// begins at the first again.
	Examples func(ctx context.Context, source string, first, n int) (examples []sdk.Example, more bool, err error)

	// Save stores a checkpoint, durably; the trainer waits for it.
	Save func(ctx context.Context, checkpoint []byte) error

	// Progress is told how far the run is; may be nil. Metrics that are not
	// finite, and names that cannot be printed, are left out.
	Progress func(sdk.Progress)

	// Stop asks the trainer to hand over a checkpoint and end when it is
	// closed; may be nil. (Ending the context ends the run at once.)
	Stop <-chan struct{}
}

// Train runs a training to its end. The result has weights, or Stopped.
func (c *Client) Train(ctx context.Context, t Training) (sdk.Trained, error) {
	if t.Space == nil || t.Rewards == nil && t.Paths == nil && t.Examples == nil || t.Save == nil {
		return sdk.Trained{}, fmt.Errorf("host: train with plugin %s: space, rewards, paths or examples, and a place for checkpoints are needed", c.name)
	}
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := c.trainer.Train(inner)
	if err != nil {
		return sdk.Trained{}, c.fail(ctx, "Train", 0, err)
	}
	d := &driver{c: c, t: t, stream: stream, given: map[string]int{}}
	d.silence(cancel)
	defer func() {
		if d.timer != nil {
			d.timer.Stop()
		}
	}()
	if err := d.start(); err != nil && !errors.Is(err, io.EOF) {
		return sdk.Trained{}, d.fail(ctx, err)
	}
	if t.Stop != nil {
		var wg sync.WaitGroup
		ended := make(chan struct{})
		defer func() {
			close(ended)
			cancel() // unblocks a send
			wg.Wait()
		}()
		wg.Go(func() {
			select {
			case <-t.Stop:
				_ = d.send(&proto.TrainRequest{Message: &proto.TrainRequest_Stop{Stop: &proto.TrainStop{}}})
			case <-ended:
			}
		})
	}
	return d.run(ctx)
}

// driver is the state of one training stream.
type driver struct {
	c       *Client
	t       Training
	stream  grpc.BidiStreamingClient[proto.TrainRequest, proto.TrainReply]
	sending sync.Mutex
	joiner  wire.Joiner
	given   map[string]int // examples, by source
	weights []byte

	timer  *time.Timer // nil where silence is not limited
	silent sync.Once
	quiet  chan struct{} // closed when the trainer was silent for too long
}

// silence arms the timer that ends the stream of a trainer that says nothing.
func (d *driver) silence(cancel context.CancelFunc) {
	d.quiet = make(chan struct{})
	if limit := d.c.opt.Timeouts.Silence; limit > 0 {
		d.timer = time.AfterFunc(limit, func() {
			d.silent.Do(func() { close(d.quiet) })
			cancel()
		})
	}
}

// fail is the error of the stream in the host's words.
func (d *driver) fail(ctx context.Context, err error) error {
	select {
	case <-d.quiet:
		if ctx.Err() == nil {
			return &sdk.Error{
				Plugin: d.c.name, Call: "Train", Err: sdk.ErrDeadline,
				Reason: fmt.Sprintf("the trainer was silent for %v; one should report progress more often", d.c.opt.Timeouts.Silence),
			}
		}
	default:
	}
	return d.c.fail(ctx, "Train", 0, err)
}

func (d *driver) send(m *proto.TrainRequest) error {
	d.sending.Lock()
	defer d.sending.Unlock()
	return d.stream.Send(m)
}

func (d *driver) start() error {
	definition := definition(d.t.Space, d.t.Definition)
	start := &proto.TrainStart{
		Spec: d.t.Spec, Space: spaceToWire(d.t.Space), Seed: d.t.Seed, Models: d.t.Models,
		HasDefinition: len(definition) > 0, HasCheckpoint: len(d.t.Checkpoint) > 0,
	}
	if err := d.send(&proto.TrainRequest{Message: &proto.TrainRequest_Start{Start: start}}); err != nil {
		return err
	}
	chunk := func(c *proto.Chunk) error {
		return d.send(&proto.TrainRequest{Message: &proto.TrainRequest_Chunk{Chunk: c}})
	}
	if start.HasDefinition {
		if err := wire.Send(proto.Chunk_KIND_DEFINITION, definition, chunk); err != nil {
			return err
		}
	}
	if start.HasCheckpoint {
		return wire.Send(proto.Chunk_KIND_CHECKPOINT, d.t.Checkpoint, chunk)
	}
	return nil
}

// run answers the trainer until it is done.
func (d *driver) run(ctx context.Context) (sdk.Trained, error) {
	for {
		m, err := d.stream.Recv()
		if d.timer != nil {
			d.timer.Stop() // while the host works, the trainer need not speak
		}
		if errors.Is(err, io.EOF) {
			return sdk.Trained{}, d.c.wrong("Train", "", "the stream ended before the trainer was done")
		}
		if err != nil {
			return sdk.Trained{}, d.fail(ctx, err)
		}
		var done *proto.TrainDone
		switch m := m.GetMessage().(type) {
		case *proto.TrainReply_Propose:
			err = d.propose(ctx, m.Propose)
		case *proto.TrainReply_Ask:
			err = d.ask(ctx, m.Ask)
		case *proto.TrainReply_AskPaths:
			err = d.paths(ctx, m.AskPaths)
		case *proto.TrainReply_Progress:
			d.progress(m.Progress)
		case *proto.TrainReply_Chunk:
			err = d.chunk(ctx, m.Chunk)
		case *proto.TrainReply_Done:
			done = m.Done
		default:
			err = d.c.wrong("Train", "", "a message that this host does not know")
		}
		if err != nil && !errors.Is(err, io.EOF) { // after io.EOF the reason is in Recv
			return sdk.Trained{}, err
		}
		if done != nil {
			return d.done(done)
		}
		if d.timer != nil {
			d.timer.Reset(d.c.opt.Timeouts.Silence)
		}
	}
}

func (d *driver) propose(ctx context.Context, m *proto.Propose) error {
	place := fmt.Sprintf("proposal %d", m.GetId())
	states, err := wire.UnpackStates(m.GetStates())
	if err != nil {
		return d.c.wrong("Train", place, "%v", err)
	}
	if n := len(m.GetBeta()); n != 0 && n != len(states) {
		return d.c.wrong("Train", place, "%d betas for %d states", n, len(states))
	}
	for i, s := range states {
		if err := d.t.Space.Validate(s); err != nil {
			return d.c.wrong("Train", place+", "+statePlace(i, s), "%v", err)
		}
	}
	if d.t.Rewards == nil {
		return d.send(&proto.TrainRequest{Message: &proto.TrainRequest_Rewards{Rewards: &proto.Rewards{Id: m.GetId(), Error: "this training has no rewards"}}})
	}
	rewards, err := d.t.Rewards(ctx, states, m.GetBeta())
	if err != nil {
		return fmt.Errorf("host: rewards for plugin %s: %w", d.c.name, err)
	}
	if len(rewards) != len(states) {
		return fmt.Errorf("host: rewards for plugin %s: %d for %d states", d.c.name, len(rewards), len(states))
	}
	out := &proto.Rewards{Id: m.GetId()}
	for i, r := range rewards {
		if math.IsNaN(r.Log) || math.IsInf(r.Log, 0) {
			return fmt.Errorf("host: rewards for plugin %s: the log-reward of %s is %g; a floor is needed", d.c.name, statePlace(i, states[i]), r.Log)
		}
		out.LogReward = append(out.LogReward, r.Log)
		out.Raw = append(out.Raw, r.Raw)
		out.Status = append(out.Status, statusToWire(r.Status))
	}
	return d.send(&proto.TrainRequest{Message: &proto.TrainRequest_Rewards{Rewards: out}})
}

func statusToWire(s sdk.Status) proto.Status {
	for w, v := range statusFromWire {
		if v == s {
			return w
		}
	}
	return proto.Status_STATUS_UNSPECIFIED
}

func (d *driver) ask(ctx context.Context, m *proto.Ask) error {
	out := &proto.Examples{Id: m.GetId(), End: true}
	if d.t.Examples == nil {
		out.Error = "this training has no examples"
		return d.send(&proto.TrainRequest{Message: &proto.TrainRequest_Examples{Examples: out}})
	}
	examples, more, err := d.t.Examples(ctx, m.GetSource(), d.given[m.GetSource()], int(min(m.GetCount(), 1<<16)))
	if err != nil {
		return fmt.Errorf("host: examples of %q for plugin %s: %w", m.GetSource(), d.c.name, err)
	}
	d.given[m.GetSource()] += len(examples)
	states := make([]space.State, len(examples))
	for i, e := range examples {
		states[i] = e.State
		out.Weights = append(out.Weights, e.Weight)
		out.Labels = append(out.Labels, uint32(e.Label))
	}
	out.States, out.End = wire.PackStates(states), !more
	return d.send(&proto.TrainRequest{Message: &proto.TrainRequest_Examples{Examples: out}})
}

func (d *driver) progress(m *proto.Progress) {
	if d.t.Progress == nil {
		return
	}
	p := sdk.Progress{Step: m.GetStep(), Steps: m.GetSteps(), Metrics: m.GetMetrics(), Message: Line(m.GetMessage())}
	maps.DeleteFunc(p.Metrics, func(name string, v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) || unfit(name) != "" })
	d.t.Progress(p)
}

func (d *driver) chunk(ctx context.Context, m *proto.Chunk) error {
	if k := m.GetKind(); k != proto.Chunk_KIND_CHECKPOINT && k != proto.Chunk_KIND_WEIGHTS {
		return d.c.wrong("Train", "", "a chunk of %v", k)
	}
	data, whole, err := d.joiner.Add(m)
	if err != nil {
		return d.c.wrong("Train", "", "%v", err)
	}
	if !whole {
		return nil
	}
	if m.GetKind() == proto.Chunk_KIND_WEIGHTS {
		d.weights = data
		return nil
	}
	if err := d.t.Save(ctx, data); err != nil {
		return fmt.Errorf("host: store a checkpoint of plugin %s: %w", d.c.name, err)
	}
	return d.send(&proto.TrainRequest{Message: &proto.TrainRequest_Checkpointed{Checkpointed: &proto.Checkpointed{}}})
}

func (d *driver) done(m *proto.TrainDone) (sdk.Trained, error) {
	out := sdk.Trained{Weights: d.weights, Card: m.GetCard(), Stopped: m.GetStopped()}
	switch {
	case d.joiner.Pending():
		return out, d.c.wrong("Train", "done", "came in the middle of chunks")
	case !out.Stopped && len(out.Weights) == 0:
		return out, d.c.wrong("Train", "done", "came without weights")
	case len(out.Card) > 0 && !json.Valid(out.Card):
		return out, d.c.wrong("Train", "card", "is not JSON")
	}
	return out, nil
}
