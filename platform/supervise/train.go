package supervise

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
)

// Train runs a training to its end. A trainer whose process dies goes on in a
// new one from the last checkpoint that was stored; without progress between
// two deaths it is given up after Restart.Resend more tries.
func (p *Plugin) Train(ctx context.Context, t host.Training) (sdk.Trained, error) {
	tries := 0
	save := t.Save
	if save != nil {
		t.Save = func(ctx context.Context, checkpoint []byte) error {
			if err := save(ctx, checkpoint); err != nil {
				return err
			}
			if !bytes.Equal(t.Checkpoint, checkpoint) {
				tries = 0
			}
			t.Checkpoint = checkpoint
			return nil
		}
	}
	for {
		proc, err := p.running(ctx)
		if err != nil {
			return sdk.Trained{}, err
		}
		done, err := proc.host.Train(ctx, t)
		var known *sdk.Error
		if err == nil || !errors.As(err, &known) || !broken(ctx, proc, err) {
			return done, err
		}
		p.retire(proc, err)
		if p.isClosed() {
			return sdk.Trained{}, &sdk.Error{Plugin: p.cfg.Name, Call: "Train", Reason: ErrClosed.Error(), Err: ErrClosed}
		}
		if tries >= p.cfg.Restart.Resend {
			err = proc.explain(p.cfg.Name, "Train", err)
			if errors.As(err, &known) && tries > 0 {
				known.Reason = fmt.Sprintf("it ended %d times without a new checkpoint in between: %s", tries+1, known.Reason)
			}
			return sdk.Trained{}, err
		}
		tries++
	}
}
