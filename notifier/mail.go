package notifier

import (
	"bytes"
	"context"
	netmail "net/mail"
	"strings"
	"time"
	"unicode"

	"github.com/wneessen/go-mail"
)

// The headers that name the notice and its kind, to sort mails by.
const (
	headerNotice mail.Header = "X-Tenure-Notice"
	headerKind   mail.Header = "X-Tenure-Kind"
)

// dropped is the error of a mail that must not be written.
type dropped Why

// Error implements error.
func (d dropped) Error() string { return "the mail is not sent: " + string(d) }

// envelope is a mail, written out, and where it goes.
type envelope struct {
	id       string
	at       time.Time
	from, to string
	mail     []byte
}

// compose makes the mail of a notice, or says why there must be none: dropped,
// a *refusal, or an error of the opener.
func (m *Mailer) compose(ctx context.Context, n *Notice) (*envelope, error) {
	if n.Invitation != "" && !n.Until.After(m.clock.Now()) {
		return nil, dropped(WhyOver)
	}
	person, err := m.opener.Person(ctx, n.Org, n.Recipient)
	switch {
	case err != nil:
		return nil, err
	case person.Gone:
		return nil, dropped(WhyAnonymized)
	case person.Address == "":
		return nil, dropped(WhyNoAddress)
	case !isAddress(person.Address):
		return nil, &refusal{why: WhyBadAddress}
	}
	letter, err := write(ctx, m.opener, m.public, n)
	if err != nil {
		return nil, err
	}
	text, html, err := letter.render()
	if err != nil {
		return nil, &refusal{why: WhyUnwritten}
	}
	// The boundary follows from the notice: sent again, the mail is the same.
	// Nobody knows the id before the commit, so no name can hold it.
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent(), mail.WithBoundary("tenure_"+n.ID))
	msg.FromMailAddress(m.from)
	msg.ToMailAddress(&netmail.Address{Name: headline(plain(person.Name)), Address: person.Address})
	msg.Subject(letter.Subject)
	msg.SetMessageIDWithValue(m.messageID(n))
	msg.SetDateWithValue(n.At.UTC())
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader(mail.HeaderXAutoResponseSuppress, "All")
	msg.SetGenHeader(headerNotice, n.ID)
	msg.SetGenHeader(headerKind, string(n.Kind))
	msg.SetBodyString(mail.TypeTextPlain, text)
	msg.AddAlternativeString(mail.TypeTextHTML, html)
	var out bytes.Buffer
	out.Grow(2 * (len(text) + len(html)))
	if _, err := msg.WriteTo(&out); err != nil {
		return nil, &refusal{why: WhyUnwritten}
	}
	return &envelope{n.ID, n.At, m.from.Address, person.Address, out.Bytes()}, nil
}

// messageID is the same whenever the notice is sent.
func (m *Mailer) messageID(n *Notice) string { return n.ID + "@" + m.ledgerID + ".tenure" }

// isAddress says whether the text is one address and nothing else, fit for a
// command to a mail server.
func isAddress(text string) bool {
	if len(text) > 254 || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) || r == unicode.ReplacementChar }) {
		return false
	}
	parsed, err := netmail.ParseAddress(text)
	return err == nil && parsed.Name == "" && parsed.Address == text
}
