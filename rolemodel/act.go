package rolemodel

import "strings"

// Act is something that the engine itself does or shows. A permission
// authorizes the acts that it lists, on scopes of its own kind.
type Act string

// Acts upon a person. Permissions on any kind with membership may allow them:
// on the root for everybody, on a scope below it for its members.
const (
	// PersonRegister makes a person known to the organization; below the root,
	// together with the start of the membership there or an invitation to it.
	PersonRegister Act = "person.register"
	// PersonUpdate changes another person's details.
	PersonUpdate Act = "person.update"
	// CredentialRevoke ends another person's key.
	CredentialRevoke Act = "credential.revoke"
	// ManagerAssign says who somebody's manager is.
	ManagerAssign Act = "manager.assign"
	// BehalfAct acts on behalf of somebody, who is named beside the actor.
	BehalfAct Act = "behalf.act"
)

// Acts on the organization as a whole: permissions on the root kind alone may
// allow them.
const (
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
	// ReportRead shows the usage of the scope and of what is below it, and on the
	// root the posture of the organization.
	ReportRead Act = "report.read"
	// EditionSet puts another edition of the model in force.
	EditionSet Act = "edition.set"
	// ModelAdopt puts a newer version of the model, or another one, in force.
	ModelAdopt Act = "model.adopt"
	// ClientManage creates and deletes API clients, and issues and revokes
	// their keys.
	ClientManage Act = "client.manage"
	// RoleDefine makes a custom role; RoleRename, RoleDelete, RolePermit and
	// RoleUnpermit change what it is called, end it, and say what it gives.
	RoleDefine   Act = "role.define"
	RoleRename   Act = "role.rename"
	RoleDelete   Act = "role.delete"
	RolePermit   Act = "role.permit"
	RoleUnpermit Act = "role.unpermit"
	// RoleWithhold takes permissions from an adjustable role at run time, and
	// gives them back; [RoleWithholdFor] does so for one value of its attribute.
	RoleWithhold Act = "role.withhold"
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
	// InvitationAnswer accepts and declines invitations that are rerouted to the
	// scope by address.
	InvitationAnswer Act = "invitation.answer"
	// AddressesRoute says which domains of addresses are rerouted to the scope.
	AddressesRoute Act = "addresses.route"
)

// Acts on a scope itself.
const (
	// ScopeRead shows the scope, with who and what is there. Where permissions of a
	// kind allow it, nobody else is shown scopes of that kind, and no
	// [DirectoryRead] is needed; where none does, [DirectoryRead] shows them. Not on
	// the root kind.
	ScopeRead Act = "scope.read"
	// ScopeRename gives the scope another title. Permissions on any kind may
	// allow it.
	ScopeRename Act = "scope.rename"
	// ScopeMove takes the scope, and all below it, from its parent. The new
	// parent must allow [ScopeCreate] of the scope's kind besides. Not on the
	// root kind.
	ScopeMove Act = "scope.move"
	// ScopeDelete ends the scope and all below it. Not on the root kind.
	ScopeDelete Act = "scope.delete"
	// ScopeArchive freezes the scope and all below it, and takes it back. Not on
	// the root kind.
	ScopeArchive Act = "scope.archive"
	// ScopeMerge puts the scope into another one, or another one into it. Not on
	// the root kind.
	ScopeMerge Act = "scope.merge"
	// ScopeExport writes its members and what is held there to a file.
	ScopeExport Act = "scope.export"
	// ScopePermit gives permissions to a group and takes them away. On kinds that
	// carry permissions.
	ScopePermit Act = "scope.permit"
)

// What stands before the argument of an act that has one.
const (
	createPrefix   = "scope.create:"
	importPrefix   = "scope.import:"
	exportPrefix   = "scope.export:"
	setPrefix      = "scope.set:"
	startPrefix    = "membership.start:"
	assignPrefix   = "membership.assign:"
	withholdPrefix = "role.withhold:"
)

// prefixes are all of these, with what messages write for the argument.
var prefixes = []struct{ prefix, argument string }{
	{createPrefix, "KIND"},
	{importPrefix, "KIND"},
	{exportPrefix, "KIND"},
	{setPrefix, "ATTRIBUTE"},
	{startPrefix, "MEMBERKIND"},
	{assignPrefix, "KIND"},
	{withholdPrefix, "VALUE"},
}

// ScopeCreate is the act of adding a scope of the given kind below another one,
// which is where it must be allowed. Moving a scope below a new parent needs it
// there too. Permissions may allow it where the kind may stand directly below
// their own.
func ScopeCreate(kind string) Act { return Act(createPrefix + kind) }

// ScopeImport is the act of creating many scopes of the kind from a file, where
// [ScopeCreate] makes sense.
func ScopeImport(kind string) Act { return Act(importPrefix + kind) }

// ScopeExportOf is like [ScopeExport], for the scopes of the kind, and those alone,
// that stand below the one where it is allowed.
func ScopeExportOf(kind string) Act { return Act(exportPrefix + kind) }

// ScopeSet is the act of changing an attribute of a scope that is not fixed.
func ScopeSet(attribute string) Act { return Act(setPrefix + attribute) }

// MembershipStartAs is like [MembershipStart], for members of one kind.
func MembershipStartAs(memberKind string) Act { return Act(startPrefix + memberKind) }

// MembershipAssign is the act of starting and ending, for members of a scope,
// memberships of scopes of the kind, wherever those are.
func MembershipAssign(kind string) Act { return Act(assignPrefix + kind) }

// RoleWithholdFor is like [RoleWithhold], for one value of the attribute that a
// role is adjustable per; for the empty value it is [RoleWithhold] itself.
func RoleWithholdFor(value string) Act {
	if value == "" {
		return RoleWithhold
	}
	return Act(withholdPrefix + value)
}

// Creates returns the kind of scope that the act adds, if it is one of
// [ScopeCreate].
func (a Act) Creates() (kind string, yes bool) {
	return strings.CutPrefix(string(a), createPrefix)
}

// argument takes an act with an argument apart; prefix is empty for others.
func (a Act) argument() (prefix, argument string) {
	for _, p := range prefixes {
		if argument, has := strings.CutPrefix(string(a), p.prefix); has && argument != "" {
			return p.prefix, argument
		}
	}
	return "", ""
}

// ground says on which kinds of scope an act makes sense.
type ground int

const (
	onEvery ground = iota
	onRoot
	onBelowRoot
	onMembership // kinds with membership
	onPeople     // the root, and kinds with membership
	onGroup      // kinds that carry permissions
)

// acts are all acts without an argument, in the order in which messages and the
// schema list them.
var acts = []struct {
	act Act
	on  ground
}{
	{PersonRegister, onPeople},
	{PersonUpdate, onPeople},
	{CredentialRevoke, onPeople},
	{ManagerAssign, onPeople},
	{BehalfAct, onPeople},
	{DirectoryRead, onRoot},
	{HistoryRead, onRoot},
	{PersonAnonymize, onRoot},
	{ReminderSet, onRoot},
	{LinksRead, onRoot},
	{HoldPlace, onRoot},
	{CaseRead, onRoot},
	{FeatureSwitch, onRoot},
	{NoticeRead, onRoot},
	{ReportRead, onEvery},
	{EditionSet, onRoot},
	{ModelAdopt, onRoot},
	{ClientManage, onRoot},
	{RoleDefine, onRoot},
	{RoleRename, onRoot},
	{RoleDelete, onRoot},
	{RolePermit, onRoot},
	{RoleUnpermit, onRoot},
	{RoleWithhold, onRoot},
	{MembershipStart, onMembership},
	{MembershipSuspend, onMembership},
	{MembershipResume, onMembership},
	{MembershipTerminate, onMembership},
	{InvitationAnswer, onMembership},
	{AddressesRoute, onMembership},
	{ScopeRead, onBelowRoot},
	{ScopeRename, onEvery},
	{ScopeMove, onBelowRoot},
	{ScopeDelete, onBelowRoot},
	{ScopeArchive, onBelowRoot},
	{ScopeMerge, onBelowRoot},
	{ScopeExport, onEvery},
	{ScopePermit, onGroup},
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
	var names []string
	for _, a := range acts {
		names = append(names, string(a.act))
	}
	for _, p := range prefixes {
		names = append(names, p.prefix+p.argument)
	}
	return names
}
