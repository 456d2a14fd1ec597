package migration

import "database/sql"

// Statements runs SQL in one transaction and prepares each text once, which makes loops over many rows several times
// as fast. It is a [Querier].
type Statements struct {
	tx       *sql.Tx
	prepared map[string]*sql.Stmt
}

// NewStatements returns Statements for tx. Close them before the transaction ends.
func NewStatements(tx *sql.Tx) *Statements {
	return &Statements{tx, make(map[string]*sql.Stmt)}
}

// Exec runs a statement, as [sql.Tx.Exec] does.
func (s *Statements) Exec(query string, args ...any) (sql.Result, error) {
	statement, err := s.prepare(query)
	if err != nil {
		return nil, err
	}
	return statement.Exec(args...)
}

// Query runs a query, as [sql.Tx.Query] does.
func (s *Statements) Query(query string, args ...any) (*sql.Rows, error) {
	statement, err := s.prepare(query)
	if err != nil {
		return nil, err
	}
	return statement.Query(args...)
}

// QueryRow runs a query, as [sql.Tx.QueryRow] does.
func (s *Statements) QueryRow(query string, args ...any) *sql.Row {
	statement, err := s.prepare(query)
	if err != nil {
		return s.tx.QueryRow(query, args...) // only a Tx can make a Row that holds the error
	}
	return statement.QueryRow(args...)
}

// Close releases the statements.
func (s *Statements) Close() {
	for _, statement := range s.prepared {
		statement.Close()
	}
}

func (s *Statements) prepare(query string) (*sql.Stmt, error) {
	if statement := s.prepared[query]; statement != nil {
		return statement, nil
	}
	statement, err := s.tx.Prepare(query)
	if err == nil {
		s.prepared[query] = statement
	}
	return statement, err
}
