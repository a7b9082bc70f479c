package aggregate

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"time"

	"tenure/events"
)

// MaxEvents is the largest number of events in one commit.
const MaxEvents = 10_000

// commandPattern is what a command's name looks like: noun.verb.
var commandPattern = regexp.MustCompile(`^[a-z_]{1,32}\.[a-z_]{1,32}$`)

// auditEnvelope judges everything but the events: that the commit follows on
// the state, that its fields are well formed, and that its actor may act at
// all.
func auditEnvelope(s State, c *events.Commit) Refusals {
	invalid := func(field, message string, args ...any) Refusals {
		return Refusals{{Code: CodeInvalid, Field: field, Message: fmt.Sprintf(message, args...), Event: -1}}
	}
	if err := c.Org.Validate(); err != nil {
		return invalid("org", "This is no handle: %v.", err)
	}
	if s.Founded() && c.Org != s.Org {
		return invalid("org", "The commit is of %s and the history of %s.", c.Org, s.Org)
	}
	if err := c.ID.Validate(); err != nil {
		return invalid("id", "%v.", err)
	}
	if c.Number != s.Number+1 || c.Prev != s.Revision {
		return Refusals{{Code: CodeHistory, Event: -1, Message: fmt.Sprintf(
			"The commit says number %d after revision %d, but the organization stands at number %d, revision %d.",
			c.Number, c.Prev, s.Number, s.Revision)}}
	}
	if !commandPattern.MatchString(c.Command) {
		return invalid("command", "%.80q is no command: want noun.verb.", c.Command)
	}
	if refused := mayEnter(s, c.Actor); refused != nil {
		return Refusals{*refused}
	}
	if refused := auditTime(s, c); refused != nil {
		return Refusals{*refused}
	}
	if c.Reason != "" && !events.ValidReason(c.Reason) {
		return invalid("reason", "%.80q is no reason code; use %s.", c.Reason, anyOf(events.Reasons))
	}
	if c.Ticket != "" && !events.ValidTicket(c.Ticket) {
		return invalid("ticket", "A ticket is 1 to 32 letters, digits and -.")
	}
	if (len(c.Note) > 0) != (c.NoteAbout != "") {
		return invalid("note", "A note is kept under the key of the one person it is about; commands about nobody or several take a reason and a ticket.")
	}
	if c.OnBehalfOf != "" {
		if refused := s.At(c.Effective()).lacksBehalf(c.Actor, c.OnBehalfOf, c.Events); refused != nil {
			refused.Field, refused.Event = "on_behalf_of", -1
			return Refusals{*refused}
		}
	}
	if c.BreakGlass && (c.Actor != events.Operator || c.Reason == "") {
		return invalid("reason", "Break-glass is the operator's alone, with a reason.")
	}
	if len(c.KeyHash) != len(c.RequestDigest) || len(c.KeyHash) != 0 && len(c.KeyHash) != sha256.Size {
		return invalid("idempotency_key", "An idempotency key and its request are kept as their SHA-256.")
	}
	if first, used := s.Remembered(c.KeyHash); used {
		return Refusals{{Code: CodeExists, Field: "idempotency_key", Event: -1, Message: fmt.Sprintf(
			"This idempotency key led to commit %s already.", first.Commit)}}
	}
	if len(c.Events) > MaxEvents {
		return Refusals{{Code: CodeTooLarge, Event: -1, Message: fmt.Sprintf(
			"This makes %d events, and a commit holds at most %d; do it in several commands.", len(c.Events), MaxEvents)}}
	}
	return nil
}

// auditTime judges when the commit was decided and when it took effect.
func auditTime(s State, c *events.Commit) *Refusal {
	if c.DecidedAt.IsZero() {
		return &Refusal{Code: CodeInvalid, Field: "decided_at", Event: -1, Message: "A commit says when it was decided."}
	}
	if !c.EffectiveAt.IsZero() && c.Actor != events.Importer {
		return &Refusal{Code: CodeInvalid, Field: "effective_at", Event: -1,
			Message: "Only imported history carries an effective time of its own."}
	}
	if c.EffectiveAt.After(c.DecidedAt) {
		return &Refusal{Code: CodeTimeOrder, Field: "time", Event: -1, Message: fmt.Sprintf(
			"%s lies in the future.", c.EffectiveAt.Format(time.RFC3339))}
	}
	if c.Effective().Before(s.Effective) {
		return &Refusal{Code: CodeTimeOrder, Field: "time", Event: -1, Message: fmt.Sprintf(
			"History is told in order: %s lies before the organization's latest commit of %s.",
			c.Effective().Format(time.RFC3339), s.Effective.Format(time.RFC3339))}
	}
	return nil
}

// mayEnter refuses an actor who may do nothing at all here.
func mayEnter(s State, actor events.PrincipalID) *Refusal {
	if actor.Builtin() {
		return nil
	}
	if !s.Founded() {
		return &Refusal{Code: CodeNotPermitted, Event: -1, Message: "Only the operator founds organizations."}
	}
	person, known := s.Person(actor)
	if !known {
		return &Refusal{Code: CodeNotPermitted, Event: -1, Message: fmt.Sprintf("%s is not known in %s.", actor, s.Org)}
	}
	if person.Deleted {
		return &Refusal{Code: CodeNotPermitted, Subject: actor, Event: -1, Message: wasDeleted(person).Message}
	}
	if person.Anonymizing() {
		refused := isAnonymized(person)
		refused.Event = -1
		return refused
	}
	if m, member := person.Membership(s.Root); member && !m.Active {
		return &Refusal{Code: CodeNotPermitted, Subject: actor, Scope: s.Root, Event: -1, Message: fmt.Sprintf(
			"The membership of %s is suspended; until it is resumed, everything is refused.", actor),
			Help: "tenure member resume " + string(actor) + " --org " + string(s.Org)}
	}
	return nil
}
