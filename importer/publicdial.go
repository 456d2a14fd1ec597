package importer

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

// maxRedirects is how many redirects of one request are followed.
const maxRedirects = 5

// errManyRedirects is the error for more redirects than [maxRedirects].
var errManyRedirects = errors.New("it redirects too many times")

// An addressRefusal is the error for an address that is not asked. Its text says which and why.
type addressRefusal string

func (r addressRefusal) Error() string { return string(r) }

// newPublicTransport returns a transport that connects only to addresses of the public internet, or to any address
// if allowPrivate is set. The address is judged when the connection is made, after the name was resolved, so that a
// name which resolves differently the second time, or a redirect, gains nothing. It uses no proxy: a proxy would
// connect on its behalf, to whatever it likes.
func newPublicTransport(allowPrivate bool) *http.Transport {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	if !allowPrivate {
		dialer.ControlContext = refusePrivate
	}
	return &http.Transport{
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    5 * time.Second,
		MaxIdleConns:           64,
		MaxIdleConnsPerHost:    maxMediaLookups,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// refusePrivate is a [net.Dialer.ControlContext] that fails with an [addressRefusal] unless address is a public one.
func refusePrivate(_ context.Context, _, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return addressRefusal("its address is not one of the public internet")
	}
	if !publicAddr(to.Addr()) {
		return addressRefusal("its address " + to.Addr().String() + " is not one of the public internet")
	}
	return nil
}

// publicAddr reports whether addr can belong to a host on the public internet, by the special-purpose registries of
// IANA (RFC 6890). An IPv4 address inside an IPv6 one (::ffff:0:0/96, and 64:ff9b::/96, by which networks without
// IPv4 reach it) is judged as itself.
func publicAddr(addr netip.Addr) bool {
	addr = embeddedIPv4(addr)
	if addr.Is6() && !netip.MustParsePrefix("2000::/3").Contains(addr) {
		return false // only this eighth is in public use
	}
	for _, special := range specialPrefixes() {
		if special.Contains(addr) {
			return false
		}
	}
	return addr.IsValid()
}

// embeddedIPv4 returns the IPv4 address that addr stands for, or addr itself.
func embeddedIPv4(addr netip.Addr) netip.Addr {
	if netip.MustParsePrefix("64:ff9b::/96").Contains(addr) {
		bytes := addr.As16()
		addr, _ = netip.AddrFromSlice(bytes[12:])
	}
	return addr.Unmap()
}

// specialPrefixes returns the addresses that are not public: all of IPv4's, and IPv6's within 2000::/3.
func specialPrefixes() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/8"),       // this host, RFC 791
		netip.MustParsePrefix("10.0.0.0/8"),      // private, RFC 1918
		netip.MustParsePrefix("100.64.0.0/10"),   // behind a carrier's NAT, RFC 6598
		netip.MustParsePrefix("127.0.0.0/8"),     // loopback, RFC 1122
		netip.MustParsePrefix("169.254.0.0/16"),  // link-local, RFC 3927; also the metadata of cloud machines
		netip.MustParsePrefix("172.16.0.0/12"),   // private, RFC 1918
		netip.MustParsePrefix("192.0.0.0/24"),    // protocol assignments, RFC 6890
		netip.MustParsePrefix("192.0.2.0/24"),    // documentation, RFC 5737
		netip.MustParsePrefix("192.88.99.0/24"),  // 6to4 relays, RFC 7526
		netip.MustParsePrefix("192.168.0.0/16"),  // private, RFC 1918
		netip.MustParsePrefix("198.18.0.0/15"),   // benchmarks, RFC 2544
		netip.MustParsePrefix("198.51.100.0/24"), // documentation, RFC 5737
		netip.MustParsePrefix("203.0.113.0/24"),  // documentation, RFC 5737
		netip.MustParsePrefix("224.0.0.0/4"),     // multicast, RFC 5771
		netip.MustParsePrefix("240.0.0.0/4"),     // reserved, RFC 1112, and broadcast
		netip.MustParsePrefix("2001::/23"),       // protocol assignments, RFC 2928, Teredo among them
		netip.MustParsePrefix("2001:db8::/32"),   // documentation, RFC 3849
		netip.MustParsePrefix("2002::/16"),       // 6to4, which hides an IPv4 address, RFC 3056
		netip.MustParsePrefix("3fff::/20"),       // documentation, RFC 9637
	}
}

// checkRedirect is a [http.Client.CheckRedirect] that follows [maxRedirects] redirects, and only to http and https.
// It takes away the Referer, because the URL in it may hold a signature that is not the next host's business.
func checkRedirect(next *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return errManyRedirects
	}
	if !webURL(next.URL) {
		return addressRefusal("it redirects to something that is not http or https")
	}
	next.Header.Del("Referer")
	return nil
}

// webURL reports whether u is an http or https URL with a host.
func webURL(u *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
}
