package platform

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestItemsAreConsumedInOrderHoweverLongTheyTake(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var got []int
		err := ordered(t.Context(), 3, 2, func(_ context.Context, i int) (int, error) {
			time.Sleep(time.Duration(100-i) * time.Millisecond)
			return i * i, nil
		}, func(i, item int) (bool, error) {
			if item != i*i {
				t.Errorf("item %d is %d", i, item)
			}
			got = append(got, i)
			return i < 30, nil
		})
		want := make([]int, 28)
		for k := range want {
			want[k] = 3 + k
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("got %v, %v", got, err)
		}
	})
}

func TestAFailureEndsTheRunAfterTheItemsBeforeIt(t *testing.T) {
	t.Parallel()
	bad := errors.New("bad")
	var got []int
	err := ordered(t.Context(), 0, 4, func(_ context.Context, i int) (int, error) {
		if i == 5 {
			return 0, bad
		}
		return i, nil
	}, func(i, _ int) (bool, error) {
		got = append(got, i)
		return true, nil
	})
	if !errors.Is(err, bad) || len(got) != 5 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestAnInterruptLeavesNothingRunning(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		n := 0
		err := ordered(ctx, 0, 2, func(ctx context.Context, i int) (int, error) {
			select {
			case <-time.After(20 * time.Millisecond):
				return i, nil
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		}, func(int, int) (bool, error) {
			n++
			return true, nil
		})
		if !errors.Is(err, context.DeadlineExceeded) || n != 4 {
			t.Errorf("consumed %d, %v", n, err)
		}
	})
}
