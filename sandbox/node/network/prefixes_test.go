package network

import (
	"net/netip"
	"slices"
	"testing"
)

func TestWithoutCoversExactlyWhatIsNotExcluded(t *testing.T) {
	for name, test := range map[string]struct {
		whole       string
		holes, want []string
	}{
		"nothing excluded":             {"10.0.0.0/8", nil, []string{"10.0.0.0/8"}},
		"a range from elsewhere":       {"10.0.0.0/8", []string{"192.168.0.0/16"}, []string{"10.0.0.0/8"}},
		"everything excluded":          {"10.1.0.0/16", []string{"10.0.0.0/8"}, nil},
		"one half":                     {"10.0.0.0/8", []string{"10.128.0.0/9"}, []string{"10.0.0.0/9"}},
		"one address of four":          {"10.0.0.0/30", []string{"10.0.0.1/32"}, []string{"10.0.0.0/32", "10.0.0.2/31"}},
		"two ranges, one in the other": {"10.0.0.0/30", []string{"10.0.0.0/31", "10.0.0.1/32"}, []string{"10.0.0.2/31"}},
		"host bits in the range":       {"10.0.0.3/30", []string{"10.0.0.0/31"}, []string{"10.0.0.2/31"}},
	} {
		t.Run(name, func(t *testing.T) {
			var holes []netip.Prefix
			for _, hole := range test.holes {
				holes = append(holes, netip.MustParsePrefix(hole))
			}
			var got []string
			for _, part := range without(netip.MustParsePrefix(test.whole), holes) {
				got = append(got, part.String())
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestWithoutSplitsNoFinerThanItMust(t *testing.T) {
	parts := without(netip.MustParsePrefix("0.0.0.0/0"), []netip.Prefix{netip.MustParsePrefix("169.254.169.254/32")})
	if len(parts) != 32 {
		t.Errorf("one excluded address must leave one range for each bit, got %d", len(parts))
	}
}
