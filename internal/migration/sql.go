package migration

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
)

// Query yields the value that scan returns for each row of a query. An error ends the sequence.
func Query[T any](q Querier, scan func(*sql.Rows) (T, error), query string, args ...any) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		rows, err := q.Query(query, args...)
		if err != nil {
			yield(zero, err)
			return
		}
		defer rows.Close()
		for rows.Next() {
			row, err := scan(rows)
			if !yield(row, err) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(zero, err)
		}
	}
}

// All returns the values that scan returns for the rows of a query.
func All[T any](q Querier, scan func(*sql.Rows) (T, error), query string, args ...any) (all []T, err error) {
	for row, err := range Query(q, scan, query, args...) {
		if err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, nil
}

// Paged yields rows page by page. page returns the rows behind a key, beginning with first; key returns the key of a row.
// Between two pages no query is open, so that the rows may change during the loop, and so may the yielded values.
func Paged[T, K any](first K, key func(T) K, page func(after K) ([]T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for after := first; ; {
			rows, err := page(after)
			if err != nil {
				var zero T
				yield(zero, err)
				return
			}
			if len(rows) == 0 {
				return
			}
			after = key(rows[len(rows)-1])
			for _, row := range rows {
				if !yield(row, nil) {
					return
				}
			}
		}
	}
}

// Rows yields the value that scan returns for each row of a query on the open file. The query runs on a connection of
// its own until the loop ends.
func Rows[T any](f *File, scan func(*sql.Rows) (T, error), query string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for row, err := range Query(f.Reader, scan, query) {
			if !yield(row, f.Explain(err)) {
				return
			}
		}
	}
}

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
