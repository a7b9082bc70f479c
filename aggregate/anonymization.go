package aggregate

import (
	"time"

	"tenure/events"
)

// PlaceHold keeps a person from being anonymized.
type PlaceHold struct {
	Hold    events.HoldID
	Subject events.PrincipalID
	// Ground is sealed under the person's key.
	Ground events.Sealed
}

// ReleaseHold ends a legal hold.
type ReleaseHold struct{ Hold events.HoldID }

// SetRetention decides to keep a person's data until a time.
type SetRetention struct {
	Subject events.PrincipalID
	Until   time.Time
	// Ground is sealed under the person's key.
	Ground events.Sealed
}

// Anonymize decides to anonymize a person. What is open about the person ends
// with it; nothing takes it back.
type Anonymize struct{ Subject events.PrincipalID }

// CompleteAnonymization is the background user's: it records that the person's
// key is destroyed.
type CompleteAnonymization struct {
	Subject     events.PrincipalID
	Epoch       uint64
	Certificate []byte
}

// Name implements [Command].
func (PlaceHold) Name() string { return "hold.place" }

// Name implements [Command].
func (ReleaseHold) Name() string { return "hold.release" }

// Name implements [Command].
func (SetRetention) Name() string { return "retention.set" }

// Name implements [Command].
func (Anonymize) Name() string { return "person.anonymize" }

// Name implements [Command].
func (CompleteAnonymization) Name() string { return "anonymization.complete" }

func (c PlaceHold) propose(d *draft) {
	if _, known := d.person(c.Subject); known {
		d.emit(events.HoldPlaced{Subject: c.Subject, Hold: c.Hold, Ground: c.Ground})
	}
}

func (c ReleaseHold) propose(d *draft) {
	person, _, inForce := d.state.Hold(c.Hold)
	if !inForce {
		d.refuse(unknown("legal hold in force", string(c.Hold), "tenure hold list --org "+string(d.commit.Org)))
		return
	}
	d.emit(events.HoldReleased{Subject: person.ID, Hold: c.Hold})
}

func (c SetRetention) propose(d *draft) {
	if _, known := d.person(c.Subject); known {
		d.emit(events.RetentionSet{Subject: c.Subject, Until: events.Time(c.Until), Ground: c.Ground})
	}
}

func (c Anonymize) propose(d *draft) {
	person, known := d.person(c.Subject)
	if !known {
		return
	}
	if person.Anonymizing() {
		d.already(events.AnonymizationStarted{Subject: person.ID})
		return
	}
	if person.Matters != nil {
		for _, i := range person.Matters.Invitations {
			d.emit(events.InvitationWithdrawn{Subject: person.ID, Invitation: i.ID, Cause: events.CauseAnonymization})
		}
		for _, r := range person.Matters.Reminders {
			d.emit(events.ReminderCompleted{Subject: person.ID, Reminder: r.ID, Cause: events.CauseAnonymization})
		}
	}
	for _, credential := range person.Credentials {
		d.emit(events.CredentialRevoked{Subject: person.ID, Credential: credential, Cause: events.CauseAnonymization})
	}
	d.emit(events.AnonymizationStarted{Subject: person.ID})
}

func (c CompleteAnonymization) propose(d *draft) {
	person, known := d.person(c.Subject)
	if !known || person.Anonymized() {
		return
	}
	if !person.Anonymizing() {
		d.refuse(Refusal{Code: CodeInvalid, Subject: c.Subject, Event: -1, Message: "Nobody has decided to anonymize " + string(c.Subject) + "."})
		return
	}
	d.emit(events.PersonAnonymized{Subject: c.Subject, Epoch: c.Epoch, Certificate: c.Certificate, Started: person.Matters.Anonymization.Started.Revision})
}
