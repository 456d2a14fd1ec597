package migration

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
)

// A Querier is a transaction or a pool of connections.
type Querier interface {
	Query(query string, args ...any) (*sql.Rows, error)
	QueryRow(query string, args ...any) *sql.Row
}

// Setting reads the setting of that name into value, and reports whether the file has one.
func Setting(q Querier, name string, value any) (bool, error) {
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

// SetSetting stores value as JSON under name.
func SetSetting(tx *sql.Tx, name string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO setting (name, value) VALUES (?, ?)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, string(text))
	return err
}
