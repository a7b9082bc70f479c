package service

import (
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tenure/aggregate"
)

// maxText is how long a text about a person may be, in characters.
const maxText = 256

// checkText refuses what cannot be a name or another text of one line. It goes
// into mails, tables and pages, where what cannot be seen could mislead.
func checkText(field, text string, most int) error {
	switch {
	case !utf8.ValidString(text):
		return refuse(aggregate.CodeInvalid, field, "This is no UTF-8 text.")
	case utf8.RuneCountInString(text) > most:
		return refuse(aggregate.CodeInvalid, field, "This has %d characters; at most %d are kept.", utf8.RuneCountInString(text), most)
	case strings.ContainsFunc(text, unseen):
		return refuse(aggregate.CodeInvalid, field, "This has line breaks or other characters that cannot be seen; leave them out.")
	}
	return nil
}

// unseen says whether a character is no text: controls, separators of lines,
// and marks that turn the direction of what follows.
func unseen(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == '\ufeff' ||
		r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}

// checkEmail refuses what no mail can be sent to.
func checkEmail(field, email string) error {
	if email == "" {
		return nil
	}
	if err := checkText(field, email, 254); err != nil {
		return err
	}
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Address != email || parsed.Name != "" {
		return refuse(aggregate.CodeInvalid, field, "%.80q is no e-mail address: write it like name@example.org.", email)
	}
	return nil
}

// timeToCome reads a time in the future: a date, an RFC 3339 time, a local time
// of the zone like 2026-01-31T09:30, or a span from now like P30D. A date means
// the end of that day. Nothing is the zero time. Whether it is over is judged
// where it is decided.
func (s *Service) timeToCome(field, text, zone string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	location := time.UTC
	if zone != "" {
		var err error
		if location, err = time.LoadLocation(zone); err != nil || zone == "Local" {
			return time.Time{}, refuse(aggregate.CodeInvalid, "zone", "%.40q is no time zone; name one like Europe/Vienna.", zone)
		}
	}
	if strings.HasPrefix(text, "P") {
		at, err := aggregate.Later(text, s.clock(), location)
		if err != nil {
			return time.Time{}, refuse(aggregate.CodeInvalid, field, "%v.", err)
		}
		return at, nil
	}
	if day, err := time.ParseInLocation(time.DateOnly, text, location); err == nil {
		return day.AddDate(0, 0, 1).Add(-time.Microsecond), nil
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if at, err := time.ParseInLocation(layout, text, location); err == nil {
			return at, nil
		}
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.IsZero() {
		return time.Time{}, refuse(aggregate.CodeInvalid, field,
			"%.40q is no time: write 2026-01-31, 2026-01-31T09:30, 2026-01-31T09:30:00Z, or P30D for 30 days from now.", text)
	}
	return at.UTC(), nil
}
