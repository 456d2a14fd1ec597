package csvfile

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// A timeSurvey finds the formats that fit the times of a table.
type timeSurvey struct {
	plain    int // values of the forms of docs/csv.md
	zoneless bool
	formats  []surveyed
	total    int // values that are not empty
}

// A surveyed format is one that the times may have.
type surveyed struct {
	*timeFormat
	fits    int
	example string    // a value, if possible one that formats of another order read as another day
	reading time.Time // of the example
}

// A TimeReading is how a format reads a value.
type TimeReading struct {
	Format  string    `json:"format"`
	Rows    int       `json:"rows"` // that it fits
	Example string    `json:"example"`
	Reading time.Time `json:"reading"`
}

// newTimeSurvey returns a survey of the formats that tables have in the countries of docs/csv.md, and in exports of chats.
func newTimeSurvey() *timeSurvey {
	s := &timeSurvey{}
	for date := range strings.FieldsSeq("DD.MM.YYYY DD/MM/YYYY MM/DD/YYYY DD-MM-YYYY MM-DD-YYYY YYYY-MM-DD YYYY/MM/DD YYYY.MM.DD " +
		"DD.MM.YY DD/MM/YY MM/DD/YY DD-MM-YY MM-DD-YY YYYY-DD-MM YYYY/DD/MM DD_MMM_YYYY MMM_DD,_YYYY DD-MMM-YYYY DD-MMM-YY") {
		date = strings.ReplaceAll(date, "_", " ")
		for _, spec := range []string{date + " HH:MM", date, "HH:MM " + date, date + " HH.MM"} {
			format, _ := parseTimeFormat(spec) // is one
			s.formats = append(s.formats, surveyed{timeFormat: format})
		}
	}
	return s
}

// add counts a value.
func (s *timeSurvey) add(value string) {
	if value == "" {
		return
	}
	s.total++
	if _, err := parseTime(value, time.UTC); err == nil {
		s.plain++
		_, err := parseTime(value, nil)
		s.zoneless = s.zoneless || err != nil
		return
	}
	for i := range s.formats {
		f := &s.formats[i]
		clock, ok := f.parse(value)
		if !ok {
			continue
		}
		s.zoneless = s.zoneless || !clock.zoned
		if f.fits++; f.fits == 1 || f.reading.Day() == int(f.reading.Month()) || f.reading.Day() > 12 && clock.Day() <= 12 && clock.Day() != int(clock.Month()) {
			f.example, f.reading = value, clock.Time
		}
	}
}

// best returns the formats that fit the most of the values which need one, if these are a tenth or more.
func (s *timeSurvey) best() (readings []TimeReading) {
	most := slices.MaxFunc(s.formats, func(a, b surveyed) int { return cmp.Compare(a.fits, b.fits) }).fits
	if most*10 < s.total || most == 0 {
		return nil
	}
	for _, f := range s.formats {
		if f.fits == most {
			readings = append(readings, TimeReading{f.spec, f.fits, f.example, f.reading})
		}
	}
	return readings
}
