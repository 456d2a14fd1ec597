package importer

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	maxMediaLookups = 16        // under way at one time
	mediaWindow     = 512       // URLs taken from the sequence whose answers have not been yielded
	maxDeadLookups  = 20        // failures of one host in a row after which it is not asked again
	maxIdleHosts    = 1024      // hosts whose failures are remembered while nothing is asked of them
	maxCounted      = 100 << 20 // bytes read to find out a size that is not told
	maxDrained      = 4 << 10   // bytes read so that a connection can be used again
	maxMediaName    = 255       // bytes of a file name
)

// A mediaStatus says what became of looking up a media URL.
type mediaStatus string

const (
	mediaFound   mediaStatus = "found"
	mediaGone    mediaStatus = "gone"    // there is nothing behind the URL, or not what it promises
	mediaRefused mediaStatus = "refused" // not asked: no web address, or not a public one
	mediaFailed  mediaStatus = "failed"  // no answer to rely on: worth asking again another day
)

// mediaInfo is what lies behind a media URL.
type mediaInfo struct {
	Status  mediaStatus
	Size    int64     // bytes; 0 unless found, and if it is not told and more than [maxCounted]
	MIME    string    // as the server says, without parameters, lower case; "" if it does not
	Name    string    // from Content-Disposition, else the last part of the URL's path, "" if it has none
	URL     string    // the link as it is now
	Maker   string    // the source that makes new links; "" if none does
	Renewed bool      // the link was made anew
	Unsure  bool      // it is gone by an answer that may be another one another time
	Checked time.Time // when it was asked last, if it was
	Expires time.Time // when the storage deletes the file (X-Amz-Expiration); zero if not told
	Reason  string    // why it is gone, refused or failed: one phrase, lower case, never with the URL in it
	Err     error     // that makes it senseless to ask about any other; nothing was found out
}

// A mediaLookup asks media URLs what lies behind them, without downloading it where that can be avoided. It asks
// with HEAD, and with GET for the first byte where HEAD is not answered well; it reads the file only if its size is
// not told either way. What goes wrong for a passing reason is tried once more. Its zero value is ready to use.
type mediaLookup struct {
	Transport    http.RoundTripper // nil connects to public addresses only, see [newPublicTransport]
	Renew        Renewer           // nil: no link can be made anew
	AllowPrivate bool              // lets the nil Transport connect to loopback and private addresses too
	Timeout      time.Duration     // of one URL with all its tries, 0 = 20 s; waiting for its turn does not count
	PerHost      int               // URLs of one host that are asked at one time, 0 = 4

	once   sync.Once
	client *http.Client
}

// lookup returns what lies behind rawURL. It returns after l.Timeout at the latest, and at once when ctx is done;
// what it then returns means nothing.
func (l *mediaLookup) lookup(ctx context.Context, rawURL string) mediaInfo {
	u, err := url.Parse(strings.TrimSpace(rawURL))
	if err != nil || !webURL(u) {
		return mediaInfo{Status: mediaRefused, Reason: "not an http or https address"}
	}
	ctx, cancel := context.WithTimeout(ctx, l.timeout())
	defer cancel()
	f := l.head(ctx, u)
	if f.unsure {
		f = l.get(ctx, u)
	}
	if f.Status == mediaFailed && waitToRetry(ctx, f.wait) {
		f = l.get(ctx, u) // GET, because some servers fail on HEAD only
	}
	f.Name = cmp.Or(f.Name, mediaName(u.Path))
	return f.mediaInfo
}

func (l *mediaLookup) timeout() time.Duration { return cmp.Or(l.Timeout, 20*time.Second) }

// waitToRetry waits and reports whether ctx is still alive after that.
func waitToRetry(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// A mediaFinding is what one request found out.
type mediaFinding struct {
	mediaInfo
	unsure bool          // the answer leaves it open: ask in another way; if there is none, it has failed
	wait   time.Duration // if failed, before the next try
}

func goneMedia(reason string) mediaFinding {
	return mediaFinding{mediaInfo: mediaInfo{Status: mediaGone, Reason: reason}}
}

func failedMedia(reason string, wait time.Duration) mediaFinding {
	return mediaFinding{mediaInfo: mediaInfo{Status: mediaFailed, Reason: reason}, wait: wait}
}

func unsureMedia() mediaFinding {
	f := failedMedia("its server does not tell the size of the file", time.Second)
	f.unsure = true
	return f
}

// head asks with HEAD, for at most half of the time there is. It is unsure about everything but a whole answer, a 404
// or 410, and passing trouble: servers refuse HEAD where they would answer GET, foremost for links signed for GET.
func (l *mediaLookup) head(ctx context.Context, u *url.URL) mediaFinding {
	ctx, cancel := context.WithTimeout(ctx, l.timeout()/2)
	defer cancel()
	resp, err := l.do(ctx, http.MethodHead, u, "")
	if err != nil {
		return transportFailure(err)
	}
	defer closeBody(resp)
	switch code := resp.StatusCode; {
	case code == http.StatusNotFound, code == http.StatusGone:
		return goneMedia(serverAnswer(resp))
	case code == http.StatusNotImplemented:
		return unsureMedia()
	case passingTrouble(code):
		return failedMedia(serverAnswer(resp), timeToRetry(resp.Header))
	case code == http.StatusOK && resp.ContentLength > 0 && !webPageInstead(u, resp.Header):
		return foundMedia(resp.Header, resp.ContentLength)
	default:
		return unsureMedia()
	}
}

// get asks with GET: for the first byte, whose answer tells the size of the whole, or else for the whole.
func (l *mediaLookup) get(ctx context.Context, u *url.URL) mediaFinding {
	f := l.getRange(ctx, u, "bytes=0-0")
	if f.unsure {
		f = l.getRange(ctx, u, "")
	}
	return f
}

// getRange asks with GET for a part of the file, or for all of it if part is "". It is unsure if the server answers
// with a part and does not say of how much.
func (l *mediaLookup) getRange(ctx context.Context, u *url.URL, part string) mediaFinding {
	resp, err := l.do(ctx, http.MethodGet, u, part)
	if err != nil {
		return transportFailure(err)
	}
	defer closeBody(resp)
	switch code := resp.StatusCode; {
	case code == http.StatusPartialContent, code == http.StatusRequestedRangeNotSatisfiable && part != "":
		return partOfFile(u, resp)
	case code >= 200 && code < 300:
		return wholeFile(u, resp)
	case passingTrouble(code):
		return failedMedia(serverAnswer(resp), timeToRetry(resp.Header))
	default:
		return goneMedia(serverAnswer(resp))
	}
}

// partOfFile judges an answer to a request for the first byte: a 206, or the 416 by which a server says that the file
// has not even that, or that it does not deal in ranges.
func partOfFile(u *url.URL, resp *http.Response) mediaFinding {
	total, ok := contentRangeTotal(resp.Header.Get("Content-Range"))
	switch {
	case !ok, resp.StatusCode == http.StatusRequestedRangeNotSatisfiable && total > 0:
		return unsureMedia()
	case webPageInstead(u, resp.Header):
		return goneMedia("a web page came instead of the file")
	default:
		return foundMedia(resp.Header, total)
	}
}

// wholeFile judges an answer that brings the whole file. It reads it, up to [maxCounted], if its size is not told.
func wholeFile(u *url.URL, resp *http.Response) mediaFinding {
	if webPageInstead(u, resp.Header) {
		return goneMedia("a web page came instead of the file")
	}
	if resp.ContentLength >= 0 {
		return foundMedia(resp.Header, resp.ContentLength)
	}
	size, err := io.Copy(io.Discard, io.LimitReader(resp.Body, maxCounted+1))
	if err != nil {
		return transportFailure(err)
	}
	f := foundMedia(resp.Header, size)
	if size > maxCounted {
		f.Size = 0
	}
	return f
}

// foundMedia returns what header tells about a file of size bytes. A file of none is as good as gone: Kommo wants a
// size, and nobody would see anything.
func foundMedia(header http.Header, size int64) mediaFinding {
	if size == 0 {
		return goneMedia("the file is empty")
	}
	return mediaFinding{mediaInfo: mediaInfo{
		Status:  mediaFound,
		Size:    size,
		MIME:    contentType(header),
		Name:    dispositionName(header.Get("Content-Disposition")),
		Expires: expiryDate(header.Get("X-Amz-Expiration")),
	}}
}
