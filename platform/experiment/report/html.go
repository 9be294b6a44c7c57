package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"kind":   kind,
	"inline": inlineSVG,
	"width":  func(f *Figure) string { return fmt.Sprintf("%.4g%%", 100*f.share()) },
}).Parse(pageText))

// kind is the name of a block's type in the template.
func kind(b Block) string {
	switch b.(type) {
	case Text:
		return "text"
	case List:
		return "list"
	case *Table:
		return "table"
	}
	return "figure"
}

func (f *Figure) share() float64 {
	if f.Width == 0 {
		return 1
	}
	return f.Width
}

// inlineSVG is a picture without what stands before its element.
func inlineSVG(f *Figure) template.HTML {
	at := bytes.Index(f.SVG, []byte("<svg"))
	return template.HTML(f.SVG[max(0, at):])
}

// HTML is the page as one file that needs nothing beside it.
func (p *Page) HTML() ([]byte, error) {
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, p); err != nil {
		return nil, fmt.Errorf("report: write HTML: %w", err)
	}
	return b.Bytes(), nil
}
