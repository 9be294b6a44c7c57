package experiment

import "testing"

func TestSpansAreWrittenOnce(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]span{
		"–": over(nil, nil), "less than 0.001": {0, .0004, 3}, "0.020": {.0199, .0201, 2}, "0.001 to 0.200": {.0011, .2, 5},
	} {
		if got := s.String(); got != want {
			t.Errorf("%+v is %q, want %q", s, got, want)
		}
	}
}
