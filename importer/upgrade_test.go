package importer

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// makeOld makes a migration file with the schema of a version before, and some rows.
func makeOld(t *testing.T, schema string, version, rows string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "migration.db")
	text, err := os.ReadFile(filepath.Join("testdata", schema))
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(string(text) + rows + `PRAGMA application_id = 0x4b696d70; PRAGMA user_version = ` + version); err != nil {
		t.Fatal(err)
	}
	return path
}

// columns tells all that the database says of its tables and indexes, but for the comments.
func columns(t *testing.T, f *File) (all []string) {
	t.Helper()
	rows, err := f.read.Query(`SELECT t.name || '.' || c.name || ' ' || c.type || ' ' || c."notnull" || ' ' || coalesce(c.dflt_value, '-') || ' ' || c.pk
			FROM pragma_table_list t, pragma_table_xinfo(t.name) c WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite%'
		UNION ALL SELECT 'index ' || name || ' of ' || tbl_name FROM sqlite_schema WHERE type = 'index'
		UNION ALL SELECT t.name || '.' || k."from" || ' -> ' || k."table" FROM pragma_table_list t, pragma_foreign_key_list(t.name) k
		ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		all = append(all, line)
	}
	return all
}

// A migration file of an older version is brought up to date when it is opened for writing, and keeps what it holds.
func TestUpgradeFromVersion1(t *testing.T) {
	path := makeOld(t, "schema1.sql", "1", `
		INSERT INTO source (name, reading, cursor, finished) VALUES ('csv:chats.csv', 1, 'x', 1);
		INSERT INTO setting (name, value) VALUES ('recipe', '"1"'), ('arranged', '2');
		INSERT INTO spool (source, reading, conversation, time, direction, kind, length, lookup, identity, counted, content) VALUES
			(1, 1, 'ann', 1700000000000, 'incoming', 'text', 5, NULL, x'00000000000000000000000000000001', 0, '{"id":"1","text":"hello","position":"chats.csv:2"}'),
			(1, 1, 'ann', 1700000001000, 'incoming', 'picture', 0, 'https://files.example/a.jpg', x'00000000000000000000000000000002', 0,
				'{"id":"2","media":{"url":"https://files.example/a.jpg"},"position":"chats.csv:3"}');
		INSERT INTO conversation (external_id, kind, first, client_id, client_name, client_phone, client_email, client_avatar, planned)
			VALUES ('ann', 'person', 1, 'ann', 'Ann', '', '', '', 2);
		INSERT INTO message (conversation, time, spool, identity, source, reading, direction, kind, length, msec, state) VALUES
			(1, 1700000000000, 1, x'00000000000000000000000000000001', 1, 1, 'incoming', 'text', 5, 1700000000000, 'planned'),
			(1, 1700000001000, 2, x'00000000000000000000000000000002', 1, 1, 'incoming', 'picture', 0, 1700000001000, 'planned');
		INSERT INTO media (url, status, size) VALUES ('https://files.example/a.jpg', 'found', 7);
		INSERT INTO invalid (source, reading, position, reason, raw) VALUES (1, 1, 'chats.csv:4', 'bad', 'x');`)
	if _, err := OpenReadOnly(path); err == nil || !cmp.Equal(describe(errOlder), err.(*StoreError).Err.Error()) {
		t.Errorf("opening an old file for reading: %v", err)
	}
	f := openFile(t, path)
	if diff := cmp.Diff(columns(t, newFile(t)), columns(t, f)); diff != "" {
		t.Errorf("the schema (-new +upgraded):\n%s", diff)
	}
	wantMedia(t, f, "text hello", "picture https://files.example/a.jpg")
	status, err := f.Status()
	if err != nil || status.Messages.Planned != 2 || status.Messages.Invalid != 1 {
		t.Errorf("status %+v, error %v", status, err)
	}
	load(t, f, threeConversations())
	if again := openAgain(t, f, path); again == nil {
		t.Error("it cannot be opened again")
	}
}

func openAgain(t *testing.T, f *File, path string) *File {
	t.Helper()
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return openFile(t, path)
}
