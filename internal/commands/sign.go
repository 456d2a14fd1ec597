package commands

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"kommo-import/signing"
)

// signedHeaders are the names of the headers of a signed request, in the order of the output.
var signedHeaders = [...]string{"Date", "Content-Type", "Content-MD5", "X-Signature"}

func (p *program) sign() *cli.Command {
	return p.command("sign", "print the headers of a signed request, for support cases",
		`Use it when Kommo's support wants to see a request, or to make one with another tool. It sends nothing
and never shows the secret. Only the path is signed, not the address and not a query. A signature is valid for 15
minutes from its date.

  kommo-import sign --path /v2/origin/custom/SCOPE --body body.json
  kommo-import sign --method GET --path /v2/origin/custom/SCOPE/chats/CHAT/history`,
		p.signRequest)
}

func (p *program) signRequest(ctx context.Context, v *values) error {
	body, err := p.signedBody(ctx, v.text("body"))
	if err != nil {
		return err
	}
	method, err := signedMethod(v.text("method"), len(body) > 0)
	if err != nil {
		return err
	}
	path := v.text("path")
	if err := checkSignedPath(path); err != nil {
		return err
	}
	date, err := signedDate(v.text("date"))
	if err != nil {
		return err
	}
	secret, err := v.secret("secret-file")
	if err != nil {
		return err
	}
	signer := signing.Signer{Secret: secret}
	header := signer.Header(method, path, body, date)
	if text := v.text("date"); text != "" { // signed exactly as it is written, in any time zone
		header.Set("Date", text)
		signer.Sign(method, path, header)
	}
	if err := p.writeHeader(v, header); err != nil {
		return err
	}
	if v.on("verbose") {
		p.ui.print("What is signed:\n%s", "  "+strings.ReplaceAll(signing.StringToSign(method, path, header), "\n", "\n  "))
	}
	if text := v.text("date"); text != "" && !strings.HasPrefix(text, date.Format("Mon")) {
		p.ui.info("Warning: that day is a %s. The date was signed as it is written.", date.Weekday())
	}
	if bytes.HasSuffix(body, []byte("\n")) {
		p.ui.info("The body ends with a line break, which is signed as well: send it with the same one.")
	}
	if age := time.Since(date); age.Abs() > 15*time.Minute {
		p.ui.info("Kommo does not accept these headers now: a signature is valid for 15 minutes from its date.")
	}
	return nil
}

func (p *program) writeHeader(v *values, header http.Header) error {
	if v.on("json") {
		headers := make(map[string]string)
		for _, name := range signedHeaders {
			headers[name] = header.Get(name)
		}
		return p.writeJSON(headers)
	}
	for _, name := range signedHeaders {
		p.writef("%s: %s\n", name, header.Get(name))
	}
	return nil
}

// signedMethod returns the method of the request that is signed.
func signedMethod(given string, hasBody bool) (string, error) {
	method := strings.ToUpper(given)
	switch {
	case given == "" && hasBody:
		return http.MethodPost, nil
	case given == "":
		return http.MethodGet, nil
	case !slices.Contains([]string{"GET", "POST", "PUT", "PATCH", "DELETE"}, method):
		return "", usage("--method %s: want GET, POST, PUT, PATCH or DELETE", given)
	case method == http.MethodGet && hasBody:
		return "", usage("--method GET has no body: leave --body out")
	}
	return method, nil
}

// checkSignedPath refuses a path with more than the part that is signed.
func checkSignedPath(path string) error {
	switch {
	case path == "":
		return usage("--path is missing: want the path of the request, such as /v2/origin/custom/SCOPE")
	case strings.Contains(path, "://"), strings.HasPrefix(path, "//"):
		return usage("--path: the host is not signed; want the path alone, such as /v2/origin/custom/SCOPE")
	case !strings.HasPrefix(path, "/"):
		return usage("--path %s: want it to begin with /", oneLine(path, 100))
	case strings.ContainsAny(path, "?#"):
		return usage("--path: a query is not signed; leave out what follows the ?, though it is sent")
	case strings.ContainsFunc(path, func(r rune) bool { return r <= ' ' || r > '~' }):
		return usage("--path: want it as it is sent, with spaces and other characters as %%20 and the like")
	}
	return nil
}

// signedDate returns the time of a date in a form that headers have, and now for an empty date. The day of the week may be
// wrong, as in an example of the documents.
func signedDate(given string) (time.Time, error) {
	if given == "" {
		return time.Now(), nil
	}
	for _, form := range []string{time.RFC1123Z, http.TimeFormat} {
		if date, err := time.Parse(form, given); err == nil && len(given) == len(date.Format(form)) {
			return date, nil
		}
	}
	return time.Time{}, usage("--date %s: want the form %s", oneLine(given, 100), time.Now().UTC().Format(time.RFC1123Z))
}

func (p *program) signedBody(ctx context.Context, file string) (body []byte, err error) {
	switch file {
	case "":
		return nil, nil
	case "-":
		if p.canAsk() {
			p.ui.print("Reading the body from the keyboard; end with Ctrl-D")
		}
		body, err = withContext(ctx, func() ([]byte, error) { return io.ReadAll(p.stdin) })
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	default:
		body, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, usage("--body: %w", err)
	}
	return body, nil
}
