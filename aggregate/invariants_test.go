package aggregate

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"tenure/events"
	"tenure/rolemodel"
)

// broken finds what must never be, by a plain look at everything in the
// snapshot; it shares no code with the package. Empty means sound.
func broken(shot Snapshot, model *rolemodel.Model) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }

	roleOf := func(kind, name string) (*rolemodel.Role, bool) { return roleIn(shot, model, kind, name) }
	scopes := map[events.ScopeID]ScopeSnapshot{}
	for _, scope := range shot.Scopes {
		scopes[scope.ID] = scope
	}
	persons := map[events.PrincipalID]PersonSnapshot{}
	for _, person := range shot.Persons {
		persons[person.ID] = person
	}
	member := func(who events.PrincipalID, on events.ScopeID) (running, active bool) {
		for _, m := range persons[who].Memberships {
			if m.Scope == on {
				return true, m.Active
			}
		}
		return false, false
	}

	// The tree: one root, every other scope below one that is there and of a
	// kind that may stand so, no circles, and children as parents say.
	children := map[events.ScopeID][]events.ScopeID{}
	for _, scope := range shot.Scopes {
		if (scope.ID == shot.Root) != (scope.Parent == "") {
			fault("%s stands below %q", scope.ID, scope.Parent)
		}
		if scope.Kind != scope.ID.Kind() {
			fault("%s is of kind %s", scope.ID, scope.Kind)
		}
		if scope.Parent == "" {
			continue
		}
		children[scope.Parent] = append(children[scope.Parent], scope.ID)
		parent, exists := scopes[scope.Parent]
		if !exists {
			fault("%s stands below %s, which is not there", scope.ID, scope.Parent)
			continue
		}
		kind, _ := model.Kind(scope.Kind)
		if !slices.ContainsFunc(kind.Under, func(k *rolemodel.Kind) bool { return k.Name == parent.Kind }) {
			fault("%s stands below %s", scope.ID, parent.ID)
		}
		steps := 0
		for at := scope; at.Parent != "" && steps <= len(shot.Scopes); steps++ {
			at = scopes[at.Parent]
		}
		if steps > len(shot.Scopes) {
			fault("%s stands below itself", scope.ID)
		}
	}
	for _, scope := range shot.Scopes {
		slices.Sort(children[scope.ID])
		if !slices.Equal(children[scope.ID], scope.Children) {
			fault("%s has children %v, and its index says %v", scope.ID, children[scope.ID], scope.Children)
		}
	}

	// Memberships and roles: on scopes that are there, once each, and the
	// scope's index says the same.
	type hold struct {
		who   events.PrincipalID
		role  events.RoleID
		scope events.ScopeID
	}
	held := map[hold]int{}
	for _, person := range shot.Persons {
		for _, m := range person.Memberships {
			held[hold{person.ID, "", m.Scope}]++
			kind, _ := model.Kind(m.Scope.Kind())
			if !kind.Membership {
				fault("%s is a member of %s, whose kind has none", person.ID, m.Scope)
			}
			top, _ := model.Kind(shot.Root.Kind())
			if at := slices.IndexFunc(person.Memberships, func(m Membership) bool { return m.Scope == shot.Root }); at >= 0 && len(top.MemberKinds) > 0 {
				as, _ := kind.MemberKind(string(m.MemberKind))
				is, _ := top.MemberKind(string(person.Memberships[at].MemberKind))
				if as != nil && len(as.Needs) > 0 && !slices.Contains(as.Needs, is.ID) {
					fault("%s is a member of %s as %s, and one of %s as %s", person.ID, m.Scope, as.ID, shot.Root, is.ID)
				}
			}
		}
		for _, g := range person.Grants {
			held[hold{person.ID, g.Role, g.Scope}]++
		}
	}
	indexed := map[hold]int{}
	for _, scope := range shot.Scopes {
		for _, who := range scope.Members {
			indexed[hold{who, "", scope.ID}]++
		}
		for _, holders := range scope.Holders {
			for _, who := range holders.Persons {
				indexed[hold{who, holders.Role, scope.ID}]++
			}
		}
	}
	for h, times := range held {
		if times != 1 || indexed[h] != 1 {
			fault("%+v %d times, indexed %d times", h, times, indexed[h])
		}
	}
	for h := range indexed {
		if held[h] == 0 {
			fault("%+v is indexed and not held", h)
		}
	}

	// Marks on scopes and kinds of member are those that the model has, and who
	// holds a role for some kinds of member is of one of them.
	for _, scope := range shot.Scopes {
		kind, _ := model.Kind(scope.Kind)
		for _, attribute := range scope.Attributes {
			declared, known := kind.Attribute(string(attribute.ID))
			if !known || !slices.Contains(declared.Values, attribute.Value) {
				fault("%s has %+v", scope.ID, attribute)
			}
		}
		if scope.Archive.Revision > 0 && scope.ID == shot.Root {
			fault("the organization is in the archive")
		}
	}
	kindOn := func(who events.PrincipalID, on events.ScopeID) string {
		for _, m := range persons[who].Memberships {
			if kind, _ := model.Kind(on.Kind()); m.Scope == on && len(kind.MemberKinds) > 0 {
				if m.MemberKind == "" {
					return kind.MemberKinds[0].ID
				}
				return string(m.MemberKind)
			}
		}
		return ""
	}
	for h := range held {
		kind, _ := model.Kind(h.scope.Kind())
		as := kindOn(h.who, h.scope)
		if h.role == "" && as != "" && !slices.ContainsFunc(kind.MemberKinds, func(k *rolemodel.MemberKind) bool { return k.ID == as }) {
			fault("%s is a %s of %s", h.who, as, h.scope)
		}
		role, defined := roleOf(h.scope.Kind(), string(h.role))
		if h.role == "" || !defined || len(role.MemberKinds) == 0 {
			continue
		}
		if root, _ := model.Kind(model.Root); len(root.MemberKinds) > 0 && kindOn(h.who, shot.Root) == "" {
			fault("%+v as a stranger to the organization", h)
		}
		from := h.scope
		for scopes[from].Kind != role.Membership && from != "" {
			from = scopes[from].Parent
		}
		for ; from != ""; from = scopes[from].Parent {
			if as := kindOn(h.who, from); as != "" && !slices.Contains(role.MemberKinds, as) {
				fault("%+v as a %s of %s", h, as, from)
			}
		}
	}

	marked := map[hold]bool{} // by designation
	for _, scope := range shot.Scopes {
		for _, mark := range scope.Designated {
			marked[hold{mark.Subject, events.RoleID(mark.Designation), scope.ID}] = true
		}
	}

	// Editions: one of the model's, and nobody holds what it lacks (C28).
	inForce, known := model.Edition(shot.Edition)
	if known != (shot.Edition != "") {
		fault("the edition %q is in force", shot.Edition)
	}
	on := func(feature *rolemodel.Feature) bool {
		switch {
		case feature == nil:
			return true
		case len(feature.Editions) > 0:
			return inForce != nil && slices.Contains(feature.Editions, inForce)
		}
		return slices.Contains(shot.Features, feature.ID)
	}

	// Roles: the membership that each rests on runs and is of a kind that can hold
	// it, and the bounds hold.
	type place struct {
		role  *rolemodel.Role
		scope events.ScopeID
	}
	total, active, lasting := map[place]int{}, map[place]int{}, map[place]int{}
	ends := map[hold]bool{}
	for _, person := range shot.Persons {
		for _, g := range person.Grants {
			ends[hold{person.ID, g.Role, g.Scope}] = !g.Until.IsZero()
			if g.Announced && g.Until.IsZero() {
				fault("%s is told that %s ends, which does not", person.ID, g.Role)
			}
		}
	}
	for h := range held {
		if h.role == "" {
			continue
		}
		role, defined := roleOf(h.scope.Kind(), string(h.role))
		if !defined {
			fault("%+v is no role", h)
			continue
		}
		isMember, acts := member(h.who, shot.Root)
		acts = acts || !isMember
		if role.Membership != "" {
			at := h.scope
			for scopes[at].Kind != role.Membership && at != "" {
				at = scopes[at].Parent
			}
			running, awake := member(h.who, at)
			if !running {
				fault("%+v without membership of %q", h, at)
			}
			acts = acts && awake
			for ; at != "" && len(role.MemberKinds) > 0; at = scopes[at].Parent { // M11
				kind, _ := model.Kind(scopes[at].Kind)
				for _, m := range persons[h.who].Memberships {
					if is, declared := kind.MemberKind(string(m.MemberKind)); declared && m.Scope == at && !slices.Contains(role.MemberKinds, is.ID) {
						fault("%+v is %s on %s", h, is.ID, at)
					}
				}
			}
		}
		if role.Automatic != (h.who == events.Background) { // F11
			fault("%+v", h)
		}
		if ends[h] && (role.Default || role.Automatic || len(role.TransferredBy) > 0) {
			fault("%+v ends by itself", h)
		}
		total[place{role, h.scope}]++
		if !on(role.Feature) && len(role.Feature.Editions) > 0 {
			fault("%+v in the edition %s", h, shot.Edition)
		}
		if acts && on(role.Feature) {
			active[place{role, h.scope}]++
			if !ends[h] {
				lasting[place{role, h.scope}]++
			}
		}
	}
	for _, scope := range shot.Scopes {
		for _, role := range model.Roles {
			if role.Kind != scope.Kind {
				continue
			}
			at := place{role, scope.ID}
			least := role.AtLeast
			if role == model.Highest {
				least = max(least, 1) // X01
			}
			if lasting[at] < least {
				fault("%s has %d active %s", scope.ID, lasting[at], role.Name)
			}
			if role.AtMost > 0 && total[at] > role.AtMost {
				fault("%s has %d %s", scope.ID, total[at], role.Name)
			}
		}
		// Members hold the default role or one that replaces it.
		var basic *rolemodel.Role
		for _, role := range model.Roles {
			if role.Kind == scope.Kind && role.Default {
				basic = role
			}
		}
		for _, who := range scope.Members {
			if basic != nil && !slices.ContainsFunc(model.Roles, func(role *rolemodel.Role) bool {
				return held[hold{who, events.RoleID(role.Name), scope.ID}] == 1 && role.Kind == scope.Kind &&
					(role == basic || slices.Contains(role.Replaces, basic))
			}) {
				fault("%s is a member of %s without a role", who, scope.ID)
			}
		}
	}

	// Marks: one person each, who holds a role for it, while its quorums are
	// there (F04, F08).
	for mark := range marked {
		designation, defined := model.Designation(mark.scope.Kind(), string(mark.role))
		if !defined || !slices.ContainsFunc(designation.Among, func(role *rolemodel.Role) bool {
			return held[hold{mark.who, events.RoleID(role.Name), mark.scope}] == 1
		}) {
			fault("%+v is marked and holds no role for it", mark)
			continue
		}
		for _, quorum := range designation.While {
			if active[place{quorum.Role, mark.scope}] < quorum.AtLeast {
				fault("%+v is marked with %d active %s", mark, active[place{quorum.Role, mark.scope}], quorum.Role.Name)
			}
		}
		for other := range marked {
			if other.role == mark.role && other.scope == mark.scope && other.who != mark.who {
				fault("%+v and %s are marked", mark, other.who)
			}
		}
	}

	// Addresses: rerouted to one scope, which has members.
	routes := map[string]events.ScopeID{}
	for _, scope := range shot.Scopes {
		if kind, _ := model.Kind(scope.Kind); len(scope.Domains) > 0 && !kind.Membership || !slices.IsSorted(scope.Domains) {
			fault("%v are rerouted to %s", scope.Domains, scope.ID)
		}
		for _, domain := range scope.Domains {
			if routes[domain] != "" {
				fault("%s is rerouted to %s and %s", domain, routes[domain], scope.ID)
			}
			routes[domain] = scope.ID
		}
	}

	// Matters: what is open has its person, and of who is anonymized nothing is.
	open := map[string]events.PrincipalID{}
	for _, person := range shot.Persons {
		m := person.Matters
		if m == nil {
			continue
		}
		if person.ID == events.Background {
			fault("the background user has matters")
		}
		asked := map[events.ScopeID]bool{}
		for i, invitation := range m.Invitations {
			open[string(invitation.ID)] = person.ID
			if running, _ := member(person.ID, invitation.Scope); running || asked[invitation.Scope] {
				fault("%s is invited to %s, being there or twice", person.ID, invitation.Scope)
			}
			asked[invitation.Scope] = true
			if _, exists := scopes[invitation.Scope]; !exists {
				fault("%s is invited to %s, which is not there", person.ID, invitation.Scope)
			}
			if _, exists := scopes[invitation.Route]; invitation.Route != "" && !exists {
				fault("an invitation is rerouted to %s, which is not there", invitation.Route)
			}
			role, defined := roleOf(invitation.Scope.Kind(), string(m.Roles[i]))
			if m.Roles[i] != "" && (!defined || role.Automatic || len(role.TransferredBy) > 0) {
				fault("%s is invited to be %s of %s", person.ID, m.Roles[i], invitation.Scope)
			}
		}
		for _, reminder := range m.Reminders {
			open[string(reminder.ID)] = person.ID
			if reminder.Due.Before(reminder.First) {
				fault("reminder %s is due at %s, and was first at %s", reminder.ID, reminder.Due, reminder.First)
			}
		}
		for _, h := range m.Holds {
			open[string(h.ID)] = person.ID
		}
		if m.Case != nil && m.Case.Closed.Revision == 0 {
			if running, _ := member(person.ID, shot.Root); running {
				fault("%s is a member, and the case is open", person.ID)
			}
		}
		if m.Anonymization != nil {
			if len(person.Memberships)+len(person.Grants)+len(person.Credentials)+len(m.Invitations)+len(m.Reminders)+len(m.Holds) > 0 || m.Retention != nil ||
				fmt.Sprint(person.Details) != fmt.Sprint(Details{}) {
				fault("%s is anonymized, and something is left: %+v", person.ID, person)
			}
			if m.Anonymization.Completed.Revision > 0 && m.Case != nil && m.Case.Closed.Revision == 0 {
				fault("%s is anonymized, and the case is open", person.ID)
			}
		}
	}
	if fmt.Sprint(open) != fmt.Sprint(shot.Subjects) {
		fault("open are %v, and the index says %v", open, shot.Subjects)
	}

	// Managers: members who know of each other, and nobody above themselves.
	for _, person := range shot.Persons {
		if person.Chart == nil {
			continue
		}
		if running, _ := member(person.ID, shot.Root); !running {
			fault("%s has a place among managers, and is no member", person.ID)
		}
		for _, report := range person.Chart.Reports {
			if below := persons[report].Chart; below == nil || below.Manager != person.ID {
				fault("%s has the report %s, who knows of nothing", person.ID, report)
			}
		}
		if above := persons[person.Chart.Manager].Chart; person.Chart.Manager != "" && (above == nil || !slices.Contains(above.Reports, person.ID)) {
			fault("%s has the manager %s, who knows of nothing", person.ID, person.Chart.Manager)
		}
		steps := 0
		for at := person; at.Chart != nil && at.Chart.Manager != "" && steps <= len(persons); steps++ {
			at = persons[at.Chart.Manager]
		}
		if steps > len(persons) {
			fault("%s stands above themselves", person.ID)
		}
	}

	// Clients: roles for clients, keys, and nothing else; nothing after the end.
	for _, person := range shot.Persons {
		for _, g := range person.Grants {
			if role, defined := model.Role(g.Scope.Kind(), string(g.Role)); defined && role.Client != person.Client {
				fault("%s holds %s, and is a client: %t", person.ID, g.Role, person.Client)
			}
		}
		if person.Client && (len(person.Memberships) > 0 || person.Matters != nil || person.Chart != nil) {
			fault("the client %s has what people have: %+v", person.ID, person)
		}
		if person.Deleted && (!person.Client || len(person.Grants)+len(person.Credentials) > 0) {
			fault("%s is deleted, and something is left: %+v", person.ID, person)
		}
	}

	// Keys: in force for those who have them.
	keys := 0
	for _, credential := range shot.Credentials {
		if !slices.Contains(persons[credential.Subject].Credentials, credential.ID) {
			fault("key %s is not its subject's", credential.ID)
		}
	}
	for _, person := range shot.Persons {
		keys += len(person.Credentials)
		if person.Ever < len(person.Credentials) {
			fault("%s has more keys than ever", person.ID)
		}
	}
	if keys != len(shot.Credentials) {
		fault("%d keys of people, %d in force", keys, len(shot.Credentials))
	}
	return append(faults, brokenTerms(shot, model)...)
}

// roleIn finds a role of the model or one that the organization has defined.
func roleIn(shot Snapshot, model *rolemodel.Model, kind, name string) (*rolemodel.Role, bool) {
	if role, defined := model.Role(kind, name); defined {
		return role, true
	}
	for _, custom := range shot.CustomRoles {
		if template, known := model.Template(custom.Template); known && custom.Kind == kind && custom.Name == name {
			return template.Role(0, name), true
		}
	}
	return nil, false
}

// brokenTerms finds what must never be in what the organization says of roles and
// groups.
func brokenTerms(shot Snapshot, model *rolemodel.Model) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	within := func(what string, given []GivenSnapshot, choices rolemodel.Set) {
		seen := map[string]bool{}
		for _, g := range given {
			permission, known := model.Permission(g.Permission)
			if !known || !choices.Has(permission.Index) || seen[g.Permission] {
				fault("%s gives %s, which it cannot, or twice", what, g.Permission)
			}
			seen[g.Permission] = true
		}
	}
	names := map[string]bool{}
	for _, custom := range shot.CustomRoles {
		template, known := model.Template(custom.Template)
		if _, taken := model.Role(custom.Kind, custom.Name); taken || !known || template.Kind != custom.Kind || names[custom.Name] || custom.Name == "none" {
			fault("%+v is no custom role, or twice", custom)
			continue
		}
		names[custom.Name] = true
		within(custom.Name, custom.Given, template.Choices)
	}
	for _, scope := range shot.Scopes {
		kind, _ := model.Kind(scope.Kind)
		within(string(scope.ID), scope.Given, kind.Carries)
	}
	for i, w := range shot.Withheld {
		kind, name, _ := strings.Cut(w.Role, ".")
		role, known := model.Role(kind, name)
		permission, exists := model.Permission(w.Permission)
		if !known || !exists || !role.Adjustable || role == model.Highest || !gives(role, permission) ||
			(role.AdjustablePer == nil) != (w.Value == "") || w.Value != "" && !slices.Contains(role.AdjustablePer.Values, w.Value) {
			fault("%+v is withheld", w)
		}
		if slices.ContainsFunc(shot.Withheld[:i], func(other WithheldSnapshot) bool {
			return other.Role == w.Role && other.Permission == w.Permission && other.Value == w.Value
		}) {
			fault("%+v is withheld twice", w)
		}
	}
	return faults
}

// gives says whether the role gives the permission somewhere, if only under a
// condition.
func gives(role *rolemodel.Role, p *rolemodel.Permission) bool {
	on := func(d rolemodel.Dependent) bool { return d.Permission == p.Index }
	return role.Own.Has(p.Index) || role.Below.Has(p.Index) || slices.ContainsFunc(role.OwnIf, on) || slices.ContainsFunc(role.BelowIf, on)
}

// misjudged finds a permission question that the state answers otherwise than a
// plain look at its snapshot does. Permissions that depend on a condition
// somewhere are left out.
func misjudged(s State) string {
	shot := s.Snapshot()
	scopes := map[events.ScopeID]ScopeSnapshot{}
	for _, scope := range shot.Scopes {
		scopes[scope.ID] = scope
	}
	up := func(from events.ScopeID) (list []events.ScopeID) {
		for at := from; at != ""; at = scopes[at].Parent {
			list = append(list, at)
		}
		return list
	}
	gives := func(given []GivenSnapshot, id string) bool {
		return slices.ContainsFunc(given, func(g GivenSnapshot) bool { return g.Permission == id })
	}
	withheld := func(role *rolemodel.Role, id string, on events.ScopeID) bool {
		value := ""
		if role.AdjustablePer != nil {
			for _, at := range up(on) {
				if at.Kind() == role.Kind {
					value = role.AdjustablePer.Values[0]
					for _, said := range scopes[at].Attributes {
						if string(said.ID) == role.AdjustablePer.ID {
							value = said.Value
						}
					}
					break
				}
			}
		}
		return slices.ContainsFunc(shot.Withheld, func(w WithheldSnapshot) bool { return w.Role == role.ID() && w.Permission == id && w.Value == value })
	}
	for _, person := range shot.Persons {
		membership := map[events.ScopeID]bool{} // whether it is active
		for _, m := range person.Memberships {
			membership[m.Scope] = m.Active
		}
		active, member := membership[shot.Root]
		off := func(feature *rolemodel.Feature) bool {
			switch {
			case feature == nil:
				return false
			case len(feature.Editions) > 0:
				return !slices.ContainsFunc(feature.Editions, func(e *rolemodel.Edition) bool { return e.ID == shot.Edition })
			}
			return !slices.Contains(shot.Features, feature.ID)
		}
		may := func(p *rolemodel.Permission, on events.ScopeID) bool {
			if p.Kind != on.Kind() || member && !active || off(p.Feature) {
				return false
			}
			over := func(g GrantSnapshot) bool { return !g.Until.IsZero() && !g.Until.After(s.Effective) }
			for _, g := range person.Grants {
				if over(g) {
					continue
				}
				role, _ := roleIn(shot, s.Model, g.Scope.Kind(), string(g.Role))
				own := g.Scope == on && role.Own.Has(p.Index) || g.Scope != on && role.Below.Has(p.Index)
				if role.Ceiling != nil && slices.Contains(up(on), g.Scope) && !off(role.Feature) && !role.Ceiling.Set.Has(p.Index) && !own {
					return false
				}
			}
			for _, g := range person.Grants {
				role, _ := roleIn(shot, s.Model, g.Scope.Kind(), string(g.Role))
				if !slices.Contains(up(on), g.Scope) || over(g) ||
					off(role.Feature) || withheld(role, p.ID, on) {
					continue
				}
				if rests := slices.IndexFunc(up(g.Scope), func(at events.ScopeID) bool { return at.Kind() == role.Membership }); rests >= 0 && !membership[up(g.Scope)[rests]] {
					continue
				}
				custom := slices.IndexFunc(shot.CustomRoles, func(c CustomRoleSnapshot) bool { return role.Template != nil && c.Name == role.Name })
				switch {
				case custom >= 0 && gives(shot.CustomRoles[custom].Given, p.ID),
					g.Scope == on && role.Own.Has(p.Index), g.Scope != on && role.Below.Has(p.Index):
					return true
				}
			}
			return slices.ContainsFunc(person.Memberships, func(m Membership) bool {
				return m.Active && gives(scopes[m.Scope].Given, p.ID) && slices.Contains(up(on), scopes[m.Scope].Parent)
			})
		}
		for _, p := range s.Model.Permissions {
			if conditional(s.Model, p) {
				continue
			}
			for on := range scopes {
				if got := s.Allowed(Question{Who: person.ID, Permission: p, On: on}); got != may(p, on) {
					return fmt.Sprintf("%s may %s on %s: %t", person.ID, p.ID, on, got)
				}
			}
		}
	}
	return ""
}

// offended finds what a commit must never do, whoever makes it and for whatever
// reason; what it leads to is for [broken]. Empty means nothing.
func offended(before, after Snapshot, model *rolemodel.Model, commit events.Commit) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	earlier, now := map[events.ScopeID]ScopeSnapshot{}, map[events.ScopeID]ScopeSnapshot{}
	for _, scope := range before.Scopes {
		earlier[scope.ID] = scope
	}
	for _, scope := range after.Scopes {
		now[scope.ID] = scope
	}
	holders := func(scope ScopeSnapshot, role events.RoleID) []events.PrincipalID {
		for _, h := range scope.Holders {
			if h.Role == role {
				return h.Persons
			}
		}
		return nil
	}

	// Last changes: a scope on which anything is another than before says by which
	// commit (X03), and so does one that an event names, or the organization for
	// what names neither a scope nor a person.
	named := map[events.ScopeID]bool{}
	for _, event := range commit.Events {
		switch concern := event.Concern(); {
		case concern.Scope != "":
			named[concern.Scope] = true
		case concern.Subject == "":
			named[after.Root] = true
		}
	}
	adopts := slices.ContainsFunc(commit.Events, func(e events.Event) bool { _, is := e.(events.ModelAdopted); return is })
	for _, is := range after.Scopes {
		then := earlier[is.ID]
		then.Changed, then.Children = is.Changed, is.Children
		shown := is.Changed.Revision == after.Revision && is.Changed.Actor == commit.Actor
		if !shown && (named[is.ID] || !adopts && !reflect.DeepEqual(is, then)) {
			fault("%s has changed and says that it did so last by %+v", is.ID, is.Changed)
		}
	}

	// The archive: things end there, and nothing comes or changes. Members come by
	// a default role where another one has ended.
	for _, then := range before.Scopes {
		kept := then.ID // the scope in the archive by which this one is
		for kept != "" && earlier[kept].Archive.Revision == 0 {
			kept = earlier[kept].Parent
		}
		is, exists := now[then.ID]
		anew := slices.ContainsFunc(commit.Events, func(e events.Event) bool { // as imported history may
			deleted, deletes := e.(events.ScopeDeleted)
			return deletes && deleted.Scope == then.ID
		})
		if kept == "" || !exists || anew || now[kept].Archive != earlier[kept].Archive {
			continue
		}
		if _, stands := now[then.Parent]; stands && is.Parent != then.Parent || !reflect.DeepEqual(is.Title, then.Title) ||
			!reflect.DeepEqual(is.Attributes, then.Attributes) {
			fault("%s changes in the archive", is.ID)
		}
		for _, domain := range is.Domains {
			if !slices.Contains(then.Domains, domain) {
				fault("%s is rerouted to %s in the archive", domain, is.ID)
			}
		}
		for _, child := range is.Children {
			if !slices.Contains(then.Children, child) {
				fault("%s comes to %s in the archive", child, is.ID)
			}
		}
		for _, who := range is.Members {
			if !slices.Contains(then.Members, who) {
				fault("%s becomes a member of %s in the archive", who, is.ID)
			}
		}
		for _, h := range is.Holders {
			role, defined := model.Role(is.Kind, string(h.Role))
			for _, who := range h.Persons {
				if !slices.Contains(holders(then, h.Role), who) && !(defined && role.Default) {
					fault("%s becomes %s of %s in the archive", who, h.Role, is.ID)
				}
			}
		}
		for _, g := range is.Given {
			if !slices.Contains(then.Given, g) {
				fault("%s comes to give %s in the archive", is.ID, g.Permission)
			}
		}
		for _, mark := range is.Designated {
			if !slices.Contains(then.Designated, mark) {
				fault("%+v is marked on %s in the archive", mark, is.ID)
			}
		}
	}

	// Who joins the organization by a membership is in it, or has yet to answer an
	// invitation by which they would.
	joins := func(at events.ScopeID, as events.MemberKindID) bool {
		kind, _ := model.Kind(at.Kind())
		if as == "" && len(kind.MemberKinds) > 0 {
			as = events.MemberKindID(kind.MemberKinds[0].ID)
		}
		return slices.Contains(kind.Joins, string(as)) || as == "" && len(kind.Joins) > 0
	}
	leads := func(above map[events.ScopeID]ScopeSnapshot, i Invitation) events.ScopeID {
		if kind, _ := model.Kind(i.Scope.Kind()); kind.Membership {
			return i.Scope
		}
		for at := i.Scope; at != "" && i.Role != nil; at = above[at].Parent {
			if at.Kind() == i.Role.Membership {
				return at
			}
		}
		return after.Root
	}
	member, asked, askedThere := map[events.PrincipalID]bool{}, map[events.PrincipalID]bool{}, map[events.PrincipalID]bool{}
	ask := func(person PersonSnapshot, above map[events.ScopeID]ScopeSnapshot) {
		for i := 0; person.Matters != nil && i < len(person.Matters.Invitations); i++ {
			invitation := person.Matters.Invitations[i]
			at := leads(above, invitation)
			asked[person.ID] = asked[person.ID] || at == after.Root
			askedThere[person.ID] = askedThere[person.ID] || joins(at, invitation.MemberKind)
		}
	}
	for _, person := range before.Persons {
		ask(person, earlier)
	}
	for _, person := range after.Persons {
		member[person.ID] = slices.ContainsFunc(person.Memberships, func(m Membership) bool { return m.Scope == after.Root })
		ask(person, now)
	}
	for _, event := range commit.Events {
		started, is := event.(events.MembershipStarted)
		switch kind, _ := model.Kind(event.Concern().Scope.Kind()); {
		case !is || kind == nil || !slices.Contains(now[started.Scope].Members, started.Subject):
		case member[started.Subject], asked[started.Subject], askedThere[started.Subject] && started.Cause != events.CauseInvitation:
		case joins(started.Scope, started.MemberKind):
			fault("%s comes to %s, and not to the organization", started.Subject, started.Scope)
		}
	}

	// Creators: whoever creates a scope has the roles that come with it, and the
	// roles come to nobody else for that reason. A file names the creators itself.
	creates := map[events.ScopeID]bool{}
	for _, event := range commit.Events {
		if created, is := event.(events.ScopeCreated); is {
			creates[created.Scope] = true
		}
	}
	actor, known := PersonSnapshot{}, false
	for _, person := range before.Persons {
		if person.ID == commit.Actor && person.ID != events.Background {
			actor, known = person, true
		}
	}
	creator := known && commit.Command != (ImportScopes{}).Name()
	for on := range creates {
		kind, _ := model.Kind(on.Kind())
		scope, stands := now[on]
		for _, role := range kind.Creator {
			if has := slices.Contains(holders(scope, events.RoleID(role.Name)), actor.ID); stands && creator && !actor.Client && !has {
				fault("%s has created %s and is not %s", actor.ID, on, role.Name)
			}
		}
	}
	for _, event := range commit.Events {
		granted, is := event.(events.RoleGranted)
		if !is || granted.Cause != events.CauseCreated {
			continue
		}
		role, _ := model.Role(granted.Scope.Kind(), string(granted.Role))
		if !creates[granted.Scope] || role == nil || !role.Creator && !role.Automatic || creator && granted.Subject != actor.ID && granted.Subject != events.Background {
			fault("%+v, and nobody has created %s", granted, granted.Scope)
		}
	}

	// Ceilings: whoever has one says of no role who holds it, below where it is
	// held, unless by what the ceiling lets through (C20).
	for _, event := range commit.Events {
		concern := event.Concern()
		switch e := event.(type) {
		case events.RoleGranted:
			if e.Cause != "" {
				continue
			}
		case events.RoleRevoked:
			if e.Cause != "" || e.Subject == actor.ID {
				continue
			}
		default:
			continue
		}
		role, defined := roleIn(before, model, concern.Scope.Kind(), string(concern.Role))
		if !known || !defined || commit.BreakGlass {
			continue
		}
		for _, g := range actor.Grants {
			bound, _ := roleIn(before, model, g.Scope.Kind(), string(g.Role))
			on := concern.Scope
			for on != g.Scope && on != "" {
				on = earlier[on].Parent
			}
			over := !g.Until.IsZero() && !g.Until.After(commit.DecidedAt)
			off := bound.Feature != nil && !slices.Contains(before.Features, bound.Feature.ID) &&
				!slices.ContainsFunc(bound.Feature.Editions, func(e *rolemodel.Edition) bool { return e.ID == before.Edition })
			lets := slices.Contains(role.GrantedBy, bound) || !role.GrantedWith.Empty() || len(role.GrantedIf) > 0
			if bound.Ceiling != nil && on != "" && !over && !off && !lets {
				fault("%s is bound by %s and does %+v", actor.ID, bound.ID(), event)
			}
		}
	}
	return faults
}

// usurped finds what somebody without any authority has brought about who may
// do no more than give up what is theirs. Empty means nothing.
func usurped(before, after Snapshot, model *rolemodel.Model, actor events.PrincipalID) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	same := func(a, b any) bool { return reflect.DeepEqual(a, b) }
	if len(before.Persons) != len(after.Persons) || len(before.Scopes) != len(after.Scopes) {
		fault("people or scopes come and go")
		return faults
	}
	for i, scope := range before.Scopes {
		then := after.Scopes[i]
		if scope.ID != then.ID || scope.Parent != then.Parent || !same(scope.Created, then.Created) || !same(scope.Title, then.Title) ||
			!same(scope.Given, then.Given) || !same(scope.Changed, then.Changed) && then.Changed.Actor != actor {
			fault("%s has changed", scope.ID)
		}
		for _, mark := range then.Designated {
			if !slices.Contains(scope.Designated, mark) {
				fault("%s is marked: %+v", scope.ID, mark)
			}
		}
		for _, mark := range scope.Designated { // what stands can be cleared by the one who is marked alone
			if mark.Subject != actor && !slices.Contains(then.Designated, mark) {
				fault("%s is marked no more: %+v", scope.ID, mark)
			}
		}
	}
	if before.Edition != after.Edition {
		fault("the edition is %s, then %s", before.Edition, after.Edition)
	}
	if !same(before.Features, after.Features) {
		fault("features are %v, then %v", before.Features, after.Features)
	}
	if !same(before.CustomRoles, after.CustomRoles) || !same(before.Withheld, after.Withheld) {
		fault("roles are %+v without %+v, then %+v without %+v", before.CustomRoles, before.Withheld, after.CustomRoles, after.Withheld)
	}
	for i, person := range before.Persons {
		then := after.Persons[i]
		if person.ID != actor {
			if !same(person, then) {
				fault("%s has changed: %+v, then %+v", person.ID, person, then)
			}
			continue
		}
		if !same(person.Matters, then.Matters) {
			fault("the actor's matters have changed")
		}
		if !same(person.Details, then.Details) || !same(person.Changed, then.Changed) {
			fault("the actor's details have changed")
		}
		if !same(person.Chart, then.Chart) {
			fault("the actor's place among managers has changed")
		}
		for _, m := range then.Memberships {
			if !slices.ContainsFunc(person.Memberships, func(had Membership) bool { return same(had, m) }) {
				fault("the actor has come to membership %+v", m)
			}
		}
		for _, g := range then.Grants {
			role, _ := model.Role(g.Scope.Kind(), string(g.Role))
			if !role.Default && !slices.ContainsFunc(person.Grants, func(had GrantSnapshot) bool {
				if !g.Until.IsZero() && (had.Until.IsZero() || g.Until.Before(had.Until)) { // to lay it down sooner
					had.Until, had.Announced, had.Changed = g.Until, g.Announced, g.Changed
				}
				return same(had, g)
			}) {
				fault("the actor has come to role %+v", g)
			}
		}
	}
	return faults
}

// conditional says whether some role gives the permission, or lets it through,
// under a condition: what that leads to is tested elsewhere.
func conditional(m *rolemodel.Model, p *rolemodel.Permission) bool {
	on := func(d rolemodel.Dependent) bool { return d.Permission == p.Index }
	return slices.ContainsFunc(m.Roles, func(r *rolemodel.Role) bool {
		return slices.ContainsFunc(r.OwnIf, on) || slices.ContainsFunc(r.BelowIf, on) || r.Ceiling != nil && slices.ContainsFunc(r.Ceiling.If, on)
	})
}
