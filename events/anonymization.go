package events

import "time"

// HoldPlaced keeps a person from being anonymized until it is released.
type HoldPlaced struct {
	Ground  Sealed      `json:"ground" doc:"Why, sealed under the person's key."`
	Hold    HoldID      `json:"hold" doc:"The hold's id."`
	Subject PrincipalID `json:"subject" doc:"The person."`
}

// HoldReleased ends a legal hold.
type HoldReleased struct {
	Hold    HoldID      `json:"hold" doc:"The hold's id."`
	Subject PrincipalID `json:"subject" doc:"The person."`
}

// RetentionSet decides to keep a person's data for a time, after a membership
// was terminated. It takes the place of an earlier decision.
type RetentionSet struct {
	Ground  Sealed      `json:"ground" doc:"Why, sealed under the person's key."`
	Subject PrincipalID `json:"subject" doc:"The person."`
	Until   time.Time   `json:"until" doc:"When the decision ends, and another one is due."`
}

// RetentionEnded says that the time for which a person's data was to be kept is
// over.
type RetentionEnded struct {
	Subject PrincipalID `json:"subject" doc:"The person."`
	Until   time.Time   `json:"until" doc:"When it ended."`
}

// AnonymizationStarted decides to anonymize a person. From now on nothing else
// can happen to the person, and nothing takes it back.
type AnonymizationStarted struct {
	Subject PrincipalID `json:"subject" doc:"The person."`
}

// PersonAnonymized says that the person's key is destroyed: nothing that was
// sealed for the person can be opened any more.
type PersonAnonymized struct {
	Certificate []byte      `json:"certificate" doc:"The signed erasure certificate, as text."`
	Epoch       uint64      `json:"epoch" doc:"The number of the epoch key that was destroyed along with it."`
	Started     Revision    `json:"started" doc:"The revision of the decision."`
	Subject     PrincipalID `json:"subject" doc:"The person."`
}

// Concern implements [Event].
func (e HoldPlaced) Concern() Concern { return Concern{Subject: e.Subject, Item: string(e.Hold)} }

// Concern implements [Event].
func (e HoldReleased) Concern() Concern { return Concern{Subject: e.Subject, Item: string(e.Hold)} }

// Concern implements [Event].
func (e RetentionSet) Concern() Concern { return Concern{Subject: e.Subject} }

// Concern implements [Event].
func (e RetentionEnded) Concern() Concern { return Concern{Subject: e.Subject} }

// Concern implements [Event].
func (e AnonymizationStarted) Concern() Concern { return Concern{Subject: e.Subject} }

// Concern implements [Event].
func (e PersonAnonymized) Concern() Concern { return Concern{Subject: e.Subject} }
