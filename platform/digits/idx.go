package digits

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"os"
)

// Set is images with their labels.
type Set struct {
	Height, Width int
	Pixels        []byte // Height*Width to an image, line by line; 0 is the background
	Labels        []byte // 0 to 9
}

// Len is the number of images.
func (s *Set) Len() int { return len(s.Labels) }

// Image is the pixels of image i.
func (s *Set) Image(i int) []byte {
	size := s.Height * s.Width
	return s.Pixels[i*size : (i+1)*size]
}

// Open reads two files in the format IDX, as they are or gzipped: images and
// their labels.
func Open(images, labels string) (*Set, error) {
	i, err := os.Open(images)
	if err != nil {
		return nil, fmt.Errorf("digits: open images: %w", err)
	}
	defer i.Close()
	l, err := os.Open(labels)
	if err != nil {
		return nil, fmt.Errorf("digits: open labels: %w", err)
	}
	defer l.Close()
	return Read(i, l)
}

// Read reads images and their labels in the format IDX (LeCun, The MNIST database
// of handwritten digits), as they are or gzipped.
func Read(images, labels io.Reader) (*Set, error) {
	sizes, pixels, err := readIDX(images, 3)
	if err != nil {
		return nil, fmt.Errorf("digits: read images: %w", err)
	}
	_, numbers, err := readIDX(labels, 1)
	if err != nil {
		return nil, fmt.Errorf("digits: read labels: %w", err)
	}
	if len(numbers) != sizes[0] {
		return nil, fmt.Errorf("digits: %d images have %d labels", sizes[0], len(numbers))
	}
	for i, l := range numbers {
		if l > 9 {
			return nil, fmt.Errorf("digits: read labels: label %d is %d; digits are from 0 to 9", i, l)
		}
	}
	return &Set{Height: sizes[1], Width: sizes[2], Pixels: pixels, Labels: numbers}, nil
}

// maxIDX bounds the bytes of a file.
const maxIDX = 1 << 31

// readIDX reads an array of bytes of so many dimensions: two zeros, the type of
// the numbers (8 for bytes), the number of dimensions, the size of each as a
// big-endian 32-bit integer, and the numbers.
func readIDX(r io.Reader, dimensions int) (sizes []int, data []byte, err error) {
	in := bufio.NewReader(r)
	if magic, err := in.Peek(2); err == nil && bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, nil, err
		}
		in = bufio.NewReader(z)
	}
	head := make([]byte, 4+4*dimensions)
	n, err := io.ReadFull(in, head)
	if n >= 4 && !bytes.Equal(head[:4], []byte{0, 0, 8, byte(dimensions)}) {
		return nil, nil, fmt.Errorf("the file begins with the bytes % x; an IDX file of bytes in %d dimensions begins with 00 00 08 %02x", head[:4], dimensions, dimensions)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("the file has no head of %d bytes: %w", len(head), err)
	}
	total := 1
	for k := range dimensions {
		n := int(binary.BigEndian.Uint32(head[4+4*k:]))
		if n < 1 || n > maxIDX/total {
			return nil, nil, fmt.Errorf("dimension %d is of %d numbers", k+1, n)
		}
		sizes, total = append(sizes, n), total*n
	}
	if data, err = io.ReadAll(io.LimitReader(in, int64(total)+1)); err != nil {
		return nil, nil, err
	}
	if len(data) != total {
		more := ""
		if len(data) > total {
			more = "more than "
		}
		return nil, nil, fmt.Errorf("the file should have %d bytes behind its head, and has %s%d", total, more, min(len(data), total))
	}
	return sizes, data, nil
}
