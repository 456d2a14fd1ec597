package migration

import (
	"context"
	"database/sql"
	"database/sql/driver"

	"modernc.org/sqlite"
)

// maxPrepared is how many statements a connection keeps: more than the importer has.
const maxPrepared = 300

// openDatabase opens a database whose connections keep the statements that they have run: SQLite takes longer to compile
// a statement than to run it on a few rows.
func openDatabase(dsn string) *sql.DB { return sql.OpenDB(connector(dsn)) }

// A connector is the name of a database for SQLite.
type connector string

func (c connector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.Driver().Open(string(c))
	if err != nil {
		return nil, err
	}
	return &preparedConn{conn.(sqliteConn), make(map[string]sqliteStmt)}, nil
}

func (c connector) Driver() driver.Driver { return new(sqlite.Driver) }

// sqliteConn and sqliteStmt are what the connections and statements of SQLite's driver implement.
type (
	sqliteConn interface {
		driver.Conn
		driver.ConnBeginTx
		driver.ConnPrepareContext
		driver.Pinger
		driver.SessionResetter
		driver.Validator
	}
	sqliteStmt interface {
		driver.Stmt
		driver.StmtExecContext
		driver.StmtQueryContext
	}
)

// A preparedConn is a connection that keeps statements, by their text, while they do not run.
type preparedConn struct {
	sqliteConn
	idle map[string]sqliteStmt
}

func (c *preparedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	statement, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	defer c.keep(query, statement)
	return statement.ExecContext(ctx, args)
}

func (c *preparedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	statement, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := statement.QueryContext(ctx, args)
	if err != nil {
		c.keep(query, statement)
		return nil, err
	}
	return &preparedRows{rows, func() { c.keep(query, statement) }}, nil
}

// take returns a statement that nobody else runs until keep.
func (c *preparedConn) take(ctx context.Context, query string) (sqliteStmt, error) {
	if statement, ok := c.idle[query]; ok {
		delete(c.idle, query)
		return statement, nil
	}
	statement, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return statement.(sqliteStmt), nil
}

func (c *preparedConn) keep(query string, statement sqliteStmt) {
	if _, another := c.idle[query]; another || len(c.idle) == maxPrepared {
		statement.Close()
		return
	}
	c.idle[query] = statement
}

func (c *preparedConn) Close() error {
	for _, statement := range c.idle {
		statement.Close()
	}
	return c.sqliteConn.Close()
}

// preparedRows are rows whose statement is kept when they are closed.
type preparedRows struct {
	driver.Rows
	keep func()
}

func (r *preparedRows) Close() error {
	defer r.keep()
	return r.Rows.Close()
}
