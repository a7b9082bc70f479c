package aggregate

import (
	"fmt"
	"reflect"
	"slices"

	"tenure/events"
	"tenure/rolemodel"
)

// broken finds what must never be, by a plain look at everything in the
// snapshot; it shares no code with the package. Empty means sound.
func broken(shot Snapshot, model *rolemodel.Model) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }

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
			if kind, _ := model.Kind(m.Scope.Kind()); !kind.Membership {
				fault("%s is a member of %s, whose kind has none", person.ID, m.Scope)
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

	marked := map[hold]bool{} // by designation
	for _, scope := range shot.Scopes {
		for _, mark := range scope.Designated {
			marked[hold{mark.Subject, events.RoleID(mark.Designation), scope.ID}] = true
		}
	}

	// Roles: the membership that each rests on runs, and the bounds hold.
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
		role, defined := model.Role(h.scope.Kind(), string(h.role))
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
		}
		if role.Automatic != (h.who == events.Background) { // F11
			fault("%+v", h)
		}
		if ends[h] && (role.Default || role.Automatic || len(role.TransferredBy) > 0) {
			fault("%+v ends by itself", h)
		}
		total[place{role, h.scope}]++
		if acts && (role.Feature == nil || slices.Contains(shot.Features, role.Feature.ID)) {
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
			role, defined := model.Role(invitation.Scope.Kind(), string(m.Roles[i]))
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
		if scope.ID != then.ID || scope.Parent != then.Parent || !same(scope.Created, then.Created) || !same(scope.Changed, then.Changed) || !same(scope.Title, then.Title) {
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
	if !same(before.Features, after.Features) {
		fault("features are %v, then %v", before.Features, after.Features)
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
		for _, m := range then.Memberships {
			if !slices.ContainsFunc(person.Memberships, func(had Membership) bool { return same(had, m) }) {
				fault("the actor has come to membership %+v", m)
			}
		}
		for _, g := range then.Grants {
			role, _ := model.Role(g.Scope.Kind(), string(g.Role))
			if !role.Default && !slices.ContainsFunc(person.Grants, func(had GrantSnapshot) bool {
				if !g.Until.IsZero() && (had.Until.IsZero() || g.Until.Before(had.Until)) { // to lay it down sooner
					had.Until, had.Announced = g.Until, g.Announced
				}
				return same(had, g)
			}) {
				fault("the actor has come to role %+v", g)
			}
		}
	}
	return faults
}
