package experiment

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/molsculpt/molsculpt/chem/smiles"
	"github.com/molsculpt/molsculpt/platform"
	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/platform/experiment/report"
	"github.com/molsculpt/molsculpt/rewards/assay"
)

//go:embed seh
var sehFiles embed.FS

// proxy is the experiment that holds the sEH proxy against measured compounds.
func proxy() Experiment {
	files := folder(sehFiles, "seh")
	return Experiment{
		Name: "seh", Summary: "what the sEH proxy is worth on measured compounds: rank correlation, concordance, enrichment",
		Files: files, Small: files, Run: runProxy,
	}
}

// sehTable is the table of activities in the folder of reference data: the sEH
// inhibitors of ChEMBL, as the repository GFNOrg/gflownet has them.
const sehTable = "seh_proxy/seh_chembl.csv.gz"

// sehFew is how many compounds the reduced form takes.
const sehFew = 150

// scored is what an objective says of compounds.
type scored struct {
	Name    string
	Values  []float64 // 0 where there is a reason
	Reasons []string  // why there is none; "" where there is one
}

// proxyFindings are what the page on the proxy is made of.
type proxyFindings struct {
	Table   assay.Table
	Heavy   []float64 // heavy atoms of every compound
	Scores  []scored
	Seconds float64 // that all scores took together
}

func runProxy(ctx context.Context, e *Env) (*report.Page, error) {
	path := filepath.Join(e.Data, filepath.FromSlash(sehTable))
	table, sum, err := readAssay(path)
	if err != nil {
		return nil, err
	}
	if e.Small {
		table.Compounds = table.Compounds[:min(sehFew, len(table.Compounds))]
	}
	objectives, err := config.LoadObjectives(e.Path("seh.yaml"))
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(e.Path("seh.yaml"))
	if err != nil {
		return nil, err
	}
	key := []any{string(text), sum, len(table.Compounds)}
	for _, o := range objectives {
		if ref := o.Weights.Value; ref != "" {
			w, err := e.Catalog.Load(ref, e.Folder)
			if err != nil {
				return nil, err
			}
			key = append(key, w.SHA256)
		}
	}
	f := &proxyFindings{Table: table}
	mols, err := molecules(table)
	if err != nil {
		return nil, err
	}
	for _, m := range mols {
		f.Heavy = append(f.Heavy, float64(m.Mol.HeavyAtoms()))
	}
	var kept struct {
		Scores  []scored
		Seconds float64
	}
	err = e.Stage(ctx, "scores of compounds", key, &kept, func() error {
		kept.Scores, kept.Seconds, err = e.score(ctx, objectives, mols)
		return err
	})
	if err != nil {
		return nil, err
	}
	f.Scores, f.Seconds = kept.Scores, kept.Seconds
	return pageOfProxy(f)
}

// readAssay reads a table of activities, with its digest.
func readAssay(path string) (assay.Table, string, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return assay.Table{}, "", fmt.Errorf("there is no table of activities %s\ntry: --data FOLDER, where FOLDER has %s", path, sehTable)
	}
	if err != nil {
		return assay.Table{}, "", fmt.Errorf("open the table of activities: %w", err)
	}
	defer file.Close()
	data, err := os.ReadFile(path)
	if err != nil {
		return assay.Table{}, "", fmt.Errorf("read the table of activities: %w", err)
	}
	z, err := gzip.NewReader(file)
	if err != nil {
		return assay.Table{}, "", fmt.Errorf("read the table of activities: %w", err)
	}
	table, err := assay.Read(z)
	if err != nil {
		return assay.Table{}, "", err
	}
	sum := sha256.Sum256(data)
	return table, hex.EncodeToString(sum[:]), nil
}

// molecules are the compounds of a table.
func molecules(table assay.Table) ([]platform.Molecule, error) {
	out := make([]platform.Molecule, len(table.Compounds))
	for i, c := range table.Compounds {
		m, err := smiles.Parse(c.SMILES)
		if err != nil {
			return nil, fmt.Errorf("read compound %s: %w", c.SMILES, err)
		}
		out[i] = platform.Molecule{SMILES: c.SMILES, Mol: m}
	}
	return out, nil
}

// score scores molecules by objectives, those of plugins through their processes.
func (e *Env) score(ctx context.Context, objectives []config.Objective, mols []platform.Molecule) ([]scored, float64, error) {
	profile, err := platform.NewProfile(ctx, objectives, e.Catalog, e.Folder, e.Log)
	if err != nil {
		return nil, 0, err
	}
	defer profile.Close()
	var out []scored
	for _, name := range profile.Names() {
		out = append(out, scored{Name: name, Values: make([]float64, len(mols)), Reasons: make([]string, len(mols))})
	}
	begin := time.Now()
	const batch = 256
	for from := 0; from < len(mols); from += batch {
		to := min(len(mols), from+batch)
		for i, j := range profile.Judge(ctx, mols[from:to]) {
			for k, s := range j.Scores {
				at := &out[k]
				switch {
				case s.Status != "ok":
					at.Reasons[from+i] = s.Status + ": " + s.Reason
				case math.IsNaN(s.Value) || math.IsInf(s.Value, 0):
					at.Reasons[from+i] = "not a number"
				default:
					at.Values[from+i] = s.Value
				}
			}
		}
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		e.progress("compounds", to, len(mols))
	}
	return out, time.Since(begin).Seconds(), nil
}

// worth is what a score says of measured potencies.
type worth struct {
	Name     string
	Missing  int // compounds without a score
	Whole    assay.Agreement
	Beyond   float64 // rank correlation at equal numbers of heavy atoms
	BeyondSE float64
	Classes  assay.Agreement // of potent and weak compounds alone; its Measured is the area under the ROC curve
	Tops     []top
	X, Y     []float64 // of measured compounds: score, potency
}

// top is the share of potent compounds among those that a score puts first.
type top struct {
	Share        float64 // of all measured compounds
	N, Potent    int
	Rate, RateSE float64
}

// potent is the pIC50 from which on a compound counts as potent: 10 nM.
const potent = 8.

// classSplit is the pIC50 that parts active from inactive compounds: 100 nM.
const classSplit = 7.

// topShares are the shares of compounds that are looked at first.
var topShares = []float64{.01, .05, .1, .2, 1}

// worthOf holds a score against potencies.
func worthOf(name string, s scored, table assay.Table, heavy []float64) (worth, error) {
	w := worth{Name: name}
	var values, size, classScores []float64
	var potencies, classes []assay.Potency
	for i, c := range table.Compounds {
		if s.Reasons[i] != "" {
			w.Missing++
			continue
		}
		v, p := s.Values[i], c.Potency
		values, potencies, size = append(values, v), append(potencies, p), append(size, heavy[i])
		if p.Exact() {
			w.X, w.Y = append(w.X, v), append(w.Y, p.Low)
		}
		switch {
		case p.Low >= classSplit:
			classScores, classes = append(classScores, v), append(classes, assay.Potency{Low: 1, High: 1})
		case p.High < classSplit:
			classScores, classes = append(classScores, v), append(classes, assay.Potency{})
		}
	}
	var err error
	if w.Whole, err = assay.Compare(values, potencies); err != nil {
		return w, err
	}
	if w.Classes, err = assay.Compare(classScores, classes); err != nil {
		return w, err
	}
	if w.Beyond, w.BeyondSE, err = assay.Beyond(size, values, potencies); err != nil {
		return w, err
	}
	w.Tops = enrichment(w.X, w.Y)
	return w, nil
}
