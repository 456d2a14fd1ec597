package csvfile_test

import (
	"os"
	"testing"

	"kommo-import/sources/csvfile"
	"kommo-import/sources/sourcetest"
)

// A file that grows holds what it held, and what is new, each as often as it is there. The promises that hold without
// growth are checked for all files of the tests.
func TestGrowth(t *testing.T) {
	const ids = "conversation_id,timestamp,direction,text,message_id\n"
	for name, rows := range map[string][2]string{
		"with ids":    {ids + "a,1714557600,in,hello,1\na,1714557600,in,hello,1\n", "a,1714557600,in,hello,2\nb,1714557600,in,hello,1\n"},
		"without ids": {header + "a,1714557600,in,ok\na,1714557600,in,ok\n", "a,1714557600,out,ok\na,1714557601,in,ok\n"},
		"by nothing":  {header + "a,1714557600,in,ok\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			file := &csvfile.File{Path: write(t, rows[0]), Now: now, BatchRows: 1}
			by := map[bool]int{true: 2}[rows[1] != ""]
			err := sourcetest.CheckGrowth(t.Context(), file, by, func() {
				if err := os.WriteFile(file.Path, []byte(rows[0]+rows[1]), 0o600); err != nil {
					t.Fatal(err)
				}
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}
