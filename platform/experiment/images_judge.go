package experiment

import (
	"context"

	"github.com/molsculpt/molsculpt/sdk"
)

// judgedAtOnce is how many images the judge is shown in one message.
const judgedAtOnce = 256

// look is the class that the judge finds most likely, for each of some images. It
// is shown them as they are, at the least noise that it has learned.
func (l *imageLab) look(ctx context.Context, points []float32) ([]int, error) {
	d, k := l.judge.Info().Dimension, len(l.kinds)
	var out []int
	for from := 0; from < len(points); from += judgedAtOnce * d {
		part := points[from:min(from+judgedAtOnce*d, len(points))]
		times := make([]float64, len(part)/d)
		for i := range times {
			times[i] = judgeTime
		}
		reply, err := l.judge.LogQ(ctx, sdk.GuideRequest{Points: part, Times: times})
		if err != nil {
			return nil, err
		}
		for i := range times {
			best := 0
			row := reply.LogQ[i*k : (i+1)*k]
			for c, v := range row {
				if v > row[best] {
					best = c
				}
			}
			out = append(out, best)
		}
	}
	return out, nil
}

// judgeTime is the time at which the judge looks: the end of its training file.
const judgeTime = 0.01

// test is the share of images that MNIST keeps for tests, in their colours, whose
// class the judge finds, and how many they are.
func (l *imageLab) test(ctx context.Context) (right float64, tested int, err error) {
	set, err := l.open("t10k")
	if err != nil {
		return 0, 0, err
	}
	var points []float32
	var classes []int
	l.kinds.Examples(set, func(class, _ int, point []float32) bool {
		points, classes = append(points, point...), append(classes, class)
		return len(classes) < l.sizes.Tested
	})
	seen, err := l.look(ctx, points)
	if err != nil {
		return 0, 0, err
	}
	for i, c := range classes {
		if seen[i] == c {
			right++
		}
	}
	return right / float64(len(classes)), len(classes), nil
}
