package importer

import (
	"context"
	"errors"
	"iter"
	"net/http"

	"kommo-import/internal/migration"
	"kommo-import/sources"
)

// A Loader reads sources into a migration file.
type Loader struct {
	File *File
	// Name is the name of the source in the migration file. Named says that the administrator gave it: a table of that
	// name is replaced, even if it looks like another export.
	Name  string
	Named bool
	// Formerly is the name under which the same file may have been loaded before, or "". Its reading leaves the
	// plan: the file is one source.
	Formerly string
	// Shape holds the settings that shape the reading, by name. With other settings, a table is read from its beginning.
	Shape map[string][]string
	// Filter applies to all sources. Settings holds it as the administrator wrote it, by name; both are stored.
	Filter   Filter
	Settings map[string][]string
	// Add keeps the source beside sources that look like it. It is stored.
	Add bool
	// KeepSent leaves conversations as they are whose sent messages the new reading does not hold.
	KeepSent bool
	// AllowPrivateMedia lets media URLs point into private networks and to this computer.
	AllowPrivateMedia bool
	// MediaTransport carries the requests to media; nil connects as AllowPrivateMedia says.
	MediaTransport http.RoundTripper
	// Renew makes a new link to the file of a message of the source that is loaded, see [Renewer]. If it is nil, empty
	// and dead links stay so.
	Renew Renewer
	// Progress receives how far the load is, from one goroutine; may be nil.
	Progress func(LoadProgress)
}

// A LoadProgress is how far a load is.
type LoadProgress struct {
	Phase LoadPhase
	Done  int // messages read or planned, or media links looked up
	Total int // 0 if not known
}

// LoadPhase is a phase of a load.
type LoadPhase string

// The phases of a load.
const (
	Reading        LoadPhase = "reading"
	Planning       LoadPhase = "planning"
	LookingUpMedia LoadPhase = "media"
)

// A LoadReport is the outcome of a load.
type LoadReport struct {
	Source    string `json:"source,omitempty"`
	Unchanged bool   `json:"unchanged"` // the source was read to its end before and has not changed
	// Resumed says that the load has ended a reading of an account that was interrupted. It does not have the messages that
	// came meanwhile into chats that were read before the interruption; the next load has them.
	Resumed   bool `json:"resumed,omitempty"`
	Read      int  `json:"read"`      // messages read, including those of an interrupted load before
	Known     int  `json:"known"`     // of these, in the plan before
	Added     int  `json:"added"`     // of these, added to the plan
	Duplicate int  `json:"duplicate"` // of these, the same message as another one of this or another source
	Invalid   int  `json:"invalid"`   // further entries that could not be parsed
	Removed   int  `json:"removed"`   // messages that were not sent, and that no source holds any more
	Changed   int  `json:"changed"`   // sent messages that read differently now; they stay as they were sent
	Kept      int  `json:"kept"`      // messages left out because of --keep-sent
	Dropped   int  `json:"dropped"`   // not sent yet, and left out by the settings from now on
	Restored  int  `json:"restored"`  // left out by earlier settings, and planned from now on

	Delayed              int      `json:"delayed"`                         // conversations with messages that are shown more than a minute after they were written
	DelayedConversations []string `json:"delayed_conversations,omitempty"` // the first of them
	DelayedBy            float64  `json:"delayed_by,omitempty"`            // the longest such delay, in seconds

	Repairs []sources.Repair `json:"repairs"` // changes to what the source holds

	MediaRenewed int `json:"media_renewed"` // links that were replaced by new ones
	MediaFound   int `json:"media_found"`
	MediaGone    int `json:"media_gone"`    // they will be sent as text
	MediaFailed  int `json:"media_failed"`  // no answer; asked again by the next load
	MediaRefused int `json:"media_refused"` // not asked: no public web address; they will be sent as text with the link
}

// Load reads source into the migration file, plans its messages, and asks the media links whose size the source does not
// give. Interrupted or failed, it goes on where it stopped when it is run again. The report is valid also with an error.
//
// A new reading of a table takes the place of its last one in one transaction, when it is finished. If that could put
// messages into Kommo twice, it changes nothing and returns a [ConflictError] or a [LookAlikeError]. A reading of
// Green-API only adds; an interrupted one is planned as far as it goes.
func (l *Loader) Load(ctx context.Context, source sources.Source) (LoadReport, error) {
	report := LoadReport{Source: l.Name}
	s, err := newStager(l, source.Family(), &report)
	if err != nil {
		return report, err
	}
	batches, stop := iter.Pull2(readAhead(ctx, encoded(s.source, source.Batches(ctx, s.start))))
	defer stop()
	for more := true; more && err == nil; {
		if more, err = s.store(batches); err == nil && more {
			l.progress(Reading, report.Read+report.Invalid, 0)
		}
	}
	stop()
	if err != nil {
		if s.source.family == sources.GreenAPI && s.reading.open {
			err = errors.Join(err, l.plan(context.WithoutCancel(ctx), s, false, &report))
		}
		return report, err
	}
	report.Resumed = s.source.family == sources.GreenAPI && s.start != "" && s.reading.open && !s.more
	report.Unchanged = s.source.planned && !s.reading.open
	if err := l.plan(ctx, s, !s.more, &report); err != nil {
		return report, err
	}
	return report, l.lookUpMedia(ctx, s.source.id, &report)
}

// Apply applies Filter and Settings to the messages that are stored. It reads no source.
func (l *Loader) Apply(ctx context.Context) (LoadReport, error) {
	var report LoadReport
	if err := loadedSomething(l.File.Reader); err != nil {
		return report, l.File.Explain(err)
	}
	if err := l.plan(ctx, &stager{file: l.File, report: &report}, true, &report); err != nil {
		return report, err
	}
	return report, l.lookUpMedia(ctx, 0, &report)
}

func (l *Loader) progress(phase LoadPhase, done, total int) {
	if l.Progress != nil {
		l.Progress(LoadProgress{phase, done, total})
	}
}

// StoredSettings returns the settings of the last load that apply to all sources, by name.
func (f *File) StoredSettings() (settings map[string][]string, err error) {
	_, err = migration.Setting(f.Reader, settingSettings, &settings)
	return settings, f.Explain(err)
}

// readAhead yields the elements of seq, and runs seq one element ahead in a goroutine of its own, so that reading and
// storing overlap. The goroutine has ended when the loop over readAhead ends.
func readAhead[T any](ctx context.Context, seq iter.Seq2[T, error]) iter.Seq2[T, error] {
	type pair struct {
		value T
		err   error
	}
	return func(yield func(T, error) bool) {
		outer := ctx
		ctx, stop := context.WithCancel(ctx)
		pairs := make(chan pair)
		defer func() {
			stop()
			for range pairs {
			}
		}()
		go func() {
			defer close(pairs)
			for value, err := range seq {
				select {
				case pairs <- pair{value, err}:
				case <-ctx.Done():
					return
				}
			}
		}()
		for p := range pairs {
			if !yield(p.value, p.err) {
				return
			}
		}
		if err := context.Cause(outer); err != nil { // seq may have ended early without an error
			var zero T
			yield(zero, err)
		}
	}
}
