package migration

import "database/sql"

// Statements runs SQL in one transaction and prepares each text once. It is for loops over many rows.
type Statements struct {
	tx       *sql.Tx
	prepared map[string]*sql.Stmt
}

// NewStatements returns Statements for tx. Close them before the transaction ends.
func NewStatements(tx *sql.Tx) *Statements {
	return &Statements{tx, make(map[string]*sql.Stmt)}
}

// Exec runs a statement.
func (s *Statements) Exec(query string, args ...any) (sql.Result, error) {
	statement, err := s.prepare(query)
	if err != nil {
		return nil, err
	}
	return statement.Exec(args...)
}

// QueryRow runs a query and scans its first row into dest. It returns [sql.ErrNoRows] if there is none.
func (s *Statements) QueryRow(query string, args []any, dest ...any) error {
	statement, err := s.prepare(query)
	if err != nil {
		return err
	}
	return statement.QueryRow(args...).Scan(dest...)
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
