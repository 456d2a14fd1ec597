package csvfile

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"path"
	"strconv"
	"strings"

	"kommo-import/sources"
)

// setContent sets the kind of m and the fields of that kind.
func setContent(m *sources.Message, rec *record) (err error) {
	if m.Kind, err = kind(rec); err != nil {
		return invalid("type", rec.Type, err)
	}
	switch m.Kind {
	case sources.KindText:
		if strings.TrimSpace(m.Text) == "" {
			return errors.New("text is empty")
		}
	case sources.KindLocation:
		m.Location, err = location(rec)
	case sources.KindContact:
		m.Contact, err = contact(rec)
	default:
		m.Media, err = media(rec, m.Kind)
	}
	return err
}

// kind returns the kind that the type column names. For an empty type and for "text", the filled columns decide: some
// programs call every message a text, and no file may be lost because of that.
func kind(rec *record) (sources.Kind, error) {
	switch word := strings.ToLower(strings.TrimSpace(rec.Type)); word {
	case "", "text":
		return suggestedKind(rec), nil
	case "image", "photo":
		return sources.KindPicture, nil
	case "document":
		return sources.KindFile, nil
	case "picture", "video", "file", "voice", "audio", "sticker", "location", "contact":
		return sources.Kind(word), nil
	}
	return "", errors.New("not a kind of message; " +
		"use text, picture, video, file, voice, audio, sticker, location or contact")
}

// suggestedKind returns the kind of a row without a type. A contact has no text: beside a text, contact_phone is rather
// the client's own phone, repeated on every row.
func suggestedKind(rec *record) sources.Kind {
	filled := func(s string) bool { return strings.TrimSpace(s) != "" }
	switch {
	case filled(rec.MediaURL):
		return kindOfFile(rec)
	case filled(rec.Latitude) && filled(rec.Longitude):
		return sources.KindLocation
	case filled(rec.ContactPhone) && !filled(rec.Text):
		return sources.KindContact
	}
	return sources.KindText
}

// kindOfFile returns the kind that the extension of the URL suggests, or else that of the file name.
func kindOfFile(rec *record) sources.Kind {
	names := []string{rec.FileName}
	if u, err := url.Parse(strings.TrimSpace(rec.MediaURL)); err == nil {
		names = []string{u.Path, rec.FileName}
	}
	for _, name := range names {
		switch strings.ToLower(path.Ext(strings.TrimSpace(name))) {
		case ".jpg", ".jpeg", ".jfif", ".png", ".gif", ".webp", ".bmp", ".heic":
			return sources.KindPicture
		case ".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".3gp":
			return sources.KindVideo
		case ".mp3", ".m4a", ".ogg", ".oga", ".opus", ".wav", ".aac", ".amr", ".flac":
			return sources.KindAudio
		}
	}
	return sources.KindFile
}

func media(rec *record, kind sources.Kind) (*sources.Media, error) {
	m := sources.Media{URL: strings.TrimSpace(rec.MediaURL), Name: strings.TrimSpace(rec.FileName)}
	if m.URL == "" {
		return nil, fmt.Errorf("media_url is empty, which type %s needs", kind)
	}
	if err := checkURL(m.URL); err != nil {
		return nil, invalid("media_url", m.URL, err)
	}
	size := strings.TrimSpace(rec.FileSize)
	if size == "" {
		return &m, nil
	}
	n, err := strconv.ParseUint(size, 10, 63)
	if err != nil {
		return nil, invalid("file_size", size, errors.New("not a number of bytes"))
	}
	m.Size = int64(n)
	return &m, nil
}

// checkURL returns an error if s cannot be the address of a file or page on the web.
func checkURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return errors.New("not a web address; it must begin with https:// or http://")
	}
	return nil
}

func location(rec *record) (*sources.Location, error) {
	latitude, err := degrees("latitude", rec.Latitude, 90)
	if err != nil {
		return nil, err
	}
	longitude, err := degrees("longitude", rec.Longitude, 180)
	if err != nil {
		return nil, err
	}
	return &sources.Location{Latitude: latitude, Longitude: longitude}, nil
}

func degrees(column, s string, most float64) (float64, error) {
	d, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || math.IsNaN(d) || math.Abs(d) > most {
		return 0, invalid(column, s, fmt.Errorf("not a number of degrees from -%v to %v", most, most))
	}
	return d, nil
}

func contact(rec *record) (*sources.Contact, error) {
	c := sources.Contact{Name: strings.TrimSpace(rec.ContactName), Phone: strings.TrimSpace(rec.ContactPhone)}
	if c == (sources.Contact{}) {
		return nil, errors.New("contact_name and contact_phone are empty, which type contact needs")
	}
	return &c, nil
}
