package events

import "slices"

// PersonRegistered makes a person known to the organization. Registration
// gives no rights: membership and roles do.
type PersonRegistered struct {
	Email    Sealed      `json:"email,omitempty" doc:"Address, sealed."`
	JobTitle Sealed      `json:"job_title,omitempty" doc:"Job title, sealed."`
	Login    Sealed      `json:"login,omitempty" doc:"Login, sealed, as it was written."`
	Name     Sealed      `json:"name,omitempty" doc:"Full name, sealed."`
	Subject  PrincipalID `json:"subject" doc:"The person."`
}

// PersonUpdated replaces the fields that it carries and removes those that it
// lists as cleared.
type PersonUpdated struct {
	Cleared  []string    `json:"cleared,omitempty" doc:"Fields removed: email, job_title, login, name."`
	Email    Sealed      `json:"email,omitempty" doc:"New address, sealed."`
	JobTitle Sealed      `json:"job_title,omitempty" doc:"New job title, sealed."`
	Login    Sealed      `json:"login,omitempty" doc:"New login, sealed."`
	Name     Sealed      `json:"name,omitempty" doc:"New full name, sealed."`
	Subject  PrincipalID `json:"subject" doc:"The person."`
}

// Readdresses says whether the person is reached in another way afterwards.
func (e PersonUpdated) Readdresses() bool {
	return len(e.Login) > 0 || len(e.Email) > 0 || slices.Contains(e.Cleared, "login") || slices.Contains(e.Cleared, "email")
}

// CredentialIssued gives a person an API key. Only its hash is kept.
type CredentialIssued struct {
	Credential CredentialID `json:"credential" doc:"The credential's id."`
	Hash       []byte       `json:"hash" doc:"SHA-256 of the key."`
	Prefix     string       `json:"prefix" doc:"The first characters of the key, to recognize it by."`
	Subject    PrincipalID  `json:"subject" doc:"Whom the key speaks for."`
}

// CredentialRevoked ends an API key.
type CredentialRevoked struct {
	Cause      Cause        `json:"cause,omitempty" doc:"What it follows from; empty for a decision."`
	Credential CredentialID `json:"credential" doc:"The credential's id."`
	Subject    PrincipalID  `json:"subject" doc:"Whom the key spoke for."`
}

// Concern implements [Event].
func (e PersonRegistered) Concern() Concern { return Concern{Subject: e.Subject} }

// Concern implements [Event].
func (e PersonUpdated) Concern() Concern { return Concern{Subject: e.Subject} }

// Concern implements [Event].
func (e CredentialIssued) Concern() Concern {
	return Concern{Subject: e.Subject, Item: string(e.Credential)}
}

// Concern implements [Event].
func (e CredentialRevoked) Concern() Concern {
	return Concern{Subject: e.Subject, Cause: e.Cause, Item: string(e.Credential)}
}
