package signing

import (
	"fmt"
	"io"
	"log/slog"
)

// redacted is the text that stands for a Signer wherever it is printed.
const redacted = "signing.Signer{secret not shown}"

// Format prints a Signer without its secret, with every verb. It cannot protect a Signer in an unexported field of
// another struct: package fmt prints such fields without calling Format.
func (Signer) Format(state fmt.State, _ rune) {
	io.WriteString(state, redacted)
}

// LogValue keeps the secret out of logs.
func (Signer) LogValue() slog.Value {
	return slog.StringValue(redacted)
}

// MarshalText keeps the secret out of JSON and of other formats that honour [encoding.TextMarshaler].
func (Signer) MarshalText() ([]byte, error) {
	return []byte(redacted), nil
}
