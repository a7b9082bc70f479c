package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"tenure/events"
	"tenure/service"
)

// Client asks a server. The zero Client is not usable; make one with
// [NewClient] or [InProcess]. Where the server refuses, the error is a
// [*Problem].
type Client struct {
	base string
	key  string
	http *http.Client
	// page is how many events are asked for at a time.
	page int
}

// NewClient asks the server at the URL with an API key.
func NewClient(base, key string, transport http.RoundTripper) *Client {
	return &Client{base: strings.TrimSuffix(base, "/") + "/" + Version, key: key, http: &http.Client{Transport: transport}, page: maxPage}
}

// InProcess asks a handler directly, without a network.
func InProcess(handler http.Handler, key string) *Client {
	return NewClient("http://in.process", key, direct{handler})
}

// Options may come along with any command.
type Options struct {
	IdempotencyKey string
	// IfRevision is the revision that the organization must stand at; 0 means
	// any.
	IfRevision           events.Revision
	Reason, Ticket, Note string
	// OnBehalfOf is the person for whom the caller acts.
	OnBehalfOf string
	// DryRun decides and says what would be done, and does nothing.
	DryRun bool
}

func (o Options) annotations() Annotations {
	return Annotations{Reason: o.Reason, Ticket: o.Ticket, Note: o.Note, OnBehalfOf: o.OnBehalfOf, DryRun: o.DryRun}
}

// At says as of when a question is asked; empty means now. The fields are
// those of the query, at most one of the first three.
type At struct {
	AsOf, Recorded string
	Revision       events.Revision
	AtLeast        events.Revision
}

func (a At) query() url.Values {
	q := url.Values{}
	set := func(name, value string) {
		if value != "" && value != "0" {
			q.Set(name, value)
		}
	}
	set("as_of", a.AsOf)
	set("recorded", a.Recorded)
	set("at_revision", strconv.FormatUint(uint64(a.Revision), 10))
	set("at_least", strconv.FormatUint(uint64(a.AtLeast), 10))
	return q
}

// Whoami says whom the key speaks for.
func (c *Client) Whoami(ctx context.Context) (Identity, error) {
	return get[Identity](ctx, c, "/whoami", nil)
}

// Found opens an organization.
func (c *Client) Found(ctx context.Context, o Options, r service.FoundRequest) (service.PersonReceipt, error) {
	return send[service.PersonReceipt](ctx, c, http.MethodPost, "/organizations", o, foundBody{r, o.annotations()})
}

// Organizations lists the organizations that the caller may know of.
func (c *Client) Organizations(ctx context.Context) ([]service.OrganizationView, error) {
	return get[[]service.OrganizationView](ctx, c, "/organizations", nil)
}

// Organization shows one organization.
func (c *Client) Organization(ctx context.Context, org string, at At) (service.OrganizationView, error) {
	return get[service.OrganizationView](ctx, c, in(org, ""), at.query())
}

// RegisterPerson makes a person known.
func (c *Client) RegisterPerson(ctx context.Context, org string, o Options, r service.PersonDetails) (service.PersonReceipt, error) {
	return send[service.PersonReceipt](ctx, c, http.MethodPost, in(org, "/people"), o, personBody{r, o.annotations()})
}

// UpdatePerson changes a person's details.
func (c *Client) UpdatePerson(ctx context.Context, org string, o Options, r service.PersonChange) (service.Receipt, error) {
	return send[service.Receipt](ctx, c, http.MethodPatch, in(org, "/people"), o, personChangeBody{r, o.annotations()})
}

// People lists everybody whom the organization knows.
func (c *Client) People(ctx context.Context, org string, at At) ([]service.PersonView, error) {
	return get[[]service.PersonView](ctx, c, in(org, "/people"), at.query())
}

// Person shows one person.
func (c *Client) Person(ctx context.Context, org string, at At, person string) (service.PersonView, error) {
	return get[service.PersonView](ctx, c, in(org, "/people/"+segment(person)), at.query())
}

// AddMember makes a person known and a member of a scope at once.
func (c *Client) AddMember(ctx context.Context, org string, o Options, r service.NewMemberRequest) (service.PersonReceipt, error) {
	return send[service.PersonReceipt](ctx, c, http.MethodPost, in(org, "/people/members"), o, newMemberBody{r, o.annotations()})
}

// AssignManager says who somebody's manager is.
func (c *Client) AssignManager(ctx context.Context, org string, o Options, r service.ManagerRequest) (service.Receipt, error) {
	return send[service.Receipt](ctx, c, http.MethodPost, in(org, "/managers"), o, managerBody{r, o.annotations()})
}

// RemoveManager says that somebody has no manager any more.
func (c *Client) RemoveManager(ctx context.Context, org string, o Options, r service.ManagerRequest) (service.Receipt, error) {
	return send[service.Receipt](ctx, c, http.MethodPost, in(org, "/managers/remove"), o, managerBody{r, o.annotations()})
}

// Chart shows who is whose manager, from one person downwards if one is named.
func (c *Client) Chart(ctx context.Context, org string, at At, person string) ([]service.ChartNode, error) {
	q := at.query()
	q.Set("person", person)
	return get[[]service.ChartNode](ctx, c, in(org, "/chart"), q)
}

// CreateClient makes an API client.
func (c *Client) CreateClient(ctx context.Context, org string, o Options, r service.NewClientRequest) (service.ClientReceipt, error) {
	return send[service.ClientReceipt](ctx, c, http.MethodPost, in(org, "/clients"), o, newClientBody{r, o.annotations()})
}

// DeleteClient ends an API client.
func (c *Client) DeleteClient(ctx context.Context, org string, o Options, r service.ClientRequest) (service.Receipt, error) {
	return send[service.Receipt](ctx, c, http.MethodPost, in(org, "/clients/delete"), o, clientBody{r, o.annotations()})
}

// Clients lists the API clients.
func (c *Client) Clients(ctx context.Context, org string, at At) ([]service.ClientView, error) {
	return get[[]service.ClientView](ctx, c, in(org, "/clients"), at.query())
}

// Client shows one API client.
func (c *Client) Client(ctx context.Context, org string, at At, client string) (service.ClientView, error) {
	return get[service.ClientView](ctx, c, in(org, "/clients/"+segment(client)), at.query())
}

// ChangeMemberships suspends, resumes or terminates several memberships, all of
// them or none.
func (c *Client) ChangeMemberships(ctx context.Context, org string, o Options, r service.MembershipsRequest) (service.Receipt, error) {
	return send[service.Receipt](ctx, c, http.MethodPost, in(org, "/memberships/bulk"), o, membershipsBody{r, o.annotations()})
}

// ImportPeople brings people along in a file.
func (c *Client) ImportPeople(ctx context.Context, org string, o Options, r service.PeopleFileRequest) (service.PeopleFileReceipt, error) {
	return send[service.PeopleFileReceipt](ctx, c, http.MethodPost, in(org, "/imports/people"), o, peopleFileBody{r, o.annotations()})
}

// ExportPeople lists everybody in the form in which they can be imported.
func (c *Client) ExportPeople(ctx context.Context, org string, at At) ([]service.PersonRow, error) {
	return get[[]service.PersonRow](ctx, c, in(org, "/exports/people"), at.query())
}

// ChangeMembership starts, suspends, resumes or terminates a membership, or
// changes its kind; the verb is start, suspend, resume, terminate or change.
func (c *Client) ChangeMembership(ctx context.Context, org string, o Options, verb string, r service.MembershipRequest) (service.Receipt, error) {
	return send[service.Receipt](ctx, c, http.MethodPost, in(org, "/memberships/"+verb), o, membershipBody{r, o.annotations()})
}

// Members lists the members of a scope.
func (c *Client) Members(ctx context.Context, org string, at At, scope string) ([]service.MemberView, error) {
	q := at.query()
	q.Set("scope", scope)
	return get[[]service.MemberView](ctx, c, in(org, "/memberships"), q)
}

// GrantRole gives a person a role.
func (c *Client) GrantRole(ctx context.Context, org string, o Options, r service.GrantRequest) (service.Receipt, error) {
	return send[service.Receipt](ctx, c, http.MethodPost, in(org, "/grants"), o, grantBody{r, o.annotations()})
}

// TransferRole passes a role that has one holder on to another person.
func (c *Client) TransferRole(ctx context.Context, org string, o Options, r service.TransferRequest) (service.Receipt, error) {
	return send[service.Receipt](ctx, c, http.MethodPost, in(org, "/transfers"), o, transferBody{r, o.annotations()})
}

// DefineRoles says who holds the roles of a scope, all at once.
func (c *Client) DefineRoles(ctx context.Context, org string, o Options, r service.DefineRolesRequest) (service.Receipt, error) {
	return send[service.Receipt](ctx, c, http.MethodPut, in(org, "/roles"), o, defineBody{r, o.annotations()})
}

// RoleForm shows who holds the roles of a scope, and what the caller may change.
func (c *Client) RoleForm(ctx context.Context, org string, at At, scope string) ([]service.RoleField, error) {
	q := at.query()
	q.Set("scope", scope)
	return get[[]service.RoleField](ctx, c, in(org, "/roles"), q)
}

// RoleTypes lists the types of role.
func (c *Client) RoleTypes(ctx context.Context, org string, at At) ([]service.RoleTypeView, error) {
	return get[[]service.RoleTypeView](ctx, c, in(org, "/role-types"), at.query())
}

// RoleType shows a type of role, and who holds it.
func (c *Client) RoleType(ctx context.Context, org string, at At, role string) (service.RoleTypeDetail, error) {
	return get[service.RoleTypeDetail](ctx, c, in(org, "/role-types/"+segment(role)), at.query())
}

// DefineRole makes a custom role.
func (c *Client) DefineRole(ctx context.Context, org string, o Options, r service.DefineRoleRequest) (service.Receipt, error) {
	return send[service.Receipt](ctx, c, http.MethodPost, in(org, "/role-types"), o, defineRoleBody{r, o.annotations()})
}

// RenameRole gives a custom role another title or icon.
func (c *Client) RenameRole(ctx context.Context, org string, o Options, r service.RenameRoleRequest) (service.Receipt, error) {
	return send[service.Receipt](ctx, c, http.MethodPost, in(org, "/role-types/rename"), o, renameRoleBody{r, o.annotations()})
}

// DeleteRole ends a custom role.
func (c *Client) DeleteRole(ctx context.Context, org string, o Options, r service.DeleteRoleRequest) (service.Receipt, error) {
	return send[service.Receipt](ctx, c, http.MethodPost, in(org, "/role-types/delete"), o, deleteRoleBody{r, o.annotations()})
}

// PermitRole adds permissions to a custom role.
func (c *Client) PermitRole(ctx context.Context, org string, o Options, r service.PermitRoleRequest) (service.Receipt, error) {
	return send[service.Receipt](ctx, c, http.MethodPost, in(org, "/role-types/permit"), o, permitRoleBody{r, o.annotations()})
}

// UnpermitRole takes permissions from a custom role.
func (c *Client) UnpermitRole(ctx context.Context, org string, o Options, r service.PermitRoleRequest) (service.Receipt, error) {
	return send[service.Receipt](ctx, c, http.MethodPost, in(org, "/role-types/unpermit"), o, permitRoleBody{r, o.annotations()})
}

// WithholdPermission withholds permissions from a role of the model.
func (c *Client) WithholdPermission(ctx context.Context, org string, o Options, r service.WithholdRequest) (service.Receipt, error) {
	return send[service.Receipt](ctx, c, http.MethodPost, in(org, "/role-types/withhold"), o, withholdBody{r, o.annotations()})
}

// RestorePermission gives back what was withheld.
func (c *Client) RestorePermission(ctx context.Context, org string, o Options, r service.WithholdRequest) (service.Receipt, error) {
	return send[service.Receipt](ctx, c, http.MethodPost, in(org, "/role-types/restore"), o, withholdBody{r, o.annotations()})
}

// Groups lists the groups.
func (c *Client) Groups(ctx context.Context, org string, at At) ([]service.GroupView, error) {
	return get[[]service.GroupView](ctx, c, in(org, "/groups"), at.query())
}

// Group shows one group.
func (c *Client) Group(ctx context.Context, org string, at At, group string) (service.GroupView, error) {
	return get[service.GroupView](ctx, c, in(org, "/groups/"+segment(group)), at.query())
}

// PermitGroup gives permissions to the members of a group.
func (c *Client) PermitGroup(ctx context.Context, org string, o Options, r service.PermitGroupRequest) (service.Receipt, error) {
	return send[service.Receipt](ctx, c, http.MethodPost, in(org, "/groups/permit"), o, permitGroupBody{r, o.annotations()})
}

// UnpermitGroup takes permissions from the members of a group.
func (c *Client) UnpermitGroup(ctx context.Context, org string, o Options, r service.PermitGroupRequest) (service.Receipt, error) {
	return send[service.Receipt](ctx, c, http.MethodPost, in(org, "/groups/unpermit"), o, permitGroupBody{r, o.annotations()})
}

// SetDesignation marks a holder of a role.
func (c *Client) SetDesignation(ctx context.Context, org string, o Options, r service.DesignationRequest) (service.Receipt, error) {
	return send[service.Receipt](ctx, c, http.MethodPost, in(org, "/designations"), o, designationBody{r, o.annotations()})
}

// ClearDesignation takes a mark away.
func (c *Client) ClearDesignation(ctx context.Context, org string, o Options, r service.DesignationRequest) (service.Receipt, error) {
	return send[service.Receipt](ctx, c, http.MethodPost, in(org, "/designations/clear"), o, designationBody{r, o.annotations()})
}

// SwitchFeature turns a feature on or off.
func (c *Client) SwitchFeature(ctx context.Context, org string, o Options, r service.FeatureRequest) (service.Receipt, error) {
	return send[service.Receipt](ctx, c, http.MethodPost, in(org, "/features"), o, featureBody{r, o.annotations()})
}

// Features lists the features of the role model.
func (c *Client) Features(ctx context.Context, org string, at At) ([]service.FeatureView, error) {
	return get[[]service.FeatureView](ctx, c, in(org, "/features"), at.query())
}

// SetEdition puts an edition in force.
func (c *Client) SetEdition(ctx context.Context, org string, o Options, r service.EditionRequest) (service.Receipt, error) {
	return send[service.Receipt](ctx, c, http.MethodPost, in(org, "/editions"), o, editionBody{r, o.annotations()})
}

// Editions lists the editions of the role model.
func (c *Client) Editions(ctx context.Context, org string, at At) ([]service.EditionView, error) {
	return get[[]service.EditionView](ctx, c, in(org, "/editions"), at.query())
}

// RecordFact puts on record what the caller did elsewhere.
func (c *Client) RecordFact(ctx context.Context, org string, o Options, r service.FactRequest) (service.Receipt, error) {
	return send[service.Receipt](ctx, c, http.MethodPost, in(org, "/facts"), o, factBody{r, o.annotations()})
}

// Resolve says who is responsible for a scope.
func (c *Client) Resolve(ctx context.Context, org string, at At, resolver, scope string) (service.Responsible, error) {
	q := at.query()
	q.Set("scope", scope)
	return get[service.Responsible](ctx, c, in(org, "/resolvers/"+segment(resolver)), q)
}

// RouteAddresses says which invitations are rerouted to a scope.
func (c *Client) RouteAddresses(ctx context.Context, org string, o Options, r service.RouteRequest) (service.Receipt, error) {
	return send[service.Receipt](ctx, c, http.MethodPost, in(org, "/routes"), o, routeBody{r, o.annotations()})
}

// Routes lists the scopes to which invitations are rerouted.
func (c *Client) Routes(ctx context.Context, org string, at At) ([]service.RouteView, error) {
	return get[[]service.RouteView](ctx, c, in(org, "/routes"), at.query())
}

// Invite asks somebody to become a member.
func (c *Client) Invite(ctx context.Context, org string, o Options, r service.InvitationRequest) (service.InvitationReceipt, error) {
	return send[service.InvitationReceipt](ctx, c, http.MethodPost, in(org, "/invitations"), o, invitationBody{r, o.annotations()})
}

// Invitations lists those that are not answered yet.
func (c *Client) Invitations(ctx context.Context, org string, at At) ([]service.InvitationView, error) {
	return get[[]service.InvitationView](ctx, c, in(org, "/invitations"), at.query())
}

// ResendInvitation sends an invitation again.
func (c *Client) ResendInvitation(ctx context.Context, org string, o Options, id string) (service.InvitationReceipt, error) {
	return about[service.InvitationReceipt](ctx, c, org, "/invitations/", id, "resend", o)
}

// WithdrawInvitation takes an invitation back.
func (c *Client) WithdrawInvitation(ctx context.Context, org string, o Options, id string) (service.Receipt, error) {
	return about[service.Receipt](ctx, c, org, "/invitations/", id, "withdraw", o)
}

// AcceptInvitation makes the one invited a member; the client's key is the
// invitation's token, or that of somebody to whom it is rerouted.
func (c *Client) AcceptInvitation(ctx context.Context, org string, o Options, id string) (service.KeyReceipt, error) {
	return about[service.KeyReceipt](ctx, c, org, "/invitations/", id, "accept", o)
}

// DeclineInvitation says no; the client's key is the invitation's token.
func (c *Client) DeclineInvitation(ctx context.Context, org string, o Options, id string) (service.Receipt, error) {
	return about[service.Receipt](ctx, c, org, "/invitations/", id, "decline", o)
}

// SetReminder asks to be reminded of a person.
func (c *Client) SetReminder(ctx context.Context, org string, o Options, r service.ReminderRequest) (service.ReminderReceipt, error) {
	return send[service.ReminderReceipt](ctx, c, http.MethodPost, in(org, "/reminders"), o, reminderBody{r, o.annotations()})
}

// Reminders lists the open reminders.
func (c *Client) Reminders(ctx context.Context, org string, at At) ([]service.ReminderView, error) {
	return get[[]service.ReminderView](ctx, c, in(org, "/reminders"), at.query())
}

// CompleteReminder says that what a reminder asked for is done.
func (c *Client) CompleteReminder(ctx context.Context, org string, o Options, id string) (service.Receipt, error) {
	return about[service.Receipt](ctx, c, org, "/reminders/", id, "complete", o)
}

// CancelReminder takes a reminder back.
func (c *Client) CancelReminder(ctx context.Context, org string, o Options, id string) (service.Receipt, error) {
	return about[service.Receipt](ctx, c, org, "/reminders/", id, "cancel", o)
}

// PlaceHold keeps a person from being anonymized.
func (c *Client) PlaceHold(ctx context.Context, org string, o Options, r service.HoldRequest) (service.HoldReceipt, error) {
	return send[service.HoldReceipt](ctx, c, http.MethodPost, in(org, "/holds"), o, holdBody{r, o.annotations()})
}

// ReleaseHold ends a legal hold.
func (c *Client) ReleaseHold(ctx context.Context, org string, o Options, id string) (service.Receipt, error) {
	return about[service.Receipt](ctx, c, org, "/holds/", id, "release", o)
}

// Holds lists the legal holds in force.
func (c *Client) Holds(ctx context.Context, org string, at At) ([]service.HoldView, error) {
	return get[[]service.HoldView](ctx, c, in(org, "/holds"), at.query())
}

// SetRetention decides to keep a person's data until a time.
func (c *Client) SetRetention(ctx context.Context, org string, o Options, r service.RetentionRequest) (service.Receipt, error) {
	return send[service.Receipt](ctx, c, http.MethodPost, in(org, "/retentions"), o, retentionBody{r, o.annotations()})
}

// Anonymize makes a person unknowable, for good.
func (c *Client) Anonymize(ctx context.Context, org string, o Options, r service.AnonymizationRequest) (service.AnonymizationReceipt, error) {
	return send[service.AnonymizationReceipt](ctx, c, http.MethodPost, in(org, "/anonymizations"), o, anonymizationBody{r, o.annotations()})
}

// Links lists everything in the ledger that names a person.
func (c *Client) Links(ctx context.Context, org string, at At, person string) ([]service.Link, error) {
	return get[[]service.Link](ctx, c, in(org, "/people/"+segment(person)+"/links"), at.query())
}

// Cases lists what is to be decided about people whose membership has ended.
func (c *Client) Cases(ctx context.Context, org string, at At, all bool) ([]service.CaseView, error) {
	q := at.query()
	q.Set("all", strconv.FormatBool(all))
	return get[[]service.CaseView](ctx, c, in(org, "/cases"), q)
}

// Case shows one case.
func (c *Client) Case(ctx context.Context, org string, at At, person string) (service.CaseView, error) {
	return get[service.CaseView](ctx, c, in(org, "/cases/"+segment(person)), at.query())
}

// Notices lists which messages went to whom, newest first.
func (c *Client) Notices(ctx context.Context, org string, f service.NoticeFilter) ([]service.NoticeView, error) {
	q := url.Values{}
	for name, value := range map[string]string{"person": f.Person, "kind": string(f.Kind), "state": f.State} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return get[[]service.NoticeView](ctx, c, in(org, "/notices"), q)
}

// Notice shows one message.
func (c *Client) Notice(ctx context.Context, org, id string) (service.NoticeView, error) {
	return get[service.NoticeView](ctx, c, in(org, "/notices/"+segment(id)), nil)
}

// RetryNotice tries again to deliver a message that could not be delivered.
func (c *Client) RetryNotice(ctx context.Context, org, id string) (service.NoticeView, error) {
	return send[service.NoticeView](ctx, c, http.MethodPost, in(org, "/notices/"+segment(id)+"/retry"), Options{}, struct{}{})
}

// Backup writes what is to be kept elsewhere: the ledger or the capsule.
func (c *Client) Backup(ctx context.Context, what string, w io.Writer) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/backups/"+segment(what), nil)
	if err != nil {
		return err
	}
	return c.do(request, w)
}

// RevokeRole ends a person's role.
func (c *Client) RevokeRole(ctx context.Context, org string, o Options, r service.RoleRequest) (service.Receipt, error) {
	return send[service.Receipt](ctx, c, http.MethodPost, in(org, "/grants/revoke"), o, roleBody{r, o.annotations()})
}

// Holders lists who holds a role on a scope.
func (c *Client) Holders(ctx context.Context, org string, at At, role events.RoleID, scope string) ([]service.GrantView, error) {
	q := at.query()
	q.Set("role", string(role))
	q.Set("scope", scope)
	return get[[]service.GrantView](ctx, c, in(org, "/grants"), q)
}

// Permitted lists who has a permission on a scope.
func (c *Client) Permitted(ctx context.Context, org string, at At, permission, scope string) ([]service.GrantView, error) {
	q := at.query()
	q.Set("permission", permission)
	q.Set("scope", scope)
	return get[[]service.GrantView](ctx, c, in(org, "/grants"), q)
}

// Can says whether a person has a permission on a scope.
func (c *Client) Can(ctx context.Context, org string, at At, person, permission, scope string) (service.Answer, error) {
	return c.CanUpon(ctx, org, at, person, permission, scope, "")
}

// CanUpon says whether a person has a permission on a scope in regard to
// somebody, who need not be known to the organization.
func (c *Client) CanUpon(ctx context.Context, org string, at At, person, permission, scope, about string) (service.Answer, error) {
	q := at.query()
	q.Set("about", about)
	q.Set("person", person)
	q.Set("permission", permission)
	q.Set("scope", scope)
	return get[service.Answer](ctx, c, in(org, "/check"), q)
}

// ChangeScope creates, renames, moves or deletes a scope, sets its attributes,
// archives or restores it, or merges it into another; the verb is "create" or the
// last part of the path.
func (c *Client) ChangeScope(ctx context.Context, org string, o Options, verb string, r service.ScopeRequest) (service.Receipt, error) {
	path := "/scopes/" + verb
	if verb == "create" {
		path = "/scopes"
	}
	return send[service.Receipt](ctx, c, http.MethodPost, in(org, path), o, scopeBody{r, o.annotations()})
}

// ImportScopes adds many scopes of one kind from a file.
func (c *Client) ImportScopes(ctx context.Context, org string, o Options, r service.ScopeImportRequest) (service.Receipt, error) {
	return send[service.Receipt](ctx, c, http.MethodPost, in(org, "/scopes/import"), o, scopeImportBody{r, o.annotations()})
}

// ExportMembers lists the members of a scope, and who holds a role there.
func (c *Client) ExportMembers(ctx context.Context, org string, at At, scope string) ([]service.MemberRow, error) {
	q := at.query()
	q.Set("scope", scope)
	return get[[]service.MemberRow](ctx, c, in(org, "/exports/members"), q)
}

// ExportScopes lists the scopes of a kind below another one.
func (c *Client) ExportScopes(ctx context.Context, org string, at At, kind, under string) ([]service.ScopeRow, error) {
	q := at.query()
	q.Set("kind", kind)
	q.Set("under", under)
	return get[[]service.ScopeRow](ctx, c, in(org, "/exports/scopes"), q)
}

// Scope shows one scope.
func (c *Client) Scope(ctx context.Context, org string, at At, scope string) (service.ScopeDetail, error) {
	return get[service.ScopeDetail](ctx, c, in(org, "/scopes/"+segment(scope)), at.query())
}

// Scopes lists the scopes, parents before children.
func (c *Client) Scopes(ctx context.Context, org string, at At) ([]service.ScopeView, error) {
	return get[[]service.ScopeView](ctx, c, in(org, "/scopes"), at.query())
}

// IssueKey gives a person an API key.
func (c *Client) IssueKey(ctx context.Context, org string, o Options, r service.IssueRequest) (service.KeyReceipt, error) {
	return send[service.KeyReceipt](ctx, c, http.MethodPost, in(org, "/keys"), o, issueBody{r, o.annotations()})
}

// RevokeKey ends an API key.
func (c *Client) RevokeKey(ctx context.Context, org string, o Options, r service.RevokeKeyRequest) (service.Receipt, error) {
	return send[service.Receipt](ctx, c, http.MethodPost, in(org, "/keys/revoke"), o, revokeKeyBody{r, o.annotations()})
}

// Keys lists the API keys in force.
func (c *Client) Keys(ctx context.Context, org string, at At) ([]service.KeyView, error) {
	return get[[]service.KeyView](ctx, c, in(org, "/keys"), at.query())
}

// History lists all events that match the query, page by page.
func (c *Client) History(ctx context.Context, org string, at At, query string) ([]service.EventView, error) {
	all := []service.EventView{}
	for after := events.Revision(0); ; {
		q := at.query()
		q.Set("q", query)
		q.Set("after", strconv.FormatUint(uint64(after), 10))
		q.Set("limit", strconv.Itoa(c.page))
		page, err := get[HistoryPage](ctx, c, in(org, "/history"), q)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Events...)
		if after = page.Next; after == 0 {
			return all, nil
		}
	}
}

// Diff says what changed between two moments.
func (c *Client) Diff(ctx context.Context, org, from, to string) ([]service.Difference, error) {
	return get[[]service.Difference](ctx, c, in(org, "/diff"), url.Values{"from": {from}, "to": {to}})
}

// Posture says how the roles of an organization are kept.
func (c *Client) Posture(ctx context.Context, org string, at At) (service.PostureView, error) {
	return get[service.PostureView](ctx, c, in(org, "/reports/posture"), at.query())
}

// Usage counts what was done in a period; empty ends are none.
func (c *Client) Usage(ctx context.Context, org string, at At, from, to, scope string) (service.UsageView, error) {
	q := at.query()
	q.Set("scope", scope)
	q.Set("from", from)
	q.Set("to", to)
	return get[service.UsageView](ctx, c, in(org, "/reports/usage"), q)
}

// Sections lists what a person sees on a scope; without a person, the caller.
func (c *Client) Sections(ctx context.Context, org string, at At, person, scope string, below bool) ([]service.SectionView, error) {
	q := at.query()
	q.Set("person", person)
	q.Set("scope", scope)
	q.Set("below", strconv.FormatBool(below))
	return get[[]service.SectionView](ctx, c, in(org, "/sections"), q)
}

// ImportTimeline takes over one commit of a source history.
func (c *Client) ImportTimeline(ctx context.Context, org string, r service.TimelineCommit) (service.Receipt, error) {
	return send[service.Receipt](ctx, c, http.MethodPost, in(org, "/imports/timeline"), Options{}, r)
}

// ExportPeribolos writes the organization in the peribolos format.
func (c *Client) ExportPeribolos(ctx context.Context, org string, at At) (service.Peribolos, error) {
	return get[service.Peribolos](ctx, c, in(org, "/exports/peribolos"), at.query())
}

// Rules lists the numbered rules that role models cite and refusals name.
func (c *Client) Rules(ctx context.Context) ([]service.RuleView, error) {
	return get[[]service.RuleView](ctx, c, "/rules", nil)
}

// Rule says what a numbered rule means.
func (c *Client) Rule(ctx context.Context, id string) (service.RuleView, error) {
	return get[service.RuleView](ctx, c, "/rules/"+segment(id), nil)
}

// Models lists the role models.
func (c *Client) Models(ctx context.Context) ([]service.ModelView, error) {
	return get[[]service.ModelView](ctx, c, "/models", nil)
}

// AdoptModel puts another role model, or a newer version of it, in force.
func (c *Client) AdoptModel(ctx context.Context, org string, o Options, r service.AdoptRequest) (service.AdoptionReceipt, error) {
	return send[service.AdoptionReceipt](ctx, c, http.MethodPost, in(org, "/model"), o, adoptBody{r, o.annotations()})
}

// AdoptedModel shows the role model in force; with its canonical form, if source
// is asked for.
func (c *Client) AdoptedModel(ctx context.Context, org string, at At, source bool) (service.AdoptedModel, error) {
	q := at.query()
	q.Set("source", strconv.FormatBool(source))
	return get[service.AdoptedModel](ctx, c, in(org, "/model"), q)
}

// Model shows a role model.
func (c *Client) Model(ctx context.Context, id string) (service.ModelView, error) {
	return get[service.ModelView](ctx, c, "/models/"+segment(id), nil)
}

func in(org, path string) string { return "/organizations/" + segment(org) + path }

// segment writes a text as one part of a path, whatever is in it: servers take
// a part of dots alone as a way up.
func segment(text string) string {
	if strings.Trim(text, ".") == "" {
		return strings.ReplaceAll(text, ".", "%2E")
	}
	return url.PathEscape(text)
}

func get[T any](ctx context.Context, c *Client, path string, query url.Values) (T, error) {
	var answer T
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, nil)
	if err != nil {
		return answer, err
	}
	return answer, c.do(request, &answer)
}

func send[T any](ctx context.Context, c *Client, method, path string, o Options, body any) (T, error) {
	var answer T
	text, err := json.Marshal(body)
	if err != nil {
		return answer, err
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(text))
	if err != nil {
		return answer, err
	}
	request.Header.Set("Content-Type", "application/json")
	if o.IdempotencyKey != "" {
		request.Header.Set("Idempotency-Key", o.IdempotencyKey)
	}
	if o.IfRevision > 0 {
		request.Header.Set("If-Match", etag(o.IfRevision))
	}
	return answer, c.do(request, &answer)
}

// about sends a command about something that has an id.
func about[T any](ctx context.Context, c *Client, org, path, id, verb string, o Options) (T, error) {
	return send[T](ctx, c, http.MethodPost, in(org, path+segment(id)+"/"+verb), o, itemBody{o.annotations()})
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 1 << 30

func (c *Client) do(request *http.Request, answer any) error {
	request.Header.Set("Authorization", "Bearer "+c.key)
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if w, streamed := answer.(io.Writer); streamed && response.StatusCode < http.StatusMultipleChoices {
		if _, err := io.Copy(w, response.Body); err != nil {
			return fmt.Errorf("read the answer: %w", err)
		}
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		var p Problem
		if err := json.Unmarshal(body, &p); err != nil || p.Code == "" {
			return fmt.Errorf("%s answered %s: %.200s", request.URL.Host, response.Status, body)
		}
		return &p
	}
	if err := json.Unmarshal(body, answer); err != nil {
		return fmt.Errorf("%s gave an answer that cannot be read: %w", request.URL.Host, err)
	}
	return nil
}

// direct carries requests to a handler in the same process.
type direct struct{ handler http.Handler }

// RoundTrip implements [http.RoundTripper].
func (d direct) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Body == nil {
		request.Body = http.NoBody
	}
	body, writing := io.Pipe()
	answer := &streamed{header: http.Header{}, status: http.StatusOK, body: writing, begun: make(chan struct{})}
	go func() { writing.CloseWithError(d.serve(answer, request)) }()
	<-answer.begun
	return &http.Response{
		StatusCode: answer.status, Status: strconv.Itoa(answer.status) + " " + http.StatusText(answer.status),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: answer.sent,
		Body: body, ContentLength: -1, Request: request,
	}, nil
}

// serve calls the handler. One that breaks its answer off does so by a panic,
// as over the network.
func (d direct) serve(answer *streamed, request *http.Request) (err error) {
	defer answer.begin()
	defer func() {
		if broken := recover(); broken == http.ErrAbortHandler {
			err = errors.New("the answer was broken off")
		} else if broken != nil {
			panic(broken)
		}
	}()
	d.handler.ServeHTTP(answer, request)
	return nil
}

// streamed hands on what a handler writes while it does so: a backup is as large
// as the ledger.
type streamed struct {
	header, sent http.Header
	status       int
	body         *io.PipeWriter
	once         sync.Once
	begun        chan struct{}
}

// begin fixes the status and the headers.
func (s *streamed) begin() {
	s.once.Do(func() {
		s.sent = s.header.Clone()
		close(s.begun)
	})
}

func (s *streamed) Header() http.Header { return s.header }

func (s *streamed) WriteHeader(status int) {
	s.once.Do(func() {
		s.status, s.sent = status, s.header.Clone()
		close(s.begun)
	})
}

func (s *streamed) Write(p []byte) (int, error) {
	s.begin()
	return s.body.Write(p)
}

// answer collects what a handler writes.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newAnswer() *answer { return &answer{header: http.Header{}, status: http.StatusOK} }

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }
