package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/molsculpt/molsculpt/platform/config"
)

// replaceFile writes a file whole or leaves what was there: it writes beside it
// and renames. What is no regular file, as a pipe, is written to directly.
// replaced says that there was a file.
func replaceFile(path string, write func(io.Writer) error) (replaced bool, err error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // a link stays one
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return false, fmt.Errorf("%s is a folder", path)
	case err == nil && !info.Mode().IsRegular():
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return false, err
		}
		return false, errors.Join(write(f), f.Close())
	}
	replaced = err == nil
	beside := fmt.Sprintf("%s.%d.part", path, os.Getpid())
	f, err := os.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return false, err
	}
	if replaced {
		err = f.Chmod(info.Mode().Perm())
	}
	if err == nil {
		err = write(f)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(beside, path)
	}
	if err != nil {
		_ = os.Remove(beside) // it is of no use; err says why
		return false, err
	}
	return replaced, nil
}

// standardInput is what messages call a file that was read from there.
const standardInput = "standard input"

// loadCampaign reads a campaign file, standard input for "-"; its relative paths
// are then relative to the current folder.
func (a *app) loadCampaign(name string) (*config.Campaign, error) {
	if name != "-" {
		return config.LoadCampaign(name)
	}
	data, err := a.readAll()
	if err != nil {
		return nil, err
	}
	return config.ParseCampaign(standardInput, data)
}

// loadTraining reads a training file as loadCampaign does a campaign.
func (a *app) loadTraining(name string) (*config.Training, error) {
	if name != "-" {
		return config.LoadTraining(name)
	}
	data, err := a.readAll()
	if err != nil {
		return nil, err
	}
	return config.ParseTraining(standardInput, data)
}

func (a *app) readAll() ([]byte, error) {
	const most = 16 << 20
	data, err := io.ReadAll(io.LimitReader(a.In, most+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", standardInput, err)
	}
	if len(data) > most {
		return nil, fmt.Errorf("read %s: more than %d bytes", standardInput, most)
	}
	return data, nil
}
