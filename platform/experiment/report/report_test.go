package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
)

// page has every kind of block, and signs that mean something in HTML and in
// Markdown.
func page(t *testing.T) *Page {
	t.Helper()
	p := NewPlot("a < b", "x", "y")
	line, err := plotter.NewLine(plotter.XYs{{X: 0, Y: 0}, {X: 1, Y: 2}})
	if err != nil {
		t.Fatal(err)
	}
	p.Add(line)
	return &Page{
		Title: "Title & more", Subtitle: "under it",
		Lead: []Text{"We *found* `a | b` <b>here</b>, see [there](https://example.org/?a=1&b=2)."},
		Sections: []Section{{
			Title: "Part",
			Blocks: []Block{
				Text("One."),
				List{"first", "second"},
				&Table{
					Caption: "A caption",
					Columns: []Column{{Name: "what", Words: true}, {Group: "both", Name: "ours", Note: "nats"}, {Group: "both", Name: "theirs", Published: true}},
					Rows: []Row{
						{Heading: "group"},
						{Cells: []Cell{{Text: "`a | b`"}, {Text: "1", Strong: true}, {}}},
					},
					Notes: []Text{"a note"},
				},
				&Figure{Name: "A line", Caption: "a caption", SVG: Draw(200, 100, []*plot.Plot{p}), Width: .5},
			},
		}},
		References: []Text{"A. Author. *A work.*"},
	}
}

func TestAPageIsWellFormedAndHasAll(t *testing.T) {
	t.Parallel()
	p := page(t)
	html, err := p.HTML()
	if err != nil {
		t.Fatal(err)
	}
	d := xml.NewDecoder(bytes.NewReader(html))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("not well formed: %v", err)
		}
	}
	for _, want := range []string{
		"<h1>Title &amp; more</h1>", "We <em>found</em> <code>a | b</code> &lt;b&gt;here&lt;/b&gt;",
		`<a href="https://example.org/?a=1&amp;b=2">there</a>`, "<li>second</li>", "<strong>1</strong>", `<td class=" published"></td>`,
		`<td colspan="3">group</td>`, "<small>nats</small>", `<th colspan="1"></th><th colspan="2"><span>both</span></th>`, "a note", "<svg ", "max-width: 50%", "<em>A work.</em>",
	} {
		if !bytes.Contains(html, []byte(want)) {
			t.Errorf("the HTML has no %q", want)
		}
	}
	if bytes.Contains(html, []byte("<?xml")) || bytes.Contains(html, []byte("src=")) {
		t.Error("the HTML has the head of a picture's file, or needs another one")
	}
	md := string(p.Markdown())
	for _, want := range []string{
		"# Title & more", "We *found* `a | b` &lt;b>here&lt;/b>", "- second\n", "| what | both ours nats | both theirs |", "| :--- | ---: | ---: |",
		"| **group** |  |  |", "| `a \\| b` | **1** |  |", "![A line](pictures/a-line.svg)",
	} {
		if !strings.Contains(md, want) {
			t.Errorf("the Markdown has no %q:\n%s", want, md)
		}
	}
}

func TestAPageIsWrittenTheSameTwice(t *testing.T) {
	t.Parallel()
	var all [2]map[string]string
	for i := range all {
		dir := t.TempDir()
		path, err := Write(dir, page(t))
		if err != nil {
			t.Fatal(err)
		}
		if path != filepath.Join(dir, "report.html") {
			t.Errorf("the report is %s", path)
		}
		all[i] = map[string]string{}
		for _, name := range []string{"report.html", "report.md", "pictures/a-line.svg"} {
			data, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			all[i][name] = string(data)
		}
		left, err := filepath.Glob(filepath.Join(dir, "*.new-*"))
		if err != nil || len(left) > 0 {
			t.Errorf("files are left: %v, %v", left, err)
		}
	}
	for name, text := range all[0] {
		if text != all[1][name] {
			t.Errorf("%s differs between two pages that are the same", name)
		}
	}
}

func TestAPageThatDoesNotFitIsAnError(t *testing.T) {
	t.Parallel()
	short := page(t)
	short.Sections[0].Blocks[2].(*Table).Rows[1].Cells = Texts("one", "two")
	twice := page(t)
	twice.Sections = append(twice.Sections, twice.Sections[0])
	for want, p := range map[string]*Page{"2 cells for 3 columns": short, "that of another": twice} {
		if _, err := Write(t.TempDir(), p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want %q", err, want)
		}
	}
}

func TestNumbersAreWrittenForPeople(t *testing.T) {
	t.Parallel()
	for want, got := range map[Text]Cell{
		"0.12": Number(.1234, 2), "−1.5": Number(-1.5, 1), "0.00": Number(-1e-9, 2), "–": Number(math.NaN(), 1),
		"7": Count(7), "1\u202f000": Count(1000), "−12\u202f345\u202f678": Count(-12345678),
		"0.50 ± 0.01": Estimate(.5, .01, 2), "0.5": Estimate(.5, math.NaN(), 1), "65.2 ± 0.7": Percent(.652, .007, 1),
	} {
		if got.Text != want {
			t.Errorf("got %q, want %q", got.Text, want)
		}
	}
	if got := Estimate(math.Inf(1), 1, 2); got.Text != missing {
		t.Errorf("infinity is written %q", got.Text)
	}
}

func TestFileNamesTellExpressionsApart(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, e := range []string{"a & b", "a - b", "a | b", "a -{0.05} b", "a &{0.05} b", "b - a", "obs(a, b; over a, b, c)", "a^2"} {
		name := FileName(e)
		if other, ok := seen[name]; ok {
			t.Errorf("%s and %s have one file, %s", e, other, name)
		}
		seen[name] = e
		if strings.ContainsAny(name, " /\\&|{}()") {
			t.Errorf("%s has the file %q", e, name)
		}
	}
}
