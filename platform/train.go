package platform

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/go-hclog"

	"github.com/molsculpt/molsculpt/platform/catalog"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/rewards"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/host"
	"github.com/molsculpt/molsculpt/sdk/space"
	"github.com/molsculpt/molsculpt/store"
)

// TrainOptions are the choices of [Train] that do not change its result.
type TrainOptions struct {
	// Fresh begins anew where a checkpoint is there.
	Fresh bool
	// Stop asks for a checkpoint and an early end when it is closed; may be nil.
	Stop <-chan struct{}
	// Molecules reads SMILES from files, one a line; needed for a training on
	// data alone.
	Molecules func(files []string) iter.Seq2[string, error]
	// Lines reads whole lines from files; needed for a training on points alone.
	Lines func(files []string) iter.Seq2[string, error]
	// Progress is told how far the training is; may be nil.
	Progress func(sdk.Progress, RewardStats)
	Log      hclog.Logger
}

// Trained is what a training came to.
type Trained struct {
	Weights string // file, "" where it was stopped early
	Card    string // file of the model card
	SHA256  string // of the weights
	Resumed bool   // whether it went on from a checkpoint
	Stopped bool   // whether it can go on from one
	Already bool   // whether it was finished before, and nothing was done
	Stats   RewardStats
	Data    *DataStats // of a training on data
}

// ModelCard is what is known of trained weights.
type ModelCard struct {
	Name          string          `json:"name"`
	WeightsSHA256 string          `json:"weights_sha256"`
	Identity      string          `json:"identity,omitempty"` // digest of all that the training depended on
	Plugin        string          `json:"plugin"`
	PluginVersion string          `json:"plugin_version"`
	Space         store.Space     `json:"space"`
	Vocabulary    string          `json:"vocabulary,omitempty"` // of trees
	Grid          *CardGrid       `json:"grid,omitempty"`
	Seed          uint64          `json:"seed"`
	Reward        CardReward      `json:"reward"`
	Data          *CardData       `json:"data,omitempty"`   // of a model that learned from molecules, which has no reward
	Models        []CardModel     `json:"models,omitempty"` // of a guide: the base models that it was trained for, by the numbers of its outcomes
	Training      json.RawMessage `json:"training"`         // the options given to the plugin
	Model         json.RawMessage `json:"model"`            // what the plugin says: architecture, metrics
}

// CardReward says what a model learned. On a grid there is a function alone.
type CardReward struct {
	Function string  `json:"function"`
	Goal     string  `json:"goal,omitempty"`
	Curve    string  `json:"curve,omitempty"`
	Floor    float64 `json:"floor,omitempty"`  // lowest reward, and what a failed one counts as
	Plugin   string  `json:"plugin,omitempty"` // that computes the function, with its weights and options; "" for a built-in one
	RewardStats
}

// trainingTask is what a training file says is to be learned.
type trainingTask struct {
	space  space.Defined
	reward []rewards.Objective // one, or none for data, a guide or a grid
	source *rewardSource       // nil for data
	data   *dataSource         // nil for a reward
	models []PlannedModel      // that a guide is trained for; nil for a model of its own
	labels []string            // of the data, that a guide tells apart; nil for others
	points *PointModels        // continuous ones that a guide is trained for; nil for others
	card   ModelCard           // space, and reward, data or models
}

// stats says how the rewards came about, if there are any.
func (t *trainingTask) stats() RewardStats {
	if t.source == nil {
		return RewardStats{}
	}
	return t.source.Stats()
}

// dataStats says what became of the molecules; nil for a reward.
func (t *trainingTask) dataStats() *DataStats {
	if t.data == nil {
		return nil
	}
	return &t.data.stats
}

// openTask opens the space of a training file, and its reward, its data or its
// models. The mistakes it finds are *config.Error.
func openTask(ctx context.Context, t *config.Training, cat *catalog.Catalog, o TrainOptions) (*trainingTask, error) {
	switch {
	case t.Models != nil && t.Points > 0:
		return openPointsGuide(ctx, t, cat, o.Log)
	case t.Models != nil:
		return openGuideTask(t, cat)
	case t.Data != nil && t.Data.Points != nil:
		return openPointsTask(ctx, t, o.Lines)
	case t.Data != nil && t.Data.Images != nil:
		return openImagesTask(t)
	case t.Grid != nil:
		return openGridTask(t)
	case t.Data != nil:
		return openDataTask(ctx, t, o.Molecules)
	}
	sp, spaceErr := openSpace(t.Space, t.Path)
	objective, rewardErr := NewObjective(t.Reward, cat, filepath.Dir(t.Path("x")))
	if err := config.Collect(spaceErr, rewardErr); err != nil {
		return nil, err
	}
	return &trainingTask{
		space: sp, reward: []rewards.Objective{objective}, source: newRewardSource(sp, objective, t.Floor),
		card: ModelCard{
			Space: spaceRecord(sp), Vocabulary: t.Space.Vocabulary.Value,
			Reward: CardReward{Function: objective.Function.Name, Goal: objective.Goal.String(), Curve: objective.Curve.String(), Floor: t.Floor, Plugin: pluginReward(objective, t.Reward)},
		},
	}, nil
}

// pluginReward says which plugin computes a reward, "" where it is built in.
func pluginReward(o rewards.Objective, file config.Objective) string {
	s, ok := o.Function.Scorer.(*scorer)
	if !ok {
		return ""
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", file.Plugin.Value, s.identity(), file.Options.JSON))
}

// Train trains a base model from a reward or from data, or a guide for base
// models, as a training file says, or goes on with that from the checkpoint
// beside the file for the weights. The mistakes it finds in the file are
// *config.Error.
func Train(ctx context.Context, t *config.Training, cat *catalog.Catalog, o TrainOptions) (*Trained, error) {
	task, taskErr := openTask(ctx, t, cat, o)
	if task != nil && task.points != nil {
		defer task.points.Close()
	}
	found, pluginErr := cat.Plugin(t.Plugin.Value, filepath.Dir(t.Path("x")))
	if pluginErr != nil {
		pluginErr = placed(t.Plugin.Mark, pluginErr)
	}
	if err := config.Collect(taskErr, pluginErr); err != nil {
		return nil, err
	}
	out := t.Path(t.Out.Value)
	if err := checkOut(t, out); err != nil {
		return nil, err
	}
	check := &checkpoint{path: out + ".checkpoint", identity: trainingIdentity(t, task)}
	previous, err := check.load(o.Fresh)
	if err != nil {
		return nil, err
	}
	if previous == nil && !o.Fresh { // a checkpoint was begun with leave to overwrite
		if done, err := check.finished(t, out); done != nil || err != nil {
			return done, err
		}
	}
	if err := startScorers(ctx, task.reward, o.Log); err != nil {
		return nil, err
	}
	defer closeScorers(task.reward)
	plugin, err := startPlugin(ctx, found, o.Log)
	if err != nil {
		return nil, placedOr(ctx, t.Plugin.Errorf("%v", err), err)
	}
	defer closePlugin(plugin)
	d := plugin.Describe()
	if !d.Can(sdk.CanTrain) {
		return nil, t.Plugin.Errorf("the plugin %s cannot train (it can: %v)", d.Name, d.Capabilities)
	}
	training := host.Training{
		Spec: t.Train.JSON, Space: task.space, Definition: task.space.Definition(), Seed: t.Seed, Checkpoint: previous,
		Rewards: func(ctx context.Context, states []space.State, _ []float64) ([]sdk.Reward, error) {
			if task.source == nil {
				return nil, errors.New("platform: the training file has data and no reward")
			}
			return task.source.rewards(ctx, states)
		},
		Save: func(_ context.Context, data []byte) error { return check.save(data) },
		Progress: func(p sdk.Progress) {
			if o.Progress != nil {
				o.Progress(p, task.stats())
			}
		},
		Stop: o.Stop,
	}
	if task.data != nil {
		training.Examples, training.Models = task.data.Examples, task.labels
	}
	if task.points != nil {
		if err := task.givePoints(&training); err != nil {
			return nil, err
		}
	}
	if task.models != nil {
		bases, err := task.giveModels(ctx, &training, o.Log)
		if err != nil {
			return nil, err
		}
		defer bases.close()
	}
	result, err := plugin.Train(ctx, training)
	if err != nil {
		return nil, placedOr(ctx, optionOf(t.Train, err).Errorf("training failed: %v", err), err)
	}
	done := &Trained{Resumed: previous != nil, Stopped: result.Stopped, Stats: task.stats(), Data: task.dataStats()}
	if result.Stopped {
		return done, nil
	}
	card := task.card
	card.Name, card.Identity, card.Seed = t.Name, check.identity, t.Seed
	card.Plugin, card.PluginVersion = d.Name, d.Version
	card.Training, card.Model = t.Train.JSON, result.Card
	card.Reward.RewardStats = done.Stats
	if err := done.write(out, result.Weights, card); err != nil {
		return nil, err
	}
	return done, check.remove()
}

// checkOut makes sure, before hours of training, that the weights and their card
// can be written.
func checkOut(t *config.Training, out string) error {
	dir := filepath.Dir(out)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		wrong := t.Out.Errorf("there is no folder %s for the weights", dir)
		wrong.Hint = "create it, or name another file with out:"
		return wrong
	}
	for _, path := range []string{out, cardFile(out)} {
		if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
			wrong := t.Out.Errorf("%s is no file, and cannot be written", path)
			wrong.Hint = "out: " + t.Name + ".safetensors"
			return wrong
		}
	}
	f, err := os.CreateTemp(dir, filepath.Base(out)+".new-*")
	if err != nil {
		var cause *fs.PathError
		if errors.As(err, &cause) {
			err = cause.Err
		}
		return t.Out.Errorf("the weights cannot be written to %s: %v", dir, err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// finished is the result of this training where it is there already, nil where
// nothing is; the weights of another training are an error.
func (c *checkpoint) finished(t *config.Training, out string) (*Trained, error) {
	weights, err := os.ReadFile(out)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("platform: read weights: %w", err)
	}
	sum := sha256.Sum256(weights)
	done := &Trained{Weights: out, Card: cardFile(out), SHA256: hex.EncodeToString(sum[:]), Already: true}
	var card ModelCard
	text, err := os.ReadFile(done.Card)
	if err == nil {
		err = json.Unmarshal(text, &card)
	}
	if err != nil || card.Identity != c.identity || card.WeightsSHA256 != done.SHA256 {
		wrong := t.Out.Errorf("%s holds the weights of another training", out)
		wrong.Hint = "another file with out:, or --fresh to overwrite it"
		return nil, wrong
	}
	done.Stats = card.Reward.RewardStats
	if card.Data != nil {
		done.Data = &card.Data.DataStats
	}
	return done, nil
}

// optionOf is the place of the option that a plugin's error speaks of, or of all
// options.
func optionOf(o config.Options, err error) config.Mark {
	words := strings.FieldsFunc(err.Error(), func(r rune) bool { return strings.ContainsRune(" ,;:\"'", r) })
	for _, w := range words {
		if slices.Contains(o.Keys(), w) {
			return o.At(w)
		}
	}
	return o.Mark
}

// write stores the weights and, beside them, their card.
func (d *Trained) write(out string, weights []byte, card ModelCard) error {
	sum := sha256.Sum256(weights)
	d.SHA256 = hex.EncodeToString(sum[:])
	card.WeightsSHA256 = d.SHA256
	text, err := json.MarshalIndent(card, "", "  ")
	if err != nil {
		return fmt.Errorf("platform: write card: %w", err)
	}
	d.Weights, d.Card = out, cardFile(out)
	if err := writeWhole(d.Weights, weights); err != nil {
		return fmt.Errorf("platform: write weights: %w", err)
	}
	if err := writeWhole(d.Card, append(text, '\n')); err != nil {
		return fmt.Errorf("platform: write card: %w", err)
	}
	return nil
}

// cardFile is the card's file for a weights file.
func cardFile(weights string) string {
	return weights[:len(weights)-len(filepath.Ext(weights))] + ".card.json"
}

// trainingIdentity is a digest of all that the result of a training depends on.
func trainingIdentity(t *config.Training, task *trainingTask) string {
	r := task.card.Reward
	if task.models != nil || task.points != nil {
		return config.Digest(fmt.Sprintf("%s\n%d\n%s\n%s\nguide of %+v\n%s",
			t.Name, t.Seed, task.card.Space.Digest, t.Plugin.Value, task.card.Models, t.Train.JSON))
	}
	if task.data != nil {
		data := task.data.digest()
		if task.labels != nil {
			data += fmt.Sprintf(" told apart as %q", task.labels)
		}
		return config.Digest(fmt.Sprintf("%s\n%d\n%s\n%s\ndata %s\n%s",
			t.Name, t.Seed, task.card.Space.Digest, t.Plugin.Value, data, t.Train.JSON))
	}
	if r.Plugin != "" {
		r.Function += " of " + r.Plugin
	}
	return config.Digest(fmt.Sprintf("%s\n%d\n%s\n%s\n%s\n%s %s\n%g\n%s",
		t.Name, t.Seed, task.card.Space.Digest, t.Plugin.Value, r.Function, r.Goal, r.Curve, r.Floor, t.Train.JSON))
}

// checkpoint is the file that a training goes on from: a line with the identity
// of the training, then what the trainer handed over.
type checkpoint struct {
	path     string
	identity string
}

const checkpointHead = "molsculpt checkpoint 1 "

func (c *checkpoint) save(data []byte) error {
	return writeWhole(c.path, append([]byte(checkpointHead+c.identity+"\n"), data...))
}

// load is the last checkpoint of this training, nil for none.
func (c *checkpoint) load(fresh bool) ([]byte, error) {
	if fresh {
		return nil, c.remove()
	}
	data, err := os.ReadFile(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("platform: read checkpoint: %w", err)
	}
	head, rest, ok := bytes.Cut(data, []byte("\n"))
	if !ok || !bytes.HasPrefix(head, []byte(checkpointHead)) {
		return nil, fmt.Errorf("%s is not a checkpoint\ntry: --fresh to begin anew", c.path)
	}
	if string(head[len(checkpointHead):]) != c.identity {
		return nil, fmt.Errorf("%s is the checkpoint of another training: the file, its seed, reward or options have changed since\ntry: --fresh to begin anew, or change them back", c.path)
	}
	return rest, nil
}

func (c *checkpoint) remove() error {
	if err := os.Remove(c.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("platform: remove checkpoint: %w", err)
	}
	return nil
}

// writeWhole writes a file that is there whole and on the disk, or as it was
// before.
func writeWhole(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
