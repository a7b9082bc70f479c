package rolemodel

import "strings"

// Act is something that the engine itself does or shows. A permission
// authorizes the acts that it lists, on scopes of its own kind.
type Act string

// Acts on the organization as a whole: permissions on the root kind alone may
// allow them.
const (
	// PersonRegister makes a person known to the organization.
	PersonRegister Act = "person.register"
	// PersonUpdate changes another person's details.
	PersonUpdate Act = "person.update"
	// CredentialRevoke ends another person's key.
	CredentialRevoke Act = "credential.revoke"
	// DirectoryRead shows people and who holds what, and answers permission
	// questions about others.
	DirectoryRead Act = "directory.read"
	// HistoryRead shows what happened, when, and by whose authority.
	HistoryRead Act = "history.read"
	// PersonAnonymize makes a person whose membership has ended unknowable.
	PersonAnonymize Act = "person.anonymize"
	// ReminderSet sets, completes and cancels reminders about a person.
	ReminderSet Act = "reminder.set"
	// LinksRead lists all that names a person, as subject or as actor.
	LinksRead Act = "links.read"
	// HoldPlace places and releases legal holds, which keep a person from being
	// anonymized.
	HoldPlace Act = "hold.place"
	// CaseRead shows the cases of people whose membership has ended: reminders,
	// holds, anonymization.
	CaseRead Act = "case.read"
	// FeatureSwitch turns the model's features on and off.
	FeatureSwitch Act = "feature.switch"
	// NoticeRead shows which messages went to whom, and why.
	NoticeRead Act = "notice.read"
)

// Acts on a scope that people are members of: permissions on a kind with
// membership may allow them.
const (
	// MembershipStart makes a person a member of the scope.
	MembershipStart Act = "membership.start"
	// MembershipSuspend makes a member inactive, with all roles kept.
	MembershipSuspend Act = "membership.suspend"
	// MembershipResume makes a suspended member active again.
	MembershipResume Act = "membership.resume"
	// MembershipTerminate ends another person's membership, and with it what
	// was held through it.
	MembershipTerminate Act = "membership.terminate"
)

// Acts on a scope itself.
const (
	// ScopeRename gives the scope another title. Permissions on any kind may
	// allow it.
	ScopeRename Act = "scope.rename"
	// ScopeMove takes the scope, and all below it, from its parent. The new
	// parent must allow [ScopeCreate] of the scope's kind besides. Not on the
	// root kind.
	ScopeMove Act = "scope.move"
	// ScopeDelete ends the scope and all below it. Not on the root kind.
	ScopeDelete Act = "scope.delete"
)

// createPrefix stands before the kind in the acts of [ScopeCreate].
const createPrefix = "scope.create:"

// ScopeCreate is the act of adding a scope of the given kind below another one,
// which is where it must be allowed. Moving a scope below a new parent needs it
// there too. Permissions may allow it where the kind may stand directly below
// their own.
func ScopeCreate(kind string) Act { return Act(createPrefix + kind) }

// Creates returns the kind of scope that the act adds, if it is one of
// [ScopeCreate].
func (a Act) Creates() (kind string, yes bool) {
	return strings.CutPrefix(string(a), createPrefix)
}

// ground says on which kinds of scope an act makes sense.
type ground int

const (
	onRoot ground = iota
	onMembership
	onEvery
	onBelowRoot
)

// acts are all acts but those of [ScopeCreate], in the order in which messages
// and the schema list them.
var acts = []struct {
	act Act
	on  ground
}{
	{PersonRegister, onRoot},
	{PersonUpdate, onRoot},
	{CredentialRevoke, onRoot},
	{DirectoryRead, onRoot},
	{HistoryRead, onRoot},
	{PersonAnonymize, onRoot},
	{ReminderSet, onRoot},
	{LinksRead, onRoot},
	{HoldPlace, onRoot},
	{CaseRead, onRoot},
	{FeatureSwitch, onRoot},
	{NoticeRead, onRoot},
	{MembershipStart, onMembership},
	{MembershipSuspend, onMembership},
	{MembershipResume, onMembership},
	{MembershipTerminate, onMembership},
	{ScopeRename, onEvery},
	{ScopeMove, onBelowRoot},
	{ScopeDelete, onBelowRoot},
}

// groundOf says where an act makes sense, and whether it is one of acts.
func groundOf(act Act) (on ground, known bool) {
	for _, a := range acts {
		if a.act == act {
			return a.on, true
		}
	}
	return 0, false
}

// actNames lists the acts for messages.
func actNames() []string {
	names := make([]string, 0, len(acts)+1)
	for _, a := range acts {
		names = append(names, string(a.act))
	}
	return append(names, createPrefix+"KIND")
}
