package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

func main() {
	for _, p := range os.Args[1:] {
		b, _ := os.ReadFile(p)
		s := strings.TrimPrefix(string(b), "\ufeff")
		r := csv.NewReader(strings.NewReader(s))
		first, _, _ := strings.Cut(s, "\n")
		for _, d := range ";\t|" {
			if strings.Count(first, string(d)) > strings.Count(first, ",") {
				r.Comma = d
			}
		}
		r.FieldsPerRecord = -1
		rows, err := r.ReadAll()
		if err != nil {
			println(p, err.Error())
			continue
		}
		f := excelize.NewFile()
		for i, row := range rows {
			for j, c := range row {
				var v any = c
				if n, err := strconv.ParseInt(strings.TrimPrefix(c, "+"), 10, 64); err == nil && i > 0 {
					v = n
				}
				for _, l := range []string{"2006-01-02 15:04:05", "02/01/2006 15:04", "02/01/2006", "02.01.2006 15:04"} {
					if t, err := time.Parse(l, c); err == nil {
						v = t
					}
				}
				if t, err := time.Parse("15:04", c); err == nil {
					v = float64(t.Hour()*60+t.Minute()) / 1440
				}
				if c == "true" || c == "VERDADEIRO" {
					v = true
				}
				if c == "false" || c == "FALSO" {
					v = false
				}
				cell, _ := excelize.CoordinatesToCellName(j+1, i+1)
				f.SetCellValue("Sheet1", cell, v)
			}
		}
		f.SaveAs(strings.TrimSuffix(p, filepath.Ext(p)) + ".xlsx")
	}
}
