package commands

import (
	"context"
	"log/slog"
	"strings"
)

// logger returns a logger that prints its records as lines.
func (u *ui) logger() *slog.Logger { return slog.New(lineHandler{u, ""}) }

// A lineHandler prints a record as "message (key value; key value)".
type lineHandler struct {
	ui    *ui
	attrs string
}

func (h lineHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && !h.ui.quiet || h.ui.verbose
}

func (h lineHandler) Handle(_ context.Context, record slog.Record) error {
	var attrs []string
	record.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, a.Key+" "+oneLine(a.Value.String(), 300))
		return true
	})
	line := record.Message + h.attrs
	if len(attrs) > 0 {
		line += " (" + strings.Join(attrs, "; ") + ")"
	}
	h.ui.print("%s", oneLine(line, 600))
	return nil
}

func (h lineHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	for _, a := range attrs {
		h.attrs += " " + a.Key + " " + a.Value.String()
	}
	return h
}

func (h lineHandler) WithGroup(string) slog.Handler { return h }
