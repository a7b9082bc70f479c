package events

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
)

type (
	// OrgID is an organization's handle: chosen at founding, public, immutable,
	// `^[a-z0-9][a-z0-9-]{1,38}$`. It must not name a person.
	OrgID string

	// PrincipalID names who acts or is acted upon: a ULID for persons and API
	// clients, or one of the built-in principals below.
	PrincipalID string

	// ScopeID is "KIND:HANDLE", for instance "team:sig-etcd". The root scope of
	// an organization is its root kind with the organization's own handle. It
	// is public and immutable, and must not name a person.
	ScopeID string

	// RoleID is a role's id within the roles of its scope's kind, for instance
	// "admin". Which role is meant is always said together with a scope.
	RoleID string

	// CommitID is a ULID, chosen by the writer before the commit is appended.
	CommitID string

	// CredentialID is a ULID, the public half of an API key.
	CredentialID string

	// DesignationID is a designation's id within those of its scope's kind, for
	// instance "main_owner".
	DesignationID string

	// FeatureID is a feature's id within the role model.
	FeatureID string

	// PermissionID is a permission's id within the role model, for instance
	// "team.edit".
	PermissionID string

	// AttributeID is an attribute's id within those of its scope's kind.
	AttributeID string

	// MemberKindID is a kind of member within those of its scope's kind.
	MemberKindID string

	// EditionID is an edition's id within the role model.
	EditionID string

	// FactID is a fact's id within those of its scope's kind.
	FactID string

	// ReminderID, InvitationID and HoldID are ULIDs.
	ReminderID   string
	InvitationID string
	HoldID       string

	// Revision is a commit's place in the ledger: the stream sequence, from 1.
	// 0 means "before the first commit".
	Revision uint64
)

// The built-in principals. They exist in every organization, hold no personal
// data and cannot be registered.
const (
	// Operator runs the installation. Inside an organization it acts only by
	// founding, by issuing credentials, or under break-glass.
	Operator PrincipalID = "operator"
	// Importer is the actor of imported history.
	Importer PrincipalID = "import"
	// Background is the background user: what the product itself does when
	// something falls due.
	Background PrincipalID = "background"
)

var (
	orgPattern    = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,38}$`)
	kindPattern   = regexp.MustCompile(`^[a-z][a-z0-9_]{0,30}$`)
	handlePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
	ticketPattern = regexp.MustCompile(`^[A-Za-z0-9-]{1,32}$`)
)

// Scope builds the id of a scope.
func Scope(kind, handle string) ScopeID { return ScopeID(kind + ":" + handle) }

// Kind is the part before the colon.
func (s ScopeID) Kind() string { k, _, _ := strings.Cut(string(s), ":"); return k }

// Handle is the part after the colon.
func (s ScopeID) Handle() string { _, h, _ := strings.Cut(string(s), ":"); return h }

// Validate says whether the handle is well formed.
func (o OrgID) Validate() error {
	if !orgPattern.MatchString(string(o)) {
		return fmt.Errorf("organization handle %s: want 2 to 39 of a-z, 0-9 and -, not starting with -", clip(o))
	}
	return nil
}

// Validate says whether the id is "KIND:HANDLE" and well formed.
func (s ScopeID) Validate() error {
	kind, handle, found := strings.Cut(string(s), ":")
	if !found || !kindPattern.MatchString(kind) || !handlePattern.MatchString(handle) {
		return fmt.Errorf("scope %s: want KIND:HANDLE, the kind 1 to 31 of a-z, 0-9 and _, starting with a letter, "+
			"the handle 1 to 63 of a-z, 0-9 and -, not starting with -", clip(s))
	}
	return nil
}

// Builtin says whether the principal is one of the built-in ones.
func (p PrincipalID) Builtin() bool {
	return p == Operator || p == Importer || p == Background
}

// Validate says whether the id is a ULID or a built-in principal.
func (p PrincipalID) Validate() error {
	if p.Builtin() {
		return nil
	}
	return validULID("principal", p)
}

// Validate says whether the id is a ULID.
func (c CommitID) Validate() error { return validULID("commit id", c) }

// Validate says whether the id is a ULID.
func (c CredentialID) Validate() error { return validULID("credential", c) }

// Validate says whether the id is a ULID.
func (r ReminderID) Validate() error { return validULID("reminder", r) }

// Validate says whether the id is a ULID.
func (i InvitationID) Validate() error { return validULID("invitation", i) }

// Validate says whether the id is a ULID.
func (h HoldID) Validate() error { return validULID("hold", h) }

// validULID accepts a ULID in its one canonical form, upper case. The library
// reads lower case as the same ULID; as ids they would be two.
func validULID[ID ~string](what string, id ID) error {
	if u, err := ulid.ParseStrict(string(id)); err != nil || u.String() != string(id) {
		return fmt.Errorf("%s %s: want a ULID, 26 of 0-9 and A-Z", what, clip(id))
	}
	return nil
}

// clip quotes an id for an error, without repeating a hostile input at length.
func clip[ID ~string](id ID) string { return fmt.Sprintf("%.80q", string(id)) }

// ValidTicket says whether the text may stand as a commit's ticket: 1 to 32 of
// A-Z, a-z, 0-9 and -. It is written in the clear, so it must not name a person;
// the form keeps sentences and addresses out, but no form can keep a name out.
func ValidTicket(ticket string) bool { return ticketPattern.MatchString(ticket) }

// Reasons are the codes that a commit may give as its reason.
var Reasons = []string{
	"requested", "joined", "left", "moved", "reorganization", "security",
	"correction", "legal", "migration", "recovery", "emergency",
}

// ValidReason says whether the code is one of [Reasons].
func ValidReason(code string) bool { return slices.Contains(Reasons, code) }

// Time brings a time to the form in which the ledger keeps it: UTC, whole
// microseconds, no monotonic clock.
func Time(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
