package depict

// helvetica has the widths of the characters from space to ~ in thousandths of
// the size, as Helvetica's public metrics tell them; Arial, Liberation Sans and
// Nimbus Sans have the same.
var helvetica = [95]int16{
	278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
	556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
	1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
	667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
	333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
	556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
}

// BoldWidth is how much wider a bold text is.
const BoldWidth = 1.08

// capHeight is the height of capital letters, as a part of the size.
const capHeight = 0.72

// TextWidth is the width of a text of size 1, by which pictures are laid out: that
// in Helvetica, and in fonts made to fit in its place. Whoever draws a picture in
// another font should stretch texts to it.
func TextWidth(text string) float64 {
	sum := 0.0
	for _, r := range text {
		switch {
		case r >= ' ' && r <= '~':
			sum += float64(helvetica[r-' ']) / 1000
		case r == minus:
			sum += 0.584
		case r == dot:
			sum += 0.35
		case r < 0x2000:
			sum += 0.65
		default: // an ideograph or a symbol may be as wide as it is high
			sum++
		}
	}
	return sum
}

const (
	minus = '−'
	dot   = '•'
)

// fitText cuts a text that is wider than it may be, and marks the cut.
func fitText(text string, width float64) string {
	if TextWidth(text) <= width {
		return text
	}
	runes := []rune(text)
	for len(runes) > 0 && TextWidth(string(runes))+1 > width {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}
