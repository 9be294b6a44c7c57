package platform

import (
	"encoding/binary"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/platform/config"
	"github.com/molsculpt/molsculpt/sdk"
	"github.com/molsculpt/molsculpt/sdk/space"
)

// writeDigits writes n images of 4 x 4 pixels, image i of the digit i%4 and all
// its pixels i+1, as IDX files.
func writeDigits(t *testing.T, folder string, n int) {
	t.Helper()
	head := func(kind byte, sizes ...int) []byte {
		out := []byte{0, 0, 8, kind}
		for _, s := range sizes {
			out = binary.BigEndian.AppendUint32(out, uint32(s))
		}
		return out
	}
	images, labels := head(3, n, 4, 4), head(1, n)
	for i := range n {
		for range 16 {
			images = append(images, byte(i+1))
		}
		labels = append(labels, byte(i%4))
	}
	for name, data := range map[string][]byte{"images": images, "labels": labels} {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func imagesTask(t *testing.T, folder, text string) (*trainingTask, error) {
	t.Helper()
	f, err := config.ParseTraining(filepath.Join(folder, "x.yaml"), []byte("version: 1\nname: x\n"+text))
	if err != nil {
		t.Fatal(err)
	}
	return openTask(t.Context(), f, nil, TrainOptions{})
}

func TestImagesBecomeExamplesOfTheirClasses(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	const n = 200
	writeDigits(t, folder, n)
	task, err := imagesTask(t, folder, "data: {images: images, labels: labels, classes: [red 0, green 0, green 3], hold_out: 0.25}\n")
	if err != nil {
		t.Fatal(err)
	}
	sp, ok := task.space.(*space.Points)
	if !ok || sp.Dim() != 32 || task.labels != nil {
		t.Fatalf("the space is %v, the labels %v", task.space.Descriptor(), task.labels)
	}
	seen := map[[2]int]string{} // image and colour
	total := 0
	for source, share := range map[string]float64{sdk.SourceTrain: 0.75, sdk.SourceHeldOut: 0.25} {
		list := task.data.examples[source]
		total += len(list)
		if got := float64(len(list)) / (n * 3 / 4); got < share-0.12 || got > share+0.12 {
			t.Errorf("%s: %d examples", source, len(list))
		}
		for _, e := range list {
			p := sp.Point(e.State, nil)
			colour, light := 0, p[0]
			if p[1] > light {
				colour, light = 1, p[1]
			}
			image := int(127.5*(light+1)+0.5) - 1
			if digit := image % 4; p[1-colour] != -1 || e.Label != 0 || image >= n || digit != 0 && (digit != 3 || colour != 1) {
				t.Fatalf("image %d has label %d and the pixel %v", image, e.Label, p[:2])
			}
			seen[[2]int{image, colour}] = source
			if other, ok := seen[[2]int{image, 1 - colour}]; ok && other != source {
				t.Errorf("image %d is learned from in one colour and kept back in another", image)
			}
		}
	}
	if total != n*3/4 || len(seen) != total {
		t.Errorf("%d examples, %d of them different, want %d", total, len(seen), n*3/4)
	}
	if s := task.data.stats; s.Images != n || s.Train+s.HeldOut != total || task.card.Data.Classes[0] != "red 0, green 0, green 3" {
		t.Errorf("the card says %+v", task.card.Data)
	}

	guide, err := imagesTask(t, folder, "kind: guide\ndata: {images: images, labels: labels, classes: ['0', '1']}\n")
	if err != nil {
		t.Fatal(err)
	}
	if d := guide.space.Descriptor(); d.MaxSize != 16 || strings.Join(guide.labels, " ") != "0 1" {
		t.Errorf("a guide of %v over %v", guide.labels, d)
	}

	// An image of a class that two models have learned is an example of both.
	pair, err := imagesTask(t, folder, "kind: guide\ndata: {images: images, labels: labels, models: {a: [red 0, green 0], b: [green 0, green 1]}, hold_out: 0}\n")
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, e := range pair.data.examples[sdk.SourceTrain] {
		p := sp.Point(e.State, nil)
		colour := "red"
		if p[0] == -1 {
			colour = "green"
		}
		count[fmt.Sprintf("%s %s %d", pair.labels[e.Label], colour, (int(127.5*(max(p[0], p[1])+1)+0.5)-1)%4)]++
	}
	if want := map[string]int{"a red 0": n / 4, "a green 0": n / 4, "b green 0": n / 4, "b green 1": n / 4}; !maps.Equal(count, want) {
		t.Errorf("examples %v, want %v", count, want)
	}
}

func TestBadImagesAreErrorsOfTheFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	writeDigits(t, folder, 8)
	for text, want := range map[string]string{
		"data: {images: images, labels: labels, classes: [red 0, blue 1]}": `3:57: digits: read class "blue 1"`,
		"data: {images: images, labels: labels, classes: [red 0, '1']}":    "3:7: digits: read classes: red 0 has a colour",
		"data: {images: none, labels: labels, classes: [red 0]}":           "3:16: digits: open images",
		"data: {images: labels, labels: labels, classes: [red 0]}":         "3:16: digits: read images: the file begins with",
		"data: {images: images, labels: labels, classes: [red 9]}":         "3:7: 0 of the images are of a class",

		"kind: guide\ndata: {images: images, labels: labels, classes: ['1', '2', '1']}":                "4:7: 1 is there twice",
		"kind: guide\ndata: {images: images, labels: labels, models: {a: ['1'], b: [red 2]}}":          "4:7: some classes have a colour",
		"kind: guide\ndata: {images: images, labels: labels, models: {a: [green 1, x], b: [green 2]}}": "4:62: digits: read class",
	} {
		_, err := imagesTask(t, folder, text+"\n")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", text, err, want)
		}
	}
}
