package network

import (
	"net/netip"
	"slices"
)

// without returns the prefixes that cover exactly the addresses of whole that no prefix of holes covers. The packet
// filter can exclude one range in a rule, a policy may exclude several; so the exclusion is worked out here.
func without(whole netip.Prefix, holes []netip.Prefix) []netip.Prefix {
	whole = whole.Masked()
	for _, hole := range holes {
		if hole.Bits() <= whole.Bits() && hole.Contains(whole.Addr()) {
			return nil
		}
	}
	if !slices.ContainsFunc(holes, whole.Overlaps) {
		return []netip.Prefix{whole}
	}
	lower, upper := halves(whole)
	return append(without(lower, holes), without(upper, holes)...)
}

// halves splits an IPv4 prefix that is not a single address.
func halves(whole netip.Prefix) (lower, upper netip.Prefix) {
	bits := whole.Bits() + 1
	bytes := whole.Addr().As4()
	bytes[(bits-1)/8] |= 1 << (7 - (bits-1)%8)
	return netip.PrefixFrom(whole.Addr(), bits), netip.PrefixFrom(netip.AddrFrom4(bytes), bits)
}
