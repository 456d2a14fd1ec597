package importer

import (
	"context"
	"iter"
	"net/http"

	"kommo-import/sources"
)

// A Loader reads sources into a migration file.
type Loader struct {
	File   *File
	Filter Filter
	// AllowPrivateMedia lets media URLs point into private networks and to this computer.
	AllowPrivateMedia bool
	// MediaTransport carries the requests to media; nil connects as AllowPrivateMedia says.
	MediaTransport http.RoundTripper
	// Reread reads a finished source from its beginning again: a source that does not show whether it has changed.
	Reread bool
	// Renew makes a new link to the file of a message of the source that is loaded, see [Renewer]. If it is nil, empty
	// and dead links stay so.
	Renew Renewer
	// ForgetUnfinished ignores the unread rest of interrupted loads of other sources.
	ForgetUnfinished bool
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
	Source    string `json:"source"`
	Unchanged bool   `json:"unchanged"` // the source was read to its end before and has not changed
	Read      int    `json:"read"`      // messages read, including those of an interrupted load before
	Known     int    `json:"known"`     // of these, known from an earlier reading of the same source
	Added     int    `json:"added"`     // of these, added to the plan or skipped
	Duplicate int    `json:"duplicate"` // of these, in the plan already from elsewhere, or twice in the source
	Invalid   int    `json:"invalid"`   // further entries that could not be parsed
	Absent    int    `json:"absent"`    // known messages that the source no longer holds; they stay
	Dropped   int    `json:"dropped"`   // not sent yet, and left out by the filters from now on
	Restored  int    `json:"restored"`  // left out by earlier filters, and planned from now on

	MediaRenewed int `json:"media_renewed"` // links that were replaced by new ones
	MediaFound   int `json:"media_found"`
	MediaGone    int `json:"media_gone"`    // they will be sent as text
	MediaFailed  int `json:"media_failed"`  // no answer; asked again by the next load
	MediaRefused int `json:"media_refused"` // not asked: no public web address; they will be sent as text with the link
}

// Load reads the new messages of source into the migration file, plans them, and asks the media links whose size the
// source does not give. Interrupted or failed, it goes on where it stopped when it is run again. The report is valid
// also with an error.
func (l *Loader) Load(ctx context.Context, source sources.Source) (LoadReport, error) {
	report := LoadReport{Source: source.Name()}
	s := &stager{file: l.File, sourceKind: kindOf(source.Name()), report: &report}
	if err := s.begin(l.Reread); err != nil {
		return report, err
	}
	batches, stop := iter.Pull2(readAhead(ctx, encoded(s.sourceKind, source.Batches(ctx, s.cursor))))
	defer stop()
	for {
		more, err := s.store(batches)
		if err != nil {
			return report, err
		}
		if !more {
			break
		}
		l.progress(Reading, report.Read+report.Invalid, 0)
	}
	stop()
	report.Unchanged = s.finished && report.Read+report.Invalid == 0
	if err := l.plan(ctx, s.source, &report); err != nil {
		return report, err
	}
	if !report.Unchanged {
		report.Read = report.Added + report.Known + report.Duplicate
	}
	return report, l.lookUpMedia(ctx, s.source, &report)
}

func (l *Loader) progress(phase LoadPhase, done, total int) {
	if l.Progress != nil {
		l.Progress(LoadProgress{phase, done, total})
	}
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
