package importer

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
)

// The names of the settings.
const (
	settingRecipe   = "recipe"   // of the identities
	settingFilter   = "filter"   // Filter of the last load, as JSON
	settingArranged = "arranged" // the last row of spool that stands in message
	settingScope    = "scope"    // of the first send
	settingPrefix   = "prefix"   // before every conversation id, of the first send

	settingVerification = "verification" // the last one

	settingPrivateMedia = "private media" // whether the last load was allowed to ask private networks
	settingProbe        = "probe"         // what check --probe found out, as JSON
)

// A querier is a transaction or a pool of connections.
type querier interface {
	Query(query string, args ...any) (*sql.Rows, error)
	QueryRow(query string, args ...any) *sql.Row
}

// setting reads the setting of that name into value, and reports whether there is one.
func setting(q querier, name string, value any) (bool, error) {
	var text string
	err := q.QueryRow(`SELECT value FROM setting WHERE name = ?`, name).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := json.Unmarshal([]byte(text), value); err != nil {
		return false, fmt.Errorf("setting %s in the migration file: %w", name, err)
	}
	return true, nil
}

func setSetting(tx *sql.Tx, name string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO setting (name, value) VALUES (?, ?)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, string(text))
	return err
}
