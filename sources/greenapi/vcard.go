package greenapi

import (
	"encoding/base64"
	"io"
	"mime/quotedprintable"
	"slices"
	"strings"
	"unicode/utf8"
)

// modernCard turns a card in vCard 2.1, which older phones make, into vCard 3.0, so that the decoder understands it:
//
//	TEL;CELL:+79001234567                                       TEL;TYPE=CELL:+79001234567
//	FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=D0=90=D0=BD=    FN:Анна
//	=D0=BD=D0=B0
func modernCard(card string) string {
	var b strings.Builder
	lines := slices.Collect(strings.Lines(card))
	for len(lines) > 0 {
		line := lines[0]
		lines = lines[1:]
		head, value, found := strings.Cut(line, ":")
		key, params, _ := strings.Cut(head, ";")
		if !found || params == "" || strings.Contains(params, `"`) || strings.TrimLeft(key, " \t") != key {
			b.WriteString(line)
			continue
		}
		params, encoding := modernParams(params)
		if encoding == "QUOTED-PRINTABLE" {
			for len(lines) > 0 && strings.HasSuffix(strings.TrimRight(value, "\r\n"), "=") {
				value += lines[0]
				lines = lines[1:]
			}
		}
		b.WriteString(key + params + ":" + decodedValue(value, encoding) + "\n")
	}
	return b.String()
}

// modernParams returns the parameters of a line with a semicolon before each, and the encoding that they name.
func modernParams(params string) (modern, encoding string) {
	for param := range strings.SplitSeq(params, ";") {
		name, value, found := strings.Cut(param, "=")
		upper := strings.ToUpper(strings.TrimSpace(param))
		switch {
		case found && strings.EqualFold(name, "ENCODING"):
			encoding = strings.ToUpper(strings.TrimSpace(value))
		case upper == "QUOTED-PRINTABLE" || upper == "BASE64":
			encoding = upper
		case found && strings.EqualFold(name, "CHARSET"):
		case found:
			modern += ";" + param
		case param != "":
			modern += ";TYPE=" + param
		}
	}
	return modern, encoding
}

// decodedValue returns a value as vCard 3.0 has it. A value that cannot be decoded stays as it is; in another character set
// than UTF-8 it is left out.
func decodedValue(value, encoding string) string {
	value = strings.TrimRight(value, "\r\n")
	decoded := ""
	switch encoding {
	case "QUOTED-PRINTABLE":
		text, _ := io.ReadAll(quotedprintable.NewReader(strings.NewReader(value))) // what comes before an error counts
		decoded = string(text)
	case "BASE64", "B":
		text, err := base64.StdEncoding.DecodeString(strings.TrimSpace(value))
		if err == nil {
			decoded = string(text)
		}
	}
	switch {
	case decoded == "":
		return value
	case !utf8.ValidString(decoded):
		return ""
	}
	return strings.NewReplacer("\r\n", `\n`, "\n", `\n`, "\x00", "").Replace(decoded)
}
