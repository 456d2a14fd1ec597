package linkcheck

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// maxRedirects is the number of redirects of one request that are followed.
const maxRedirects = 5

// errManyRedirects is the error for more redirects than [maxRedirects].
var errManyRedirects = errors.New("it redirects too many times")

// A refusal is the error for an address that is not asked. Its text names the address and the reason.
type refusal string

func (r refusal) Error() string { return string(r) }

// newTransport returns a transport that connects to addresses of the public internet only, or to any address if
// allowPrivate is set. It judges the address when the connection is made, after the name was resolved. So a name that
// resolves differently the second time gains nothing, and neither does a redirect. It uses no proxy: a proxy would
// connect on its behalf, to any address.
func newTransport(allowPrivate bool) *http.Transport {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	if !allowPrivate {
		dialer.ControlContext = refusePrivate
	}
	return &http.Transport{
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    5 * time.Second,
		MaxIdleConns:           64,
		MaxIdleConnsPerHost:    maxChecks,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// refusePrivate is a [net.Dialer.ControlContext] that fails with a [refusal] unless address is public.
func refusePrivate(_ context.Context, _, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return refusal("its address is not one of the public internet")
	}
	if !isPublic(to.Addr()) {
		return refusal("its address " + to.Addr().String() + " is not one of the public internet")
	}
	return nil
}

// isPublic reports whether addr can belong to a host on the public internet, by the special-purpose registries of IANA
// (RFC 6890). An IPv6 address that stands for an IPv4 address is judged as the latter. These are ::ffff:0:0/96, and
// 64:ff9b::/96, which reaches IPv4 from networks without it.
func isPublic(addr netip.Addr) bool {
	if ssrf.IPv6NAT64Prefix.Contains(addr) {
		bytes := addr.As16()
		addr, _ = netip.AddrFromSlice(bytes[12:])
	}
	addr = addr.Unmap()
	return addr.IsValid() && ssrf.New().SafeAddr(addr) == nil
}

// checkRedirect is a [http.Client.CheckRedirect] that follows [maxRedirects] redirects, and only to http and https. It
// removes the Referer: the URL in it may hold a signature that the next host must not see.
func checkRedirect(next *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return errManyRedirects
	}
	if !isWeb(next.URL) {
		return refusal("it redirects to something that is not http or https")
	}
	next.Header.Del("Referer")
	return nil
}

// isWeb reports whether u is an http or https URL with a host.
func isWeb(u *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
}
