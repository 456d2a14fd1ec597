package importer

import (
	"database/sql"
	"iter"
)

// each yields what scan makes of the rows of a query, one at a time.
func each[T any](f *File, scan func(*sql.Rows) (T, error), query string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		rows, err := f.read.Query(query)
		if err != nil {
			yield(none, f.explain(err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			row, err := scan(rows)
			if !yield(row, f.explain(err)) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(none, f.explain(err))
		}
	}
}
