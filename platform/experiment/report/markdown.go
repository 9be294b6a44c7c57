package report

import (
	"fmt"
	"strings"
)

// Markdown is the page as Markdown; pictures are those that [Write] puts beside
// it.
func (p *Page) Markdown() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", p.Title)
	if p.Subtitle != "" {
		fmt.Fprintf(&b, "\n%s\n", p.Subtitle)
	}
	for _, t := range p.Lead {
		fmt.Fprintf(&b, "\n%s\n", t.markdown(false))
	}
	for _, s := range p.Sections {
		fmt.Fprintf(&b, "\n## %s\n", s.Title)
		for _, block := range s.Blocks {
			b.WriteByte('\n')
			switch block := block.(type) {
			case Text:
				b.WriteString(block.markdown(false) + "\n")
			case List:
				block.markdown(&b)
			case *Table:
				block.markdown(&b)
			case *Figure:
				fmt.Fprintf(&b, "![%s](pictures/%s.svg)\n", block.Name, FileName(block.Name))
				if block.Caption != "" {
					fmt.Fprintf(&b, "\n%s\n", block.Caption.markdown(false))
				}
			}
		}
	}
	if len(p.References) > 0 {
		b.WriteString("\n## References\n\n")
		List(p.References).markdown(&b)
	}
	return []byte(b.String())
}

func (l List) markdown(b *strings.Builder) {
	for _, t := range l {
		fmt.Fprintf(b, "- %s\n", t.markdown(false))
	}
}

func (t *Table) markdown(b *strings.Builder) {
	if t.Caption != "" {
		fmt.Fprintf(b, "%s\n\n", t.Caption.markdown(false))
	}
	head, rule := make([]string, len(t.Columns)), make([]string, len(t.Columns))
	for i, c := range t.Columns {
		head[i], rule[i] = strings.Join(strings.Fields(c.Group+" "+c.Name+" "+c.Note), " "), "---:"
		head[i] = Text(head[i]).markdown(true)
		if c.Words {
			rule[i] = ":---"
		}
	}
	line := func(cells []string) { fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | ")) }
	line(head)
	line(rule)
	for _, r := range t.Rows {
		cells := make([]string, len(t.Columns))
		if r.Cells == nil {
			cells[0] = "**" + r.Heading.markdown(true) + "**"
		}
		for i, c := range r.Cells {
			if cells[i] = c.Text.markdown(true); c.Strong {
				cells[i] = "**" + cells[i] + "**"
			}
		}
		line(cells)
	}
	for _, n := range t.Notes {
		fmt.Fprintf(b, "\n%s\n", n.markdown(false))
	}
}
