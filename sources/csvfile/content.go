package csvfile

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"kommo-import/sources"
)

// A content is what the cells of a row hold besides a text. A bad cell costs only itself.
type content struct {
	declaration
	word     string // the type column
	unknown  bool   // the type column names no kind of message
	files    []file
	lost     []string // lines that stand for files without a link
	point    *sources.Location
	pointErr error // why the coordinates are no place
	card     *sources.Contact
}

// setContent sets the kind of m and the fields of that kind. If the row has several links, setContent returns the files
// of all but the first.
func (c *converter) setContent(m *sources.Message, rec *record) (more []file, err error) {
	m.Text = c.free("text", rec.Text)
	if c.html {
		m.Text = textOfHTML(m.Text)
	}
	row := content{word: c.plain("type", rec.Type)}
	row.declaration, row.unknown = declared(row.word)
	if err := c.readFiles(&row, rec, m.Text); err != nil {
		return nil, err
	}
	c.readPoint(&row, rec)
	row.card = c.card(rec)
	if !row.fill(m) {
		return nil, row.nothing()
	}
	if row.unknown {
		c.note(typeGuessed, "type", row.word, string(m.Kind))
	}
	if row.pointErr != nil {
		c.note(pointDropped, "coordinates", strings.TrimSpace(rec.Latitude)+" "+strings.TrimSpace(rec.Longitude), "")
	}
	if len(row.files) > 1 {
		more = row.files[1:]
	}
	return more, nil
}

// fill puts the content of a row into m. The declared kind counts if the row has what it needs; else the filled columns
// decide. It returns false if there is nothing.
func (row *content) fill(m *sources.Message) bool {
	blank := strings.TrimSpace(m.Text) == "" && len(row.lost) == 0
	switch undeclared := row.kind == ""; {
	case row.kind == sources.KindLocation && row.point != nil:
		m.Kind, m.Location = sources.KindLocation, row.point
	case row.kind == sources.KindContact && row.card != nil:
		m.Kind, m.Contact = sources.KindContact, row.card
	case len(row.files) > 0:
		m.Kind, m.Media = row.files[0].kind, row.files[0].media
	case undeclared && row.point != nil:
		m.Kind, m.Location = sources.KindLocation, row.point
	// A contact has no text: beside a text, contact_phone is rather the client's own phone, repeated on every row.
	case undeclared && blank && row.card != nil && row.card.Phone != "":
		m.Kind, m.Contact = sources.KindContact, row.card
	case blank:
		return false
	default:
		m.Kind = sources.KindText
	}
	if len(row.lost) > 0 {
		m.Text = strings.TrimSuffix(strings.Join(row.lost, "\n")+"\n"+m.Text, "\n")
	}
	return true
}

// nothing returns the reason why a row without text has no content.
func (row *content) nothing() error {
	switch {
	case row.unknown:
		return invalid("type", row.word, errors.New("not a kind of message; "+
			"use text, picture, video, file, voice, audio, sticker, location or contact"))
	case row.pointErr != nil:
		return row.pointErr
	case row.kind == sources.KindLocation:
		return errors.New("latitude and longitude are empty, which type location needs")
	case row.kind == sources.KindContact:
		return errors.New("contact_name and contact_phone are empty, which type contact needs")
	case isFile(row.kind):
		return fmt.Errorf("media_url is empty, which type %s needs", row.kind)
	}
	return errors.New("text is empty")
}

// readPoint sets the place of a row. In some tables each row has latitude 0 and longitude 0. That is a place only in a row
// of type location.
func (c *converter) readPoint(row *content, rec *record) {
	x, y := c.plain("latitude", rec.Latitude), c.plain("longitude", rec.Longitude)
	if x == "" && y == "" {
		return
	}
	latitude, errX := c.degrees("latitude", x, 90)
	longitude, errY := c.degrees("longitude", y, 180)
	if row.pointErr = errX; errX == nil {
		row.pointErr = errY
	}
	zero := latitude == 0 && longitude == 0 && row.kind != sources.KindLocation
	if row.pointErr == nil && !zero {
		row.point = &sources.Location{Latitude: latitude, Longitude: longitude}
	}
}

func (c *converter) degrees(column, s string, most float64) (float64, error) {
	number := s
	if c.decimalComma {
		number = strings.Replace(s, ",", ".", 1)
	}
	d, err := strconv.ParseFloat(number, 64)
	if err != nil || math.IsNaN(d) || math.Abs(d) > most {
		return 0, invalid(column, s, fmt.Errorf("not a number of degrees from -%v to %v", most, most))
	}
	return d, nil
}

// card returns the contact of a row, or nil.
func (c *converter) card(rec *record) *sources.Contact {
	card := sources.Contact{Name: c.name("contact_name", rec.ContactName), Phone: c.plain("contact_phone", rec.ContactPhone)}
	if card == (sources.Contact{}) {
		return nil
	}
	return &card
}
