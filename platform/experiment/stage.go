package experiment

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/molsculpt/molsculpt/platform/experiment/report"
)

// stageRecord is a stage as it is kept: the file stages/NAME.json.
type stageRecord struct {
	Key    string          `json:"key"` // digest of all that the result depends on
	Result json.RawMessage `json:"result,omitempty"`
}

// Stage does something once. The result is what do leaves in out, a pointer; it
// is kept as JSON in the folder, together with a digest of key, whose JSON names
// all that the result depends on. A later run whose key is the same finds the
// result there; with another key it is done again. Names are unique in an
// experiment. JSON has no infinities and no NaN.
//
// do reads ctx from where it is made; Stage itself only ends early where ctx is
// done.
func (e *Env) Stage(ctx context.Context, name string, key, out any, do func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	sum, err := digest(key)
	if err != nil {
		return fmt.Errorf("experiment: key of stage %s: %w", name, err)
	}
	kept, err := e.kept(name)
	if err != nil {
		return err
	}
	if kept.Key == sum && kept.Result != nil {
		if err := json.Unmarshal(kept.Result, out); err != nil {
			return fmt.Errorf("experiment: read stage %s: %w", name, err)
		}
		return nil
	}
	e.say("%s", name)
	if err := do(); err != nil {
		return err
	}
	result, err := json.Marshal(out)
	if err != nil {
		return fmt.Errorf("experiment: keep stage %s: %w", name, err)
	}
	if err := e.keep(name, stageRecord{sum, result}); err != nil {
		return err
	}
	// What is reported is what a later run would read.
	return json.Unmarshal(result, out)
}

// kept is the record of a stage; without a key where there is none.
func (e *Env) kept(name string) (stageRecord, error) {
	var r stageRecord
	data, err := os.ReadFile(e.stagePath(name))
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil {
		return r, fmt.Errorf("experiment: read stage %s: %w", name, err)
	}
	return r, nil
}

// keep writes the record of a stage, whole or not at all.
func (e *Env) keep(name string, r stageRecord) error {
	data, err := json.Marshal(r)
	if err == nil {
		err = os.MkdirAll(e.Path("stages"), 0o755)
	}
	if err == nil {
		err = report.WriteFile(e.stagePath(name), append(data, '\n'))
	}
	if err != nil {
		return fmt.Errorf("experiment: keep stage %s: %w", name, err)
	}
	return nil
}

// stagePath is the file of a stage: letters and digits of its name, and of its
// digest so many that no two names share a file.
func (e *Env) stagePath(name string) string {
	sum := sha256.Sum256([]byte(name))
	return filepath.Join(e.Path("stages"), report.FileName(name)+"-"+hex.EncodeToString(sum[:4])+".json")
}

// digest is the sha256 of a value's JSON, in hexadecimal.
func digest(v any) (string, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

func (e *Env) say(format string, args ...any) {
	if e.Say != nil {
		e.Say(format, args...)
	}
}

func (e *Env) progress(what string, done, total int) {
	if e.Progress != nil {
		e.Progress(what, done, total)
	}
}
