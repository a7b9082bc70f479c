package events

import "time"

// Sealed is an encrypted value. Only the vault can make or open one; every
// other part carries it as opaque bytes.
type Sealed []byte

// Commit is one command's outcome: one message in the ledger.
//
// The fields stand in the order of their written names, because the encoding
// demands sorted keys. A field that is added must be left out when empty, or
// the commits of the past could not be read any more.
type Commit struct {
	Actor         PrincipalID `json:"actor" doc:"Who did it."`
	BreakGlass    bool        `json:"break_glass,omitempty" doc:"The operator overrode the organization's own rules of authority. A reason is then required."`
	Command       string      `json:"command" doc:"The command's name, for instance role.grant."`
	DecidedAt     time.Time   `json:"decided_at" doc:"The clock that the decision saw."`
	EffectiveAt   time.Time   `json:"effective_at,omitempty,omitzero" doc:"When it happened; imported history only. Not before the organization's previous effective time, not after decided_at."`
	Events        Events      `json:"events" doc:"What happened, in order. Empty only where an idempotency key had to be remembered for a command that changed nothing."`
	ID            CommitID    `json:"id" doc:"Chosen by the writer before the commit is appended."`
	KeyHash       []byte      `json:"key_hash,omitempty" doc:"SHA-256 of the idempotency key within its organization and credential, if there was one."`
	Note          Sealed      `json:"note,omitempty" doc:"Free text, sealed under the key of note_about."`
	NoteAbout     PrincipalID `json:"note_about,omitempty" doc:"The person whom the note is about."`
	Number        uint64      `json:"number" doc:"Counts the organization's commits from 1, without gaps."`
	OnBehalfOf    PrincipalID `json:"on_behalf_of,omitempty" doc:"The person for whom the actor acted, if not for itself."`
	Org           OrgID       `json:"org" doc:"The organization."`
	Prev          Revision    `json:"prev" doc:"Revision of the organization's previous commit, 0 for the first. It is also the expectation under which the commit was appended."`
	Reason        string      `json:"reason,omitempty" doc:"One of the reasons below."`
	RequestDigest []byte      `json:"request_digest,omitempty" doc:"SHA-256 of the request that the idempotency key came with, if there was one."`
	Ticket        string      `json:"ticket,omitempty" doc:"A reference into another system, 1 to 32 of A-Z, a-z, 0-9 and -."`
}

// Effective is the time from which the commit counts: EffectiveAt for imported
// history, else DecidedAt.
func (c *Commit) Effective() time.Time {
	if !c.EffectiveAt.IsZero() {
		return c.EffectiveAt
	}
	return c.DecidedAt
}

// Record is a commit and its place in the ledger.
type Record struct {
	Commit
	// Revision is the stream sequence.
	Revision Revision
	// RecordedAt is the server's own time of storing.
	RecordedAt time.Time
}

// Events are the events of a commit, in order.
type Events []Event

// Event is one thing that happened. The struct types in this package are the
// only implementations; [Catalogue] lists them.
type Event interface {
	// Concern says whom and what the event is about, for search and links.
	Concern() Concern
}

// Concern is what every event can be found by. Fields that an event does not
// have are empty.
type Concern struct {
	Subject PrincipalID
	Scope   ScopeID
	Role    RoleID
	Cause   Cause
	// Item is what else it names: a designation, feature, edition, fact,
	// permission, attribute, manager or merged scope, or the id of a key,
	// invitation, reminder or hold.
	Item string
}

// Cause marks a change that follows from another one, so that a cascade is
// never taken for a decision.
type Cause string

// The causes.
const (
	// CauseTermination: the membership that carried it ended.
	CauseTermination Cause = "termination"
	// CauseScopeDeleted: the scope that carried it was deleted.
	CauseScopeDeleted Cause = "scope_deleted"
	// CauseReplaced: another role that replaces it was granted.
	CauseReplaced Cause = "replaced"
	// CauseDefault: the role model gives this role to members that hold none
	// of its alternatives.
	CauseDefault Cause = "default"
	// CauseCreated: the scope that was created carries it with it.
	CauseCreated Cause = "created"
	// CauseTransfer: a role that has one holder was transferred.
	CauseTransfer Cause = "transfer"
	// CauseExpiry: the time that was set for it is over.
	CauseExpiry Cause = "expiry"
	// CauseQuorum: a designation needs more holders of a role than are left.
	CauseQuorum Cause = "quorum"
	// CauseUnheld: who is marked by a designation holds none of its roles any
	// more.
	CauseUnheld Cause = "unheld"
	// CauseInvitation: an invitation was accepted; or it ended, and with it a
	// membership that rested on it alone.
	CauseInvitation Cause = "invitation"
	// CauseAnonymization: the person it concerns is to be anonymized.
	CauseAnonymization Cause = "anonymization"
	// CauseRoleDeleted: the custom role was deleted.
	CauseRoleDeleted Cause = "role_deleted"
	// CauseMerge: the scope was merged into another one.
	CauseMerge Cause = "merge"
	// CauseJoined: members of the scope become members of the organization.
	CauseJoined Cause = "joined"
	// CauseModel: another role model, or version of it, was adopted.
	CauseModel Cause = "model"
	// CauseClientDeleted: the API client was deleted.
	CauseClientDeleted Cause = "client_deleted"
	// CauseImport: taken over from another system's history.
	CauseImport Cause = "import"
)

// Causes lists the causes that an event may give.
var Causes = []Cause{
	CauseTermination, CauseScopeDeleted, CauseReplaced, CauseDefault, CauseCreated, CauseTransfer, CauseExpiry,
	CauseQuorum, CauseUnheld, CauseInvitation, CauseAnonymization,
	CauseRoleDeleted, CauseMerge, CauseJoined, CauseModel, CauseClientDeleted, CauseImport,
}
