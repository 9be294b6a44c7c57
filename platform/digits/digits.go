// Package digits is the coloured digits that continuous compositions of images
// are shown on (Garipov et al. 2023, arXiv 2309.16115, appendix): images of
// handwritten digits, as in MNIST (LeCun et al. 1998), whose files the user gives,
// in a colour. It reads the files, colours the images, and draws points as
// pictures.
//
// A point is an image line by line, pixel by pixel, channel by channel, each
// number from -1 for dark to 1 for bright. An image of coloured digits has the two
// channels red and green, of which a digit has one; without colours it has one.
package digits

import (
	"fmt"
	"strconv"
	"strings"
)

// Colour is the channel that a digit is drawn in.
type Colour int

// The colours. A class without one is of images of one channel.
const (
	Red Colour = iota
	Green
	Grey
)

var colours = [...]string{Red: "red", Green: "green", Grey: ""}

// Class is what one sees: a digit in a colour.
type Class struct {
	Colour Colour
	Digit  int // 0 to 9
}

// String is the class as a file names it: "red 0", or "0" without a colour.
func (c Class) String() string {
	return strings.TrimSpace(colours[c.Colour] + " " + strconv.Itoa(c.Digit))
}

// ParseClass reads a class, as "green 3" or "3".
func ParseClass(text string) (Class, error) {
	fields := strings.Fields(text)
	c := Class{Colour: Grey}
	fail := func() (Class, error) {
		return Class{}, fmt.Errorf("digits: read class %q: give a digit, or red or green and a digit, as in %q", text, "green 3")
	}
	if len(fields) == 2 {
		switch fields[0] {
		case colours[Red]:
			c.Colour = Red
		case colours[Green]:
			c.Colour = Green
		default:
			return fail()
		}
		fields = fields[1:]
	}
	if len(fields) != 1 || len(fields[0]) != 1 || fields[0][0] < '0' || fields[0][0] > '9' {
		return fail()
	}
	c.Digit = int(fields[0][0] - '0')
	return c, nil
}

// Classes is a list of classes of one kind: all with a colour, or none.
type Classes []Class

// ParseClasses reads a list of classes.
func ParseClasses(texts []string) (Classes, error) {
	var list Classes
	for _, text := range texts {
		c, err := ParseClass(text)
		if err != nil {
			return nil, err
		}
		for _, d := range list {
			if d == c {
				return nil, fmt.Errorf("digits: read classes: %s is there twice", c)
			}
			if (d.Colour == Grey) != (c.Colour == Grey) {
				return nil, fmt.Errorf("digits: read classes: %s has a colour and %s none, or the other way round; give one to all or to none", d, c)
			}
		}
		list = append(list, c)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("digits: read classes: there are none")
	}
	return list, nil
}

// Channels is how many channels the images have.
func (c Classes) Channels() int {
	if len(c) > 0 && c[0].Colour == Grey {
		return 1
	}
	return 2
}

// Examples calls each for every image of the set and every class of its digit,
// with the class's number in the list, the image's in the set and its point,
// which is valid until each returns. It ends when each returns false.
func (c Classes) Examples(s *Set, each func(class, image int, point []float32) bool) {
	channels := c.Channels()
	point := make([]float32, s.Height*s.Width*channels)
	for i := range s.Len() {
		for k, class := range c {
			if int(s.Labels[i]) != class.Digit {
				continue
			}
			for p := range point {
				point[p] = -1
			}
			channel := int(class.Colour)
			if channels == 1 {
				channel = 0
			}
			for p, v := range s.Image(i) {
				point[p*channels+channel] = float32(v)/127.5 - 1
			}
			if !each(k, i, point) {
				return
			}
		}
	}
}
