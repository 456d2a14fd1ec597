package signing

import (
	"fmt"
	"io"
	"log/slog"
)

// redacted is what a Signer looks like wherever it is printed.
const redacted = "signing.Signer{secret not shown}"

// Format prints a Signer without its secret, with every verb. A Signer kept in an unexported field of another
// struct is out of its reach: package fmt prints such fields without asking.
func (Signer) Format(state fmt.State, _ rune) {
	io.WriteString(state, redacted)
}

// LogValue keeps the secret out of logs.
func (Signer) LogValue() slog.Value {
	return slog.StringValue(redacted)
}

// MarshalText keeps the secret out of JSON and of the other formats that respect it.
func (Signer) MarshalText() ([]byte, error) {
	return []byte(redacted), nil
}
