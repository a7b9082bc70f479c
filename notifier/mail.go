package notifier

import (
	"bytes"
	"context"
	netmail "net/mail"
	"strings"
	"time"
	"unicode"

	"github.com/wneessen/go-mail"

	"tenure/events"
	"tenure/rolemodel"
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
	// persons are those to whom and of whom it was written, as they were then.
	persons map[events.PrincipalID]Person
}

// witness is an opener that keeps what it said of persons, first if it said
// different things: some of the mail may be by that.
type witness struct {
	Opener
	persons map[events.PrincipalID]Person
}

// Person implements [Opener].
func (w witness) Person(ctx context.Context, org events.OrgID, id events.PrincipalID) (Person, error) {
	person, err := w.Opener.Person(ctx, org, id)
	if _, again := w.persons[id]; err == nil && !again {
		w.persons[id] = person
	}
	return person, err
}

// afresh is the mail of a notice as it is to be handed over now: composed anew,
// if anything that it says of a person is no longer so. It may have waited, and
// somebody may have been anonymized in the meantime. Without a mail it composes
// one; it fails as compose does.
func (m *Mailer) afresh(ctx context.Context, n *Notice, e *envelope) (*envelope, error) {
	if e == nil {
		return m.compose(ctx, n)
	}
	for id, was := range e.persons {
		is, err := m.opener.Person(ctx, n.Org, id)
		if err != nil {
			return nil, err
		}
		if is != was {
			return m.compose(ctx, n)
		}
	}
	return e, nil
}

// wantsDeciding are the kinds that ask to decide about the person concerned.
var wantsDeciding = map[rolemodel.Message]bool{
	rolemodel.MembershipTerminated: true, rolemodel.ReminderDue: true, rolemodel.ReminderOverdue: true,
}

// compose makes the mail of a notice, or says why there must be none: dropped,
// a *refusal, or an error of the opener.
func (m *Mailer) compose(ctx context.Context, n *Notice) (*envelope, error) {
	if n.Invitation != "" && !n.Until.After(m.clock.Now()) {
		return nil, dropped(WhyOver)
	}
	opener := witness{m.opener, map[events.PrincipalID]Person{}}
	person, err := opener.Person(ctx, n.Org, n.Recipient)
	switch {
	case err != nil:
		return nil, err
	case person.Gone:
		return nil, dropped(WhyAnonymized)
	case person.Address == "":
		return nil, &refusal{why: WhyNoAddress}
	case !isAddress(person.Address):
		return nil, &refusal{why: WhyBadAddress}
	}
	if wantsDeciding[n.Kind] {
		subject, err := opener.Person(ctx, n.Org, n.Subject)
		if err != nil {
			return nil, err
		}
		if subject.Gone { // there is nothing to be decided any more
			return nil, dropped(WhyOver)
		}
	}
	letter, err := write(ctx, opener, m.public, n)
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
	return &envelope{n.ID, n.At, m.from.Address, person.Address, out.Bytes(), opener.persons}, nil
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
