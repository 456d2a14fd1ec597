package migration

import (
	"database/sql"
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

// Paged yields the rows of a query that reads one page behind a given row; nil stands for the beginning. Between two
// pages no query is open, so that the rows may change meanwhile.
func Paged[T any](page func(last *T) ([]T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for last := (*T)(nil); ; {
			rows, err := page(last)
			if err != nil {
				var zero T
				yield(zero, err)
				return
			}
			for i := range rows {
				if !yield(rows[i], nil) {
					return
				}
			}
			if len(rows) == 0 {
				return
			}
			last = &rows[len(rows)-1]
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
