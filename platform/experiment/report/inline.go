package report

import (
	"html/template"
	"regexp"
	"strings"
)

// inline finds what is marked in a text: code, emphasis and links.
var inline = regexp.MustCompile("`([^`]+)`" + `|\*([^*]+)\*|\[([^\]]+)\]\(([^)\s]+)\)`)

// HTML is the text with its marks as HTML; all else is escaped.
func (t Text) HTML() template.HTML {
	var b strings.Builder
	t.scan(
		func(plain string) { b.WriteString(template.HTMLEscapeString(plain)) },
		func(code, emphasis, words, address string) {
			escape := template.HTMLEscapeString
			switch {
			case code != "":
				b.WriteString("<code>" + escape(code) + "</code>")
			case emphasis != "":
				b.WriteString("<em>" + escape(emphasis) + "</em>")
			default:
				b.WriteString(`<a href="` + escape(address) + `">` + escape(words) + "</a>")
			}
		})
	return template.HTML(b.String())
}

// markdown is the text as Markdown; in a table, what would end a cell is escaped.
func (t Text) markdown(inTable bool) string {
	var b strings.Builder
	t.scan(
		func(plain string) {
			b.WriteString(strings.NewReplacer(`\`, `\\`, "<", "&lt;", "_", `\_`).Replace(plain))
		},
		func(code, emphasis, words, address string) {
			switch {
			case code != "":
				b.WriteString("`" + code + "`")
			case emphasis != "":
				b.WriteString("*" + emphasis + "*")
			default:
				b.WriteString("[" + words + "](" + address + ")")
			}
		})
	s := b.String()
	if inTable {
		s = strings.NewReplacer("|", `\|`, "\n", " ").Replace(s)
	}
	return s
}

// scan gives a text's plain parts and its marked ones in order.
func (t Text) scan(plain func(string), marked func(code, emphasis, words, address string)) {
	s, from := string(t), 0
	part := func(m []int, group int) string {
		if m[2*group] < 0 {
			return ""
		}
		return s[m[2*group]:m[2*group+1]]
	}
	for _, m := range inline.FindAllStringSubmatchIndex(s, -1) {
		plain(s[from:m[0]])
		marked(part(m, 1), part(m, 2), part(m, 3), part(m, 4))
		from = m[1]
	}
	plain(s[from:])
}
