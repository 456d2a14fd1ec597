package importer

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"kommo-import/internal/migration"
	"net/http"
	"strings"

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
	// Again reads a source that was read to its end before from its beginning: one that cannot tell whether it has
	// changed.
	Again bool
	// Renew makes a new link to the file of a message of the source that is loaded, see [Renewer]; nil: links that are
	// empty or dead stay so.
	Renew Renewer
	// ForgetUnfinished takes what was read of other sources before their loads were interrupted for all there is.
	ForgetUnfinished bool
	// Progress is told how far the load is, from one goroutine; nil: nobody is.
	Progress func(LoadProgress)
}

// A LoadProgress tells how far a load is.
type LoadProgress struct {
	Phase LoadPhase
	Done  int // messages read or arranged, or media links looked up
	Total int // 0 where nobody knows
}

// LoadPhase is what a load is at.
type LoadPhase string

// The phases of a load.
const (
	Reading        LoadPhase = "reading"
	Arranging      LoadPhase = "arranging"
	LookingUpMedia LoadPhase = "media"
)

// A LoadReport tells what a load did.
type LoadReport struct {
	Source    string `json:"source"`
	Unchanged bool   `json:"unchanged"` // the source was read whole before and has not changed
	Read      int    `json:"read"`      // messages read, also by a load before that was interrupted
	Known     int    `json:"known"`     // of these, known from an earlier reading of the same source
	Added     int    `json:"added"`     // of these, added to the plan or skipped
	Duplicate int    `json:"duplicate"` // of these, there already from elsewhere or twice in the source
	Invalid   int    `json:"invalid"`   // entries beside them that could not be understood
	Absent    int    `json:"absent"`    // known messages that the source no longer holds; they stay
	Dropped   int    `json:"dropped"`   // not yet sent, and left out by the filters from now on
	Restored  int    `json:"restored"`  // left out by earlier filters, and planned from now on

	MediaRenewed int `json:"media_renewed"` // links that were made anew
	MediaFound   int `json:"media_found"`
	MediaGone    int `json:"media_gone"`    // they will be sent as text
	MediaFailed  int `json:"media_failed"`  // no answer; asked again by the next load
	MediaRefused int `json:"media_refused"` // not asked: no public web address; they will be sent as text with the link
}

// Load reads what is new in source into the migration file, plans it, and asks the media URLs whose size the source
// does not tell. Interrupted or failed, it goes on where it was when it is run again. The report is true also with
// an error.
func (l *Loader) Load(ctx context.Context, source sources.Source) (LoadReport, error) {
	report := LoadReport{Source: source.Name()}
	s := &spooler{file: l.File, sourceKind: kindOf(source.Name()), report: &report}
	if err := s.begin(l.Again); err != nil {
		return report, err
	}
	batches, stop := iter.Pull2(prefetch(ctx, encoded(s.sourceKind, source.Batches(ctx, s.cursor))))
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
	if err := l.arrange(ctx, s.source, &report); err != nil {
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

// kindOf returns what stands before the colon of a source's name.
func kindOf(name string) string {
	kind, _, _ := strings.Cut(name, ":")
	return kind
}

// A spooler stores batches as they come.
type spooler struct {
	file       *File
	source     int64
	sourceKind string
	reading    int64
	cursor     string
	finished   bool
	partial    bool
	authors    map[sources.Author]int64
	seen       map[identity]identity // of conversations: the digest of what sighting says last
	report     *LoadReport
}

// The bounds of the maps that only save time.
const (
	maxAuthors = 2_000
	maxSeen    = 100_000
)

// begin looks up where the reading of the source stands. A source of which nothing was stored leaves no trace: its
// name may be a slip. With again, one that was read to its end stands at its beginning, unless its files were not all
// asked about: then the load goes on with those.
func (s *spooler) begin(again bool) error {
	err := s.file.Reader.QueryRow(`SELECT id, reading, cursor, finished, partial FROM source WHERE name = ?`, s.report.Source).
		Scan(&s.source, &s.reading, &s.cursor, &s.finished, &s.partial)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if again && s.finished {
		var waiting bool // for an answer about their files: what an interrupted load left
		if err := s.file.Reader.QueryRow(`SELECT EXISTS (SELECT 1 FROM media WHERE status IN ('pending', 'failed')
			AND status = 'pending' AND maker = ?)`, s.source).Scan(&waiting); err != nil || waiting {
			return s.file.Explain(err)
		}
	}
	if again && (s.finished || s.partial) {
		s.cursor, s.finished = "", false
	}
	return s.file.Explain(err)
}

// checkRecipe keeps a file that was made by another recipe of identities from being filled by this one.
func checkRecipe(tx *sql.Tx) error {
	var stored string
	known, err := migration.Setting(tx, settingRecipe, &stored)
	if err != nil {
		return err
	}
	if known && stored != recipe {
		return fmt.Errorf("this migration file was made with message ids of version %s, this program makes version %s: "+
			"go on with the version of kommo-import that began it", stored, recipe)
	}
	return migration.SetSetting(tx, settingRecipe, recipe)
}

// store writes the next batch, with the batches that continue it, and the cursor behind them in one transaction. It
// reports whether there was one.
func (s *spooler) store(batches func() (encodedBatch, error, bool)) (more bool, err error) {
	if s.authors == nil || len(s.authors) > maxAuthors {
		s.authors = make(map[sources.Author]int64)
	}
	if s.seen == nil || len(s.seen) > maxSeen {
		s.seen = make(map[identity]identity)
	}
	batch, err, more := batches()
	if err != nil || !more {
		return false, err
	}
	var read, invalid int
	err = s.file.Update(func(tx *sql.Tx) error {
		if err := errors.Join(checkRecipe(tx), s.place(tx, batch)); err != nil {
			return err
		}
		for {
			read, invalid = read+len(batch.Messages), invalid+len(batch.Invalid)
			if err := errors.Join(s.storeMessages(tx, batch), s.storeInvalid(tx, batch.Invalid)); err != nil {
				return err
			}
			if !batch.Continued {
				return s.moveOn(tx, batch.Cursor)
			}
			if batch, err, more = batches(); err != nil {
				return err
			}
			if !more {
				return errNotContinued
			}
		}
	})
	if err != nil {
		s.authors, s.seen = nil, nil // they may name rows that were rolled back
		return false, err
	}
	s.report.Read += read
	s.report.Invalid += invalid
	return true, nil
}

var errNotContinued = errors.New("the source broke off in the middle of a batch")

// place finds the row of the source, or makes it, and begins another reading if the batch does. One of some conversations
// does not stand for one of all that was interrupted: the source stays unfinished.
func (s *spooler) place(tx *sql.Tx, batch encodedBatch) error {
	confined := []byte{}
	if batch.FromStart {
		s.reading++
		if len(batch.Only) > 0 {
			var err error
			if confined, err = json.Marshal(batch.Only); err != nil {
				return err
			}
		}
	}
	return tx.QueryRow(`INSERT INTO source (name, reading, confined) VALUES (?1, ?2, ?3) ON CONFLICT (name) DO UPDATE
		SET reading = excluded.reading,
			partial = iif(?4, excluded.confined <> '' AND finished = 0 AND (confined = '' OR partial), partial),
			confined = iif(?4, excluded.confined, confined), finished = 0 RETURNING id`,
		s.report.Source, s.reading, string(confined), batch.FromStart).Scan(&s.source)
}

// moveOn writes down where the next batch begins.
func (s *spooler) moveOn(tx *sql.Tx, cursor string) error {
	_, err := tx.Exec(`UPDATE source SET cursor = ? WHERE id = ?`, cursor, s.source)
	return err
}

func (s *spooler) storeInvalid(tx *sql.Tx, invalid []sources.Invalid) error {
	for _, entry := range invalid {
		_, err := tx.Exec(`INSERT INTO invalid (source, reading, conversation, position, reason, raw) VALUES (?, ?, ?, ?, ?, ?)`,
			s.source, s.reading, entry.Conversation, entry.Position, entry.Reason, strings.ToValidUTF8(entry.Raw, "\uFFFD"))
		if err != nil {
			return err
		}
	}
	return nil
}
