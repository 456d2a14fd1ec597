package signing

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

const testSecret = "5a44c5dff55f3c15a4cce8d7c4cc27e207c7e189"

func TestPrintingHidesTheSecret(t *testing.T) {
	signer := Signer{Secret: testSecret}
	holder := struct{ Signer Signer }{signer}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, value := range []any{signer, &signer, holder, &holder, []Signer{signer}, map[string]Signer{"a": signer}} {
			refuseSecret(t, fmt.Sprintf(verb, value))
		}
	}
	refuseSecret(t, fmt.Sprint(signer))
}

func TestEncodingHidesTheSecret(t *testing.T) {
	signer := Signer{Secret: testSecret}
	for _, value := range []any{signer, &signer, struct{ Signer Signer }{signer}, map[Signer]int{signer: 1}} {
		encoded, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		refuseSecret(t, string(encoded))
	}
}

func TestLoggingHidesTheSecret(t *testing.T) {
	signer := Signer{Secret: testSecret}
	var out bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(handler).Info("ready", "signer", signer, "pointer", &signer, "in", struct{ Signer Signer }{signer})
	}
	refuseSecret(t, out.String())
}

func refuseSecret(t *testing.T, text string) {
	t.Helper()
	for _, form := range []string{testSecret, strings.ToUpper(testSecret), fmt.Sprintf("%x", testSecret)} {
		if strings.Contains(text, form) {
			t.Errorf("the secret shows in %q", text)
		}
	}
	if !strings.Contains(text, "secret not shown") {
		t.Errorf("got %q, want a note that the secret is left out", text)
	}
}
