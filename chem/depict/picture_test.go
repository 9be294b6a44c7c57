package depict_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/depict"
	"github.com/molsculpt/molsculpt/chem/smarts"
	"github.com/molsculpt/molsculpt/chem/smiles"
	"github.com/molsculpt/molsculpt/chem/wedge"
)

var update = flag.Bool("update", false, "write the golden files anew")

func svg(t testing.TB, p *depict.Picture) string {
	t.Helper()
	var b bytes.Buffer
	if err := p.WriteSVG(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// elements reads a document to its end, and counts elements by name.
func elements(t testing.TB, doc string) map[string]int {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(doc))
	count := map[string]int{}
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return count
		}
		if err != nil {
			t.Fatalf("not well formed: %v\n%s", err, doc)
		}
		if s, ok := tok.(xml.StartElement); ok {
			count[s.Name.Local]++
			for _, a := range s.Attr {
				if strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") {
					t.Fatalf("%s=%q", a.Name.Local, a.Value)
				}
			}
		}
	}
}

func TestPicturesOfTheTablesAreWellFormedAndSmall(t *testing.T) {
	t.Parallel()
	for _, table := range []string{"drugs", "tricky"} {
		n, large := 0, 0
		rows(t, table, func(m *chem.Mol, row map[string]string) {
			doc := svg(t, depict.Draw(m, depict.Options{Title: row["smiles"], MaxWidth: 400, MaxHeight: 300}))
			elements(t, doc)
			n++
			if len(doc) > 10<<10 && len(m.Atoms) < 70 {
				large++
			}
		})
		if large > n/100 {
			t.Errorf("%s: %d of %d pictures have more than 10 KB", table, large, n)
		}
	}
}

func TestNothingIsClipped(t *testing.T) {
	t.Parallel()
	rows(t, "drugs", func(m *chem.Mol, row map[string]string) {
		p := depict.Draw(m, depict.Options{Captions: []string{row["smiles"], "QED 0.5"}, MaxWidth: 300, MaxHeight: 250})
		if p.Width > 320 || p.Height > 251 {
			t.Errorf("%s: %g x %g pixels", row["smiles"], p.Width, p.Height)
		}
		for _, s := range p.Shapes {
			for _, q := range s.Points {
				r := s.Width / 2
				if q.X-r < 0 || q.Y-r < 0 || q.X+r > p.Width || q.Y+r > p.Height {
					t.Errorf("%s: %v lies outside of %g x %g", row["smiles"], q, p.Width, p.Height)
					return
				}
			}
		}
	})
}

func TestGoldenPictures(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]string{
		"ethanol":    "CCO",
		"alanine":    "C[C@H]([NH3+])C([O-])=O",
		"toluene":    "Cc1ccccc1",
		"fumarate":   "OC(=O)/C=C/C(=O)O",
		"attachment": "*CC#N",
		"labels":     "[13CH3][N+](C)(C)[CH2].[2H]O[CH3:7].[Cl-]",
	} {
		got := svg(t, depict.Draw(chemtest.Parse(t, s), depict.Options{Title: name}))
		file := filepath.Join("testdata", name+".svg")
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: the picture has changed; look at it and run with -update\n%s", name, got)
		}
	}
}

// texts lists the texts of a picture in order.
func texts(p *depict.Picture) (out []string) {
	for _, s := range p.Shapes {
		if s.Kind == depict.Text {
			out = append(out, s.Text)
		}
	}
	return out
}

func TestLabels(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ smiles, want string }{
		{"CCN", "N H 2"},
		{"C", "C H 4"},
		{"O", "O H 2"},
		{"Cl", "Cl H"},
		{"[NH4+]", "N H 4 +"},
		{"CC[O-]", "O −"},
		{"[Ca+2]", "Ca 2+"},
		{"C[CH2]", "C H 2 •"},
		{"[13CH3]C", "C 13 H 3"},
		{"[2H]OC", "H 2 O"},
		{"*CC", ""},
		{"[1*]CC", "R 1"},
		{"*(C)C", "*"},
		{"[CH3:4]C", "4"},
		{"CC", ""},
	} {
		p := depict.Draw(chemtest.Parse(t, c.smiles), depict.Options{})
		if got := strings.Join(texts(p), " "); got != c.want {
			t.Errorf("%s: %q, want %q", c.smiles, got, c.want)
		}
	}
	t.Run("hydrogens stand before an atom that is bound to the right", func(t *testing.T) {
		t.Parallel()
		m := chemtest.Parse(t, "NCCCCCO")
		p := depict.Draw(m, depict.Options{})
		x := map[string][]float64{}
		for _, s := range p.Shapes {
			if s.Kind == depict.Text {
				x[s.Text] = append(x[s.Text], s.Points[0].X)
			}
		}
		// One end is N with two hydrogens, the other O with one; the left end has
		// its hydrogens on its left.
		leftFirst := x["N"][0] < x["O"][0]
		for _, h := range x["H"] {
			if leftFirst && h > x["N"][0] && h < x["O"][0] || !leftFirst && h > x["O"][0] && h < x["N"][0] {
				t.Error("hydrogens stand between the ends")
			}
		}
	})
}

func TestTextsAreEscaped(t *testing.T) {
	t.Parallel()
	m := chemtest.Parse(t, "CCO")
	doc := svg(t, depict.Draw(m, depict.Options{
		Title:      `<script>alert("&")</script>`,
		Captions:   []string{"a < b & c > d", "bell \a"},
		Highlights: []depict.Highlight{{Atoms: []int{0}, Legend: "</svg>"}},
	}))
	count := elements(t, doc)
	if count["script"] != 0 || count["svg"] != 1 || count["title"] != 1 {
		t.Errorf("%v\n%s", count, doc)
	}
}

func TestHighlightsLieBehindTheirAtoms(t *testing.T) {
	t.Parallel()
	m := chemtest.Parse(t, "OC(=O)c1ccccc1N")
	atoms := smarts.MustCompile("C(=O)O").FindAll(m, smarts.FindOptions{})[0]
	p := depict.Draw(m, depict.Options{Highlights: []depict.Highlight{
		{Atoms: atoms, Color: 0xabcdef, Legend: "acid"}, {Atoms: []int{99, -1}},
	}})
	discs, broad := 0, 0
	seenBond := false
	for _, s := range p.Shapes {
		switch {
		case s.Kind == depict.Disc && s.Color == 0xabcdef:
			discs++
		case s.Kind == depict.Stroke && s.Color == 0xabcdef:
			broad++
		case s.Kind == depict.Stroke:
			seenBond = true
			continue
		default:
			continue
		}
		if seenBond {
			t.Error("a highlight is drawn over a bond")
		}
	}
	if discs != 3 || broad != 2 {
		t.Errorf("%d discs and %d bonds, want 3 and 2", discs, broad)
	}
	if got := texts(p); got[len(got)-1] != "acid" {
		t.Errorf("texts %q", got)
	}
}

func TestMonochromePicturesAreBlack(t *testing.T) {
	t.Parallel()
	p := depict.Draw(chemtest.Parse(t, "NC(=O)CS"), depict.Options{Monochrome: true})
	for _, s := range p.Shapes {
		if s.Color != 0 {
			t.Errorf("%q is %v", s.Text, s.Color)
		}
	}
}

func TestUnknownCentresGetAWavyBond(t *testing.T) {
	t.Parallel()
	m := chemtest.Parse(t, "CC(F)C(=O)O")
	c := depict.Layout(m)
	wedge.MarkUnknown(m, c.Wedges)
	n := 0
	for _, w := range c.Wedges {
		if w.Kind == wedge.Either && w.From == 1 {
			n++
		}
	}
	if n != 1 {
		t.Errorf("wedges %v", c.Wedges)
	}
	plain := len(svg(t, depict.Draw(m, depict.Options{})))
	if wavy := len(svg(t, depict.Draw(m, depict.Options{MarkUnknown: true}))); wavy <= plain {
		t.Errorf("the wavy bond is not drawn")
	}
}

func TestGridHoldsItsPictures(t *testing.T) {
	t.Parallel()
	var all []*depict.Picture
	shapes := 0
	for _, s := range []string{"CCO", "c1ccccc1", "CC(=O)Oc1ccccc1C(=O)O", "C", "NCC(=O)O"} {
		p := depict.Draw(chemtest.Parse(t, s), depict.Options{Captions: []string{s}})
		all = append(all, p)
		shapes += len(p.Shapes)
	}
	g := depict.Grid(all, 3)
	if len(g.Shapes) != shapes {
		t.Errorf("%d shapes, want %d", len(g.Shapes), shapes)
	}
	if want := 3 * all[2].Width; g.Width != want {
		t.Errorf("width %g, want %g", g.Width, want)
	}
	for _, s := range g.Shapes {
		for _, q := range s.Points {
			if q.X < 0 || q.Y < 0 || q.X > g.Width || q.Y > g.Height {
				t.Errorf("%v lies outside", q)
			}
		}
	}
	if empty := depict.Grid(nil, 3); svg(t, empty) == "" {
		t.Error("an empty grid is no document")
	}
}

func TestWriteSVGReportsErrors(t *testing.T) {
	t.Parallel()
	_, w := io.Pipe()
	w.CloseWithError(io.ErrClosedPipe)
	if err := depict.SVG(w, chemtest.Parse(t, "C"), depict.Options{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("error %v", err)
	}
}

func FuzzDraw(f *testing.F) {
	for _, s := range odd {
		f.Add(s)
	}
	for _, s := range []string{"C[C@H](N)O", "F/C=C/F", "[1*]C", "C1CC1.[Na+]", "[Fe]12345C6C1C2C3C4C65", "O=[Se]1=CC1", "C~C", "C->[Pt]", "c1ccccc1:[CH3:5]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := smiles.Parse(s)
		if err != nil || len(m.Atoms) > 150 {
			return
		}
		elements(t, svg(t, depict.Draw(m, depict.Options{Title: strconv.Quote(s)})))
	})
}

func ExampleSVG() {
	m, err := smiles.Parse("CC(=O)Oc1ccccc1C(=O)O")
	if err != nil {
		panic(err)
	}
	acid := smarts.MustCompile("[CX3](=O)[OX2H1]").FindAll(m, smarts.FindOptions{})
	var page bytes.Buffer
	err = depict.SVG(&page, m, depict.Options{
		Title:      "Aspirin",
		Captions:   []string{"QED 0.55"},
		Highlights: []depict.Highlight{{Atoms: acid[0], Legend: "acid"}},
	})
	if err != nil {
		panic(err)
	}
}
