package importer

import (
	"database/sql"
	"time"

	"kommo-import/internal/migration"
)

// A File is an open migration file, and all that can be asked of the migration in it.
type File struct{ *migration.File }

// Open opens the migration file at path for writing, as [migration.Open] does.
func Open(path, command string) (*File, error) {
	f, err := migration.Open(path, command)
	if err != nil {
		return nil, err
	}
	return &File{f}, nil
}

// OpenReadOnly opens the migration file at path for reading, as [migration.OpenReadOnly] does.
func OpenReadOnly(path string) (*File, error) {
	f, err := migration.OpenReadOnly(path)
	if err != nil {
		return nil, err
	}
	return &File{f}, nil
}

// The names of the settings in the migration file.
const (
	settingRecipe    = "recipe"    // of the identities
	settingFilter    = "filter"    // Filter of the last load, as JSON
	settingScope     = "scope"     // of the first send
	settingRehearsal = "rehearsal" // whether the first send was to this computer
	settingPrefix    = "prefix"    // before every conversation id, of the first send
	settingNotify    = "notify"    // NotifyPolicy of the last send that had something to send

	settingPace = "pace" // pace.State after the last 429

	settingVerification = "verification" // the last one

	settingSettings = "settings"       // those of the last load for all sources, as the administrator wrote them
	settingPlanning = "planning"       // the number of the last planning
	settingNotTaken = "not taken over" // the source whose last load was not brought into the plan

	settingContacts = "contacts" // contactsState: how far match has read the account's contacts

	settingPrivateMedia = "private media" // whether the last load was allowed to ask private networks
)

func fromMillis(msec int64) time.Time { return time.UnixMilli(msec).UTC() }

// affected returns how many rows a statement has changed.
func affected(result sql.Result, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}

func scanText(rows *sql.Rows) (text string, err error) {
	err = rows.Scan(&text)
	return text, err
}

func scanID(rows *sql.Rows) (id int64, err error) {
	err = rows.Scan(&id)
	return id, err
}
