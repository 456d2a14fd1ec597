package migration

import (
	"database/sql"
	"iter"
)

// Rows yields what scan returns for each row of a query. The query runs on a connection of its own until the loop ends.
func Rows[T any](f *File, scan func(*sql.Rows) (T, error), query string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		rows, err := f.Reader.Query(query)
		if err != nil {
			yield(zero, f.Explain(err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			row, err := scan(rows)
			if !yield(row, f.Explain(err)) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(zero, f.Explain(err))
		}
	}
}
