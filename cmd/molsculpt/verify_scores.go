package main

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/molsculpt/molsculpt/platform"
	"github.com/molsculpt/molsculpt/platform/diffuse"
	"github.com/molsculpt/molsculpt/platform/verify"
)

// scores trains a continuous model on points, if it is not there already, and gives
// its scores.
func (m *trainedModels) scores(ctx context.Context, t verify.ScoreTraining) (diffuse.Field, error) {
	name := "score-" + t.Name
	var b strings.Builder
	for i, v := range t.Points {
		b.WriteString(strconv.FormatFloat(float64(v), 'g', -1, 32))
		if (i+1)%t.Dim == 0 {
			b.WriteByte('\n')
		} else {
			b.WriteByte('\t')
		}
	}
	if err := os.WriteFile(filepath.Join(m.folder, name+".tsv"), []byte(b.String()), 0o644); err != nil {
		return nil, err
	}
	weights, err := m.weights(ctx, name, "version: 1\nname: "+name+"\nseed: 100\ndata: {points: ["+name+".tsv]}\ntrain: {process: "+t.Process+", steps: 20000, batch: 512, network: {kind: mlp, width: 64}}\n")
	if err != nil {
		return nil, err
	}
	models, err := platform.LoadPointModels(ctx, m.cat, []platform.NamedWeights{{Name: t.Name, File: weights}}, m.app.logger())
	if err != nil {
		return nil, err
	}
	m.ends = append(m.ends, models.Close)
	return models.Fields[0], nil
}
