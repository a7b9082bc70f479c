package aggregate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"tenure/events"
	"tenure/rolemodel"
)

// AdoptModel puts a newer version of the role model, or another model, in force.
// What is held stays as far as the model has it; for all else the command says
// what becomes of it, or it is refused.
type AdoptModel struct {
	Model *rolemodel.Model
	// Roles says what becomes of roles that are held: by the id under the model
	// in force, the id of the role in its place, or [NoRole]. What is not listed
	// stays.
	Roles map[string]string
	// Edition is the one to be in force; empty for that of the same id as now,
	// else the model's first.
	Edition events.EditionID
}

// Name implements [Command].
func (AdoptModel) Name() string { return "model.adopt" }

func (c AdoptModel) propose(d *draft) {
	// What stands in the way says much about the organization: it is told to
	// those alone who may adopt.
	if actor, is := d.state.Person(d.commit.Actor); is && !actor.ID.Builtin() {
		if refused := d.state.lacksAct(actor, rolemodel.ModelAdopt, d.state.Root, ""); refused != nil {
			refused.Event = -1
			d.refuse(*refused)
			return
		}
	}
	switch {
	case c.Model == nil:
		d.refuse(unknown("role model", "to adopt", "tenure models list"))
		return
	case c.Model.Digest() == d.state.Model.Digest():
		if len(c.Roles) > 0 || c.Edition != "" {
			refused := alreadyInForce(d.state)
			refused.Event = -1
			d.refuse(*refused)
		}
		return
	}
	if _, known := c.Model.Edition(string(c.Edition)); !known && c.Edition != "" {
		d.refuse(Refusal{Code: CodeUnknown, Field: "edition", Event: -1, Help: "tenure models show " + c.Model.ID,
			Message: fmt.Sprintf("The model %s has no edition %.40q; there is %s.", c.Model.ID, c.Edition, anyOf(editionIDs(c.Model)))})
		return
	}
	n := succession{state: d.state, model: c.Model, roles: c.Roles}
	if refusals := slices.Concat(n.unheard(), n.mistaken(), n.obstacles()); len(refusals) > 0 {
		d.refusals = append(d.refusals, bounded(refusals)...)
		return
	}
	lost := d.endFor(n)
	digest := c.Model.Digest()
	d.emit(events.ModelAdopted{Model: c.Model.ID, Source: c.Model.Canonical(), Digest: digest[:], Roles: n.list(lost)})
	if len(d.refusals) > 0 {
		return
	}
	if now := d.state.edition; c.Edition != "" && now.ID != string(c.Edition) {
		d.emit(events.EditionSet{Edition: c.Edition})
	}
	d.moveOver(n, lost)
	d.addAutomaticOf(n)
}

func alreadyInForce(s State) *Refusal {
	return &Refusal{Code: CodeExists, Field: "model", Message: fmt.Sprintf(
		"%s runs under this very version of the model %s already; roles are granted and revoked, and editions set, by themselves.", s.Org, s.Model.ID)}
}

func editionIDs(m *rolemodel.Model) []string {
	var ids []string
	for _, edition := range m.Editions {
		ids = append(ids, edition.ID)
	}
	return ids
}

// losing is a role that ends with an adoption, because it is mapped.
type losing struct {
	subject events.PrincipalID
	scope   events.ScopeID
	role    *rolemodel.Role
	until   time.Time
	// byDefault says that it was held by default.
	byDefault bool
}

// endFor ends what does not stay under the model, and lists the roles that were
// mapped.
func (d *draft) endFor(n succession) []losing {
	var lost []losing
	for _, scope := range n.state.Scopes() {
		for _, h := range scope.holders {
			for _, subject := range sorted(h.people) {
				if _, mapped := n.roles[h.role.ID()]; !mapped && !n.ends(h.role, subject) {
					continue
				}
				person, _ := n.state.Person(subject)
				g, _ := person.Grant(h.role, scope.ID)
				lost = append(lost, losing{subject, scope.ID, h.role, g.Until, g.byDefault()})
				d.revoke(subject, h.role, scope.ID, events.CauseModel)
			}
		}
		for _, marked := range scope.designated {
			if !n.hasDesignation(marked.Designation) {
				d.emit(events.DesignationCleared{Subject: marked.Subject, Designation: events.DesignationID(marked.Designation.Name),
					Scope: scope.ID, Cause: events.CauseModel})
			}
		}
		for _, given := range scope.Given {
			if !n.carries(scope, given.Permission) {
				d.emit(events.PermissionRemoved{Permission: n.permissionID(given.Permission), Scope: scope.ID})
			}
		}
		if len(scope.Domains) > 0 && !n.reroutes(scope) {
			d.emit(events.AddressesRouted{Scope: scope.ID})
		}
	}
	for _, person := range n.state.Persons() {
		if manager := person.manager(); manager != "" && !n.charts(person) {
			d.emit(events.ManagerRemoved{Subject: person.ID, Manager: manager, Cause: events.CauseModel})
		}
	}
	for _, invited := range n.state.invitees() {
		if _, invitation, _ := n.state.Invitation(invited.invitation); !n.invites(invitation) {
			d.emit(events.InvitationWithdrawn{Subject: invited.subject, Invitation: invited.invitation, Cause: events.CauseModel})
		}
	}
	for _, custom := range n.state.CustomRoles() {
		if !n.defines(custom) {
			d.emit(events.RoleDeleted{Role: events.RoleID(custom.Role.Name), Scope: n.state.Root, Cause: events.CauseModel})
			continue
		}
		for _, given := range custom.Given {
			if !n.chooses(custom, given.Permission) {
				d.emit(events.PermissionRemoved{Role: events.RoleID(custom.Role.Name), Permission: n.permissionID(given.Permission), Scope: n.state.Root})
			}
		}
	}
	for _, role := range n.state.Model.Roles {
		for _, w := range n.state.Withheld(role) {
			if !n.withholds(role, w) {
				d.emit(events.PermissionRestored{Kind: role.Kind, Role: events.RoleID(role.Name), Permission: n.permissionID(w.Permission), Value: w.Value})
			}
		}
	}
	for index := range n.state.features.All() {
		if feature := n.state.Model.Features[index]; !n.switches(feature) {
			d.emit(events.FeatureDisabled{Feature: events.FeatureID(feature.ID)})
		}
	}
	return lost
}

// moveOver grants the roles that come in the place of those that ended. What was
// held by default gives way to all else: where another role excludes it, it does
// not come. Of other roles that exclude each other the one that stands first in
// the model comes, and the audit refuses that the other one does not. What is over
// by now does not come again.
func (d *draft) moveOver(n succession, lost []losing) {
	type coming struct {
		subject events.PrincipalID
		scope   events.ScopeID
		role    *rolemodel.Role
	}
	type terms struct {
		until     time.Time
		byDefault bool
	}
	found := map[coming]terms{}
	var order []coming
	for _, l := range lost {
		role, comes := n.instead(l.role)
		if !comes || due(l.until, d.commit.DecidedAt) {
			continue
		}
		next := coming{l.subject, l.scope, role}
		last, twice := found[next]
		if !twice {
			order = append(order, next)
			last = terms{l.until, l.byDefault}
		}
		last.byDefault = last.byDefault && l.byDefault
		if l.until.IsZero() || !last.until.IsZero() && l.until.After(last.until) {
			last.until = l.until
		}
		found[next] = last
	}
	byDefault := func(c coming) int {
		if found[c].byDefault {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(order, func(a, b coming) int {
		return cmp.Or(cmp.Compare(byDefault(a), byDefault(b)), cmp.Compare(a.role.Index, b.role.Index))
	})
	for _, next := range order {
		// By now there is another reading of the model.
		role, _ := d.state.Role(next.role.Kind, next.role.Name)
		person, _ := d.state.Person(next.subject)
		_, held := person.Grant(role, next.scope)
		switch {
		case held, found[next].byDefault && (role.Default || excluding(person, role, next.scope) != nil): // as any default role, it comes by itself
		case found[next].byDefault || !slices.ContainsFunc(person.Grants, func(g Grant) bool {
			return g.Scope == next.scope && bars(g, role)
		}):
			d.give(events.RoleGranted{Subject: next.subject, Role: events.RoleID(role.Name), Scope: next.scope,
				Until: found[next].until, Cause: events.CauseModel}, role)
		}
	}
}

// byDefault says whether nobody decided about the grant: it came with a
// membership.
func (g Grant) byDefault() bool { return g.Since.Cause == events.CauseDefault }

// bars says whether a role on the same scope cannot come as long as the grant
// stands: it would be replaced by what is held, and does not replace a default in
// its turn.
func bars(g Grant, role *rolemodel.Role) bool {
	return slices.Contains(g.Role.Replaces, role) && !(g.byDefault() && slices.Contains(role.Replaces, g.Role))
}

// excluding is a role that the person holds on the scope and that nobody holds
// beside the other one; nil if there is none.
func excluding(person *Person, role *rolemodel.Role, on events.ScopeID) *Grant {
	for i := range person.Grants {
		g := &person.Grants[i]
		if g.Scope == on && (slices.Contains(g.Role.Replaces, role) || slices.Contains(role.Replaces, g.Role)) {
			return g
		}
	}
	return nil
}

// addAutomaticOf gives the background user the roles that the model before did
// not give it; others may have been withdrawn since (F11).
func (d *draft) addAutomaticOf(n succession) {
	for _, scope := range d.state.Scopes() {
		for _, role := range scope.Kind.Automatic {
			if n.newlyAutomatic(role) {
				d.grant(events.Background, role, scope.ID, events.CauseModel)
			}
		}
	}
}

// succession says what becomes, under another model, of what an organization
// holds.
type succession struct {
	// state is that under the model in force.
	state State
	model *rolemodel.Model
	// roles is as in [AdoptModel].
	roles map[string]string
}

// list writes down those of the mapped roles that were held or offered, as
// [events.ModelAdopted] has them.
func (n succession) list(lost []losing) []string {
	var list []string
	note := func(role *rolemodel.Role) {
		if into, mapped := n.roles[role.ID()]; mapped {
			list = append(list, role.ID()+mapsTo+into)
		}
	}
	for _, l := range lost {
		note(l.role)
	}
	for _, invited := range n.state.invitees() {
		if _, invitation, _ := n.state.Invitation(invited.invitation); invitation.Role != nil {
			note(invitation.Role)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// mapsTo stands between the two roles of a mapping.
const mapsTo = "="

// mapping reads what list has written.
func mapping(list []string) (map[string]string, error) {
	roles := make(map[string]string, len(list))
	for i, entry := range list {
		from, into, is := strings.Cut(entry, mapsTo)
		if !is || from == "" || into == "" {
			return nil, fmt.Errorf("%.80q does not say what becomes of a role", entry)
		}
		if i > 0 && entry <= list[i-1] {
			return nil, fmt.Errorf("%.80q is not in its place", entry)
		}
		if _, twice := roles[from]; twice {
			return nil, fmt.Errorf("%.80q is there twice", from)
		}
		roles[from] = into
	}
	return roles, nil
}

// stays finds the role of the same id under the model, if it is that: a custom
// role stays as long as its template does. A role that is held as a custom one
// has no role in its place here.
func (n succession) stays(role *rolemodel.Role) (next *rolemodel.Role, stays bool) {
	if role.Template != nil {
		custom, known := n.state.CustomRole(role)
		return nil, known && n.defines(custom)
	}
	return n.model.Role(role.Kind, role.Name)
}

// ends says whether somebody's role ends though it is not mapped: the background
// user has no others than the model gives it.
func (n succession) ends(role *rolemodel.Role, subject events.PrincipalID) bool {
	if subject != events.Background {
		return false
	}
	next, stays := n.stays(role)
	return !stays || next == nil || !next.Automatic
}

// instead is the role that comes in the place of a mapped one, if any does.
func (n succession) instead(role *rolemodel.Role) (*rolemodel.Role, bool) {
	into, mapped := n.roles[role.ID()]
	if !mapped || into == string(NoRole) {
		return nil, false
	}
	kind, name, _ := strings.Cut(into, ".")
	return n.model.Role(kind, name)
}

// newlyAutomatic says whether a role of the model is the background user's, and
// none was so before.
func (n succession) newlyAutomatic(role *rolemodel.Role) bool {
	if !role.Automatic {
		return false
	}
	if before, known := n.state.Model.Role(role.Kind, role.Name); known && before.Automatic {
		return false
	}
	for _, before := range n.state.Model.Roles {
		if before.Automatic && n.roles[before.ID()] == role.ID() {
			return false
		}
	}
	return true
}

func (n succession) hasDesignation(designation *rolemodel.Designation) bool {
	_, has := n.model.Designation(designation.Kind, designation.Name)
	return has
}

// permission finds the permission of the same id under the model.
func (n succession) permission(index int) (*rolemodel.Permission, bool) {
	return n.model.Permission(n.state.Model.Permissions[index].ID)
}

func (n succession) permissionID(index int) events.PermissionID {
	return events.PermissionID(n.state.Model.Permissions[index].ID)
}

// allows says whether a model lets anybody do one of the acts on scopes of the
// kind.
func allows(m *rolemodel.Model, kind string, acts ...rolemodel.Act) bool {
	return slices.ContainsFunc(acts, func(act rolemodel.Act) bool { return !m.Allowing(kind, act).Empty() })
}

// deprives says whether somebody could do one of the acts on scopes of the kind,
// and nobody can under the model.
func (n succession) deprives(kind string, acts ...rolemodel.Act) bool {
	return allows(n.state.Model, kind, acts...) && !allows(n.model, kind, acts...)
}

// reroutes says whether addresses can go on being rerouted to a scope.
func (n succession) reroutes(scope *Scope) bool {
	kind, known := n.model.Kind(scope.Kind.Name)
	return known && kind.Membership && !n.deprives(kind.Name, rolemodel.AddressesRoute) && !n.deprives(kind.Name, rolemodel.InvitationAnswer)
}

// charts says whether somebody can go on having a manager.
func (n succession) charts(person *Person) bool {
	on := []events.ScopeID{n.state.Root}
	for _, m := range person.Memberships {
		on = append(on, m.Scope)
	}
	under := func(m *rolemodel.Model) bool {
		return slices.ContainsFunc(on, func(id events.ScopeID) bool { return allows(m, id.Kind(), rolemodel.ManagerAssign) })
	}
	return under(n.model) || !under(n.state.Model)
}

// carries says whether a group can go on giving a permission.
func (n succession) carries(scope *Scope, index int) bool {
	kind, known := n.model.Kind(scope.Kind.Name)
	permission, exists := n.permission(index)
	return known && exists && kind.Carries.Has(permission.Index) && !n.deprives(kind.Name, rolemodel.ScopePermit)
}

// defines says whether a custom role can stay. One whose name the model gives to
// a role of its own cannot.
func (n succession) defines(custom *CustomRole) bool {
	_, known := n.model.Template(custom.Role.Template.ID())
	_, taken := n.model.Role(custom.Role.Kind, custom.Role.Name)
	return known && !taken
}

// chooses says whether a custom role that stays can go on giving a permission.
func (n succession) chooses(custom *CustomRole, index int) bool {
	template, known := n.model.Template(custom.Role.Template.ID())
	permission, exists := n.permission(index)
	return known && exists && template.Choices.Has(permission.Index)
}

// withholds says whether a permission can stay withheld from a role.
func (n succession) withholds(role *rolemodel.Role, w Withheld) bool {
	next, known := n.model.Role(role.Kind, role.Name)
	_, exists := n.permission(w.Permission)
	if !known || !exists || !next.Adjustable || n.deprives(n.model.Root, rolemodel.RoleWithhold, rolemodel.RoleWithholdFor(w.Value)) {
		return false
	}
	return w.Value == "" || next.AdjustablePer != nil && slices.Contains(next.AdjustablePer.Values, w.Value)
}

// switches says whether a feature that was turned on by hand can stay so.
func (n succession) switches(feature *rolemodel.Feature) bool {
	next, known := n.model.Feature(feature.ID)
	return known && len(next.Editions) == 0 && !n.deprives(n.model.Root, rolemodel.FeatureSwitch)
}

// invites says whether an invitation can stay as it is: to the same membership,
// of the same kind, with the same role.
func (n succession) invites(invitation Invitation) bool {
	var role *rolemodel.Role
	if invitation.Role != nil {
		if _, mapped := n.roles[invitation.Role.ID()]; mapped {
			return false
		}
		next, stays := n.stays(invitation.Role)
		if !stays {
			return false
		}
		if role = next; role != nil && (passes(role) || role.Automatic || role.Client) {
			return false
		}
	}
	leads := n.state.leadsTo(invitation.Scope, invitation.Role)
	if n.leadsTo(invitation.Scope, role, invitation.Role) != leads {
		return false
	}
	kind, known := n.model.Kind(leads.Kind())
	if !known || !kind.Membership {
		return false
	}
	_, fits := n.memberKind(leads, invitation.MemberKind)
	return fits
}

// leadsTo is [State.leadsTo] under the model; of a custom role it asks the
// template.
func (n succession) leadsTo(to events.ScopeID, role, before *rolemodel.Role) events.ScopeID {
	if kind, known := n.model.Kind(to.Kind()); known && kind.Membership {
		return to
	}
	membership := ""
	if role != nil {
		membership = role.Membership
	} else if before != nil {
		if template, known := n.model.Template(before.Template.ID()); known {
			membership = template.Membership
		}
	}
	for at := range n.state.Up(to) {
		if membership != "" && at.ID.Kind() == membership {
			return at.ID
		}
	}
	return n.state.Root
}

// memberKind is how a kind of member of a scope is said under the model; false
// if it has no such kind there. The usual one stays what it is, be it the usual
// one or not.
func (n succession) memberKind(on events.ScopeID, id events.MemberKindID) (events.MemberKindID, bool) {
	scope, exists := n.state.Scope(on)
	kind, known := n.model.Kind(on.Kind())
	if !exists || !known {
		return "", false
	}
	before, had := scope.Kind.MemberKind(string(id))
	if !had {
		return "", true
	}
	if len(kind.MemberKinds) == 0 {
		return "", before == scope.Kind.MemberKinds[0]
	}
	if kind.MemberKinds[0].ID == before.ID {
		return "", true
	}
	_, has := kind.MemberKind(before.ID)
	return events.MemberKindID(before.ID), has
}

// attribute is the value that an attribute of a scope has under the model; false
// if it cannot have the one that it has.
func (n succession) attribute(scope *Scope, attribute *rolemodel.Attribute) (string, bool) {
	kind, known := n.model.Kind(scope.Kind.Name)
	if !known {
		return "", false
	}
	next, has := kind.Attribute(attribute.ID)
	value := scope.Attribute(attribute.ID)
	return value, has && slices.Contains(next.Values, value)
}
