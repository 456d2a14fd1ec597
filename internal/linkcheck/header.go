package linkcheck

import (
	"mime"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// contentRangeTotal returns the size of the whole file from a Content-Range such as "bytes 0-0/4711" or "bytes */0".
func contentRangeTotal(value string) (int64, bool) {
	_, total, _ := strings.Cut(value, "/")
	n, err := strconv.ParseInt(total, 10, 64)
	return n, err == nil && n >= 0
}

// expiryDate returns the time in an X-Amz-Expiration, which S3 and its likes send for objects that a rule deletes:
//
//	expiry-date="Sat, 22 Mar 2025 00:00:00 GMT", rule-id="15 days"
func expiryDate(value string) time.Time {
	_, rest, _ := strings.Cut(value, `expiry-date="`)
	date, _, _ := strings.Cut(rest, `"`)
	t, err := http.ParseTime(date)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// contentType returns the MIME type in header, "" if it is absent or no MIME type.
func contentType(header http.Header) string {
	kind, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	if !strings.Contains(kind, "/") {
		return ""
	}
	return kind
}

// pageInstead reports whether header announces a web page although u ends like a file of another kind. It is then a
// login or error page that the server sends as a success.
func pageInstead(u *url.URL, header http.Header) bool {
	if kind := contentType(header); kind != "text/html" && kind != "application/xhtml+xml" {
		return false
	}
	switch strings.ToLower(path.Ext(u.Path)) {
	case ".jpg", ".jpeg", ".jfif", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif", ".svg",
		".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".3gp", ".mpg", ".mpeg",
		".mp3", ".m4a", ".aac", ".ogg", ".oga", ".opus", ".wav", ".amr", ".flac",
		".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".odt", ".ods", ".rtf", ".txt", ".csv", ".vcf",
		".zip", ".rar", ".7z", ".gz":
		return true
	}
	return false
}

// dispositionName returns the file name in a Content-Disposition, "" if it has no name. It understands filename*, and
// the encoded words ("=?UTF-8?B?…?=") that are meant for mail but are sent here too.
func dispositionName(value string) string {
	_, params, _ := mime.ParseMediaType(value)
	name := params["filename"]
	if decoded, err := new(mime.WordDecoder).DecodeHeader(name); err == nil {
		name = decoded
	}
	return fileName(name)
}

// NameOfURL returns the last part of a URL's path as a file name fit to be shown, "" if there is no such part.
func NameOfURL(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return fileName(u.Path)
}

// fileName returns the last part of a path, with "/" or "\", as a file name fit to be shown: valid UTF-8 without
// control characters or marks that change the direction of the text, at most 255 bytes, its extension kept.
func fileName(p string) string {
	name := strings.ToValidUTF8(p[strings.LastIndexAny(p, `/\`)+1:], "")
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, name))
	if name == "." || name == ".." {
		return ""
	}
	return shortened(name, 255)
}

func shortened(name string, most int) string {
	if len(name) <= most {
		return name
	}
	ext := path.Ext(name)
	if len(ext) > 16 {
		ext = ""
	}
	return strings.ToValidUTF8(name[:most-len(ext)], "") + ext
}
