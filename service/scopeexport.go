package service

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
	"tenure/vault"
)

// MemberRow is a member of a scope, or who holds a role there, as written to a
// file.
type MemberRow struct {
	ID     events.PrincipalID `json:"id" doc:"Who it is."`
	Login  string             `json:"login" doc:"Login, else address, else id."`
	Name   string             `json:"name,omitempty" doc:"Full name."`
	Kind   string             `json:"kind,omitempty" doc:"The kind of member; absent where all members are alike."`
	Status string             `json:"status" enum:"active,suspended,none" doc:"Whether the membership counts; none for who holds a role without one."`
	Roles  []string           `json:"roles" doc:"What the person holds on the scope."`
	Since  time.Time          `json:"since" doc:"From when the person is a member, else holds the first of these roles."`
}

// ScopeRow is a scope as written to a file, which [Service.ImportScopes] reads.
type ScopeRow struct {
	ID         events.ScopeID    `json:"id" doc:"KIND:HANDLE."`
	Handle     string            `json:"handle" doc:"The handle alone."`
	Title      string            `json:"title,omitempty" doc:"Its title."`
	Under      events.ScopeID    `json:"under,omitempty" doc:"The scope above; absent where that is the organization itself."`
	Owner      string            `json:"owner,omitempty" doc:"Who holds for the longest time what whoever creates such a scope is given: login, else address, else id."`
	Attributes map[string]string `json:"attributes,omitempty" doc:"The attributes of its kind, and what they are; absent where it has none."`
	Archived   bool              `json:"archived,omitempty" doc:"Whether it, or a scope above it, is in the archive."`
	Members    int               `json:"members" doc:"How many are its members."`
	Since      time.Time         `json:"since" doc:"When it was created."`
}

// exporting shows a scope to a caller who may write what is there to a file by one
// of the acts, and so sees the names of whoever is there. The kind is that of the
// scopes that are wanted, empty where it is the members.
func (s *Service) exporting(ctx context.Context, caller Caller, org events.OrgID, reading Reading, name, kind string) (*view, events.ScopeID, error) {
	now, err := s.newest(ctx, caller, org, reading, "", "")
	if err != nil {
		return nil, "", err
	}
	seen, err := s.read(ctx, caller, org, reading, "", "")
	if err != nil {
		return nil, "", err
	}
	id, err := seen.scope("scope", name)
	if err == nil && seen.hides(id) {
		err = refuseScope(org, "scope", name)
	}
	if err != nil {
		return nil, "", err
	}
	acts := []rolemodel.Act{rolemodel.ScopeExport}
	if kind != "" {
		acts = append(acts, rolemodel.ScopeExportOf(kind))
	}
	may := func(on events.ScopeID) bool {
		return slices.ContainsFunc(acts, func(act rolemodel.Act) bool { return now.MayAct(caller.Principal, act, on) })
	}
	if !caller.Operator() && !may(id) {
		refused := refuse(aggregate.CodeNotPermitted, "", "You may not export %s (%s).", id, acts[len(acts)-1])
		refused[0].Scope, refused[0].Contact = id, now.Contact(caller.Principal)
		for _, act := range acts {
			refused[0].Rule = firstOf(now.RuleOf(act, id), refused[0].Rule)
		}
		for _, scope := range now.Scopes() { // where the caller may, if anywhere
			if scope.Kind.Name == kind && scope.Parent != id && now.Under(scope.Parent, id) && may(scope.Parent) {
				refused[0].Field, refused[0].Help = "under", fmt.Sprintf("tenure scope export %s --kind %s --org %s", scope.Parent, kind, org)
				refused[0].Message += fmt.Sprintf(" You may export those below %s.", scope.Parent)
				break
			}
		}
		return nil, "", s.introduced(now, refused)
	}
	s.log.Info("a scope is exported", "org", org, "scope", id, "by", caller.Principal)
	seen.all = true
	return seen, id, nil
}

// ExportMembers lists the members of a scope, and who holds a role there, by
// login, for those who may export it.
func (s *Service) ExportMembers(ctx context.Context, caller Caller, org events.OrgID, reading Reading, name string) ([]MemberRow, error) {
	seen, id, err := s.exporting(ctx, caller, org, reading, name, "")
	if err != nil {
		return nil, err
	}
	scope, _ := seen.state.Scope(id)
	there := scope.Members()
	held := map[events.PrincipalID][]string{}
	for _, role := range seen.state.Roles() {
		for _, holder := range scope.Holders(role) {
			there = append(there, holder)
			held[holder] = append(held[holder], role.Name)
		}
	}
	slices.Sort(there)
	rows := []MemberRow{}
	for _, holder := range slices.Compact(there) {
		if person, _ := seen.state.Person(holder); !holder.Builtin() && !person.Client {
			rows = append(rows, seen.memberRow(person, scope, held[holder]))
		}
	}
	sortBy(rows, func(r MemberRow) string { return r.Login })
	return rows, nil
}

func (v *view) memberRow(person *aggregate.Person, on *aggregate.Scope, roles []string) MemberRow {
	row := MemberRow{ID: person.ID, Login: v.login(person.ID),
		Name: v.service.open(v.state.Org, string(person.ID), vault.FieldName, person.Details.Name), Status: "none", Roles: append([]string{}, roles...),
	}
	if running, member := person.Membership(on.ID); member {
		m := v.membership(person, running)
		row.Kind, row.Since, row.Status = m.Kind, m.Since, "suspended"
		if m.Active {
			row.Status = "active"
		}
		return row
	}
	for _, g := range person.Grants {
		if g.Scope == on.ID && (row.Since.IsZero() || g.Since.At.Before(row.Since)) {
			row.Since = g.Since.At
		}
	}
	return row
}

// ExportScopes lists the scopes of a kind below another one, parents before
// children, for those who may export that.
func (s *Service) ExportScopes(ctx context.Context, caller Caller, org events.OrgID, reading Reading, kind, under string) ([]ScopeRow, error) {
	seen, top, err := s.exporting(ctx, caller, org, reading, under, kind)
	if err != nil {
		return nil, err
	}
	state := seen.state
	if _, known := state.Model.Kind(kind); !known {
		return nil, refuseUnknown("kind", "scope kind", fmt.Sprintf("%.40q", kind)+" in the model "+state.Model.ID, "tenure models show "+state.Model.ID)
	}
	rows := []ScopeRow{}
	for _, scope := range state.Scopes() {
		if scope.Kind.Name != kind || scope.ID == top || !state.Under(scope.ID, top) || seen.hides(scope.ID) {
			continue
		}
		above := scope.Parent
		if above == state.Root { // so that the file goes with any organization
			above = ""
		}
		rows = append(rows, ScopeRow{
			ID: scope.ID, Handle: scope.ID.Handle(), Title: seen.title(scope.ID), Under: above, Owner: seen.owner(scope),
			Attributes: attributesOf(scope), Archived: state.Archived(scope.ID), Members: len(scope.Members()), Since: scope.Created.At,
		})
	}
	return rows, nil
}

// owner is who holds for the longest time the first of the roles that whoever
// creates such a scope is given; empty if nobody does.
func (v *view) owner(scope *aggregate.Scope) string {
	if len(scope.Kind.Creator) == 0 {
		return ""
	}
	var owner events.PrincipalID
	var since time.Time
	for _, holder := range scope.Holders(scope.Kind.Creator[0]) {
		person, _ := v.state.Person(holder)
		if g, _ := person.Grant(scope.Kind.Creator[0], scope.ID); owner == "" || g.Since.At.Before(since) {
			owner, since = holder, g.Since.At
		}
	}
	return v.login(owner)
}
