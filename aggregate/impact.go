package aggregate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tenure/events"
	"tenure/rolemodel"
)

// Impact is what a change means for people: who loses and who gains what. The
// lists are sorted: losses before gains, then by id.
type Impact struct {
	Roles       []RoleChange
	Permissions []PermissionChange
	// Authority is who may do more or less by the same permissions and roles.
	Authority []AuthorityChange
	// Rules are all differences between the models, whomever they affect.
	Rules []rolemodel.Change
}

// RoleChange is a role that is held no more, or anew.
type RoleChange struct {
	Gained bool
	// Role is KIND.NAME.
	Role, Title string
	// Places are all of those concerned, by scope and person.
	Places []Concerned
}

// PermissionChange is a permission that is had no more, or anew.
type PermissionChange struct {
	Gained bool
	// Permission is its id.
	Permission, Title string
	// Only says in words under which condition; empty for none.
	Only string
	// Below says that it is had not on the scopes named, but on those below.
	Below bool
	// Places are all of those concerned, by scope and person: the scopes are those
	// on which something is held. What is had on one because of a scope above is
	// told of that one alone.
	Places []Concerned
}

// AuthorityChange is something that may be done no more, or anew, though nothing
// else says so.
type AuthorityChange struct {
	Gained bool
	// Authority is "grant ROLE", which is to revoke it as well, "transfer ROLE",
	// "set DESIGNATION", "record FACT", or "do ACT on KIND".
	Authority string
	// Title is that of the role, designation, fact, or of the permission that
	// allows the act. Only, Below and Places are as in [PermissionChange].
	Title, Only string
	Below       bool
	Places      []Concerned
}

// Concerned is somebody on a scope. Where nobody is named, it is the scope itself, a
// group.
type Concerned struct {
	Who events.PrincipalID
	On  events.ScopeID
}

// DiffPermissions says who loses and who gains what between two states of an
// organization: roles, permissions by whatever gives them and counts, and
// authority. What a permission allows is told where the permission itself is not.
// Conditions are not evaluated, but told. Groups are told of as well as their
// members.
func DiffPermissions(before, after State) Impact {
	d := difference{before: &before, after: &after, roles: map[change][]Concerned{}, permissions: map[change][]Concerned{}, known: map[[2]string][]localChange{}}
	for _, id := range inEither(before.Principals(), after.Principals(), func(p *Person) events.PrincipalID { return p.ID }) {
		d.person(id)
	}
	for _, id := range inEither(before.Scopes(), after.Scopes(), func(c *Scope) events.ScopeID { return c.ID }) {
		d.group(id)
	}
	var impact Impact
	for _, c := range sortedChanges(d.roles) {
		impact.Roles = append(impact.Roles, RoleChange{c.gained, c.id, c.title, sortedPlaces(d.roles[c])})
	}
	for _, c := range sortedChanges(d.permissions) {
		places := sortedPlaces(d.permissions[c])
		if c.authority {
			impact.Authority = append(impact.Authority, AuthorityChange{c.gained, c.id, c.title, c.only, c.below, places})
		} else {
			impact.Permissions = append(impact.Permissions, PermissionChange{c.gained, c.id, c.title, c.only, c.below, places})
		}
	}
	if before.Model != nil && after.Model != nil {
		impact.Rules = rolemodel.Changes(before.Model, after.Model)
	}
	return impact
}

// difference gathers what differs between two states. What differs in authority
// is among the permissions.
type difference struct {
	before, after      *State
	roles, permissions map[change][]Concerned
	// known is what was found for the same holdings before: many people hold the
	// same.
	known map[[2]string][]localChange
}

// change is what several people may have in common.
type change struct {
	gained          bool
	id, title, only string
	below           bool
	authority       bool
}

// localChange is a change on one scope.
type localChange struct {
	change
	on events.ScopeID
}

func (d *difference) person(id events.PrincipalID) {
	was, is := d.before.holdings(id), d.after.holdings(id)
	for key, title := range was.roles {
		if _, stays := is.roles[key]; !stays {
			d.note(d.roles, localChange{change{id: key.role, title: title}, key.on}, id)
		}
	}
	for key, title := range is.roles {
		if _, had := was.roles[key]; !had {
			d.note(d.roles, localChange{change{gained: true, id: key.role, title: title}, key.on}, id)
		}
	}
	pair := [2]string{was.sum, is.sum}
	changes, met := d.known[pair]
	if !met {
		changes = d.between(was, is)
		d.known[pair] = changes
	}
	for _, c := range changes {
		d.note(d.permissions, c, id)
	}
}

func (d *difference) note(into map[change][]Concerned, c localChange, who events.PrincipalID) {
	into[c.change] = append(into[c.change], Concerned{who, c.on})
}

// between finds what differs for those who hold the one before and the other
// after.
func (d *difference) between(was, is holdings) []localChange {
	var list []localChange
	// What was told of a scope and all below it need not be told of one of those.
	said := map[change][]events.ScopeID{}
	for _, on := range d.places(was, is) {
		for _, below := range []bool{false, true} {
			had, has := was.reach(on, below), is.reach(on, below)
			// changed are the permissions that are told of.
			changed := map[bool]map[string]bool{false: {}, true: {}}
			add := func(gained, authority bool, from, to map[string]way) {
				for id, a := range from {
					if b, stays := to[id]; stays && a.key == b.key {
						continue
					}
					if slices.ContainsFunc(a.by, func(permission string) bool { return changed[gained][permission] }) {
						continue
					}
					c := change{gained: gained, id: id, title: a.title, only: a.words, authority: authority}
					if !authority {
						changed[gained][id] = true
					}
					above := slices.ContainsFunc(said[c], func(top events.ScopeID) bool { return top != on && (d.after.Under(on, top) || d.before.Under(on, top)) })
					if below {
						said[c] = append(said[c], on)
						c.below = true
					}
					if !above {
						list = append(list, localChange{c, on})
					}
				}
			}
			lost, gained := had.ways(), has.ways()
			add(false, false, lost, gained)
			add(true, false, gained, lost)
			lost, gained = was.authority(on, below, had), is.authority(on, below, has)
			add(false, true, lost, gained)
			add(true, true, gained, lost)
		}
	}
	return list
}

// places are the scopes on which something is held, those above before those
// below.
func (d *difference) places(was, is holdings) []events.ScopeID {
	depth := map[events.ScopeID]int{}
	for _, h := range []holdings{was, is} {
		for _, on := range h.on {
			for range h.state.Up(on) {
				depth[on]++
			}
		}
	}
	return slices.SortedFunc(maps.Keys(depth), func(a, b events.ScopeID) int { return cmp.Or(cmp.Compare(depth[a], depth[b]), cmp.Compare(a, b)) })
}

// group finds what a group gives no more, or anew.
func (d *difference) group(id events.ScopeID) {
	given := func(s *State) map[string]string {
		titles := map[string]string{}
		if scope, exists := s.Scope(id); exists {
			for _, g := range scope.Given {
				if permission := s.Model.Permissions[g.Permission]; s.Enabled(permission.Feature) {
					titles[permission.ID] = permission.Title
				}
			}
		}
		return titles
	}
	was, is := given(d.before), given(d.after)
	for permission, title := range was {
		if _, stays := is[permission]; !stays {
			d.note(d.permissions, localChange{change{id: permission, title: title}, id}, "")
		}
	}
	for permission, title := range is {
		if _, had := was[permission]; !had {
			d.note(d.permissions, localChange{change{gained: true, id: permission, title: title}, id}, "")
		}
	}
}

// holdings are what somebody holds in one state.
type holdings struct {
	state *State
	// roles are all that are held, with their titles.
	roles map[heldRole]string
	// grants and groups are what counts of roles and memberships, and on are the
	// scopes where it does.
	grants []Grant
	groups []*Scope
	on     []events.ScopeID
	// sum is the same for those who have the same.
	sum string
}

type heldRole struct {
	role string
	on   events.ScopeID
}

func (s *State) holdings(id events.PrincipalID) holdings {
	h := holdings{state: s}
	person, known := s.Person(id)
	if !known {
		return h
	}
	var sum strings.Builder
	for _, g := range person.Grants {
		if h.roles == nil {
			h.roles = map[heldRole]string{}
		}
		h.roles[heldRole{g.Role.ID(), g.Scope}] = g.Role.Title
		if s.active(person, &g) {
			h.grants, h.on = append(h.grants, g), append(h.on, g.Scope)
			fmt.Fprintf(&sum, "%s %d\n", g.Scope, g.Role.Index)
		}
	}
	for _, m := range person.Memberships {
		group, exists := s.Scope(m.Scope)
		if exists && group.Kind.Group() && m.Active && !s.suspended(person) {
			h.groups, h.on = append(h.groups, group), append(h.on, group.Parent)
			fmt.Fprintf(&sum, "%s\n", m.Scope)
		}
	}
	h.sum = sum.String()
	return h
}

// reach is what is had on a scope, or on those below it, by the permission's id.
type reach map[string]had

// had is a permission that is had: without a condition, or under one of several;
// and within what ceilings let through.
type had struct {
	title  string
	plain  bool
	when   []*rolemodel.Condition
	within [][]*rolemodel.Condition
}

// way is how something is had, in words and in what these mean: empty for no condition.
type way struct {
	title, words, key string
	// by are the permissions that give it, where it comes of those alone.
	by []string
}

func (a had) way() way { return way{title: a.title, words: a.words(), key: a.key()} }

func (r reach) ways() map[string]way {
	list := make(map[string]way, len(r))
	for id, a := range r {
		list[id] = a.way()
	}
	return list
}

// reach finds what is had on a scope or, below, what is had on scopes below it.
func (h holdings) reach(on events.ScopeID, below bool) reach {
	s, found := h.state, reach{}
	scope, exists := s.Scope(on)
	if !exists {
		return found
	}
	add := func(index int, condition *rolemodel.Condition) {
		permission := s.Model.Permissions[index]
		if !s.Enabled(permission.Feature) || !below && permission.Kind != scope.Kind.Name || below && !s.standsBelow(permission.Kind, scope.Kind) {
			return
		}
		a := found[permission.ID]
		a.title = permission.Title
		if condition == nil {
			a.plain = true
		} else if !slices.Contains(a.when, condition) {
			a.when = append(a.when, condition)
		}
		found[permission.ID] = a
	}
	for i := range h.grants {
		h.given(&h.grants[i], on, below, add)
	}
	for _, group := range h.groups {
		if s.Under(on, group.Parent) {
			for index := range group.given.All() {
				if !depends(group.Kind.CarriesIf, index) {
					add(index, nil)
				}
			}
			for _, dependent := range group.Kind.CarriesIf {
				if group.given.Has(dependent.Permission) {
					add(dependent.Permission, dependent.Condition)
				}
			}
		}
	}
	h.cap(found, on, below)
	return found
}

// given calls add with what a grant gives on the scope or below it.
func (h holdings) given(g *Grant, on events.ScopeID, below bool, add func(int, *rolemodel.Condition)) {
	s := h.state
	if !s.Under(on, g.Scope) {
		return
	}
	withheld := func(index int) bool {
		if !below {
			return s.withholds(g.Role, index, on)
		}
		return slices.ContainsFunc(s.terms(g.Role).withheld, func(w Withheld) bool { return w.Permission == index && w.Value == "" })
	}
	set, dependents := s.terms(g.Role).On(g.Scope == on && !below)
	for index := range set.All() {
		if !withheld(index) {
			add(index, nil)
		}
	}
	for _, dependent := range dependents {
		if !withheld(dependent.Permission) {
			add(dependent.Permission, dependent.Condition)
		}
	}
}

// cap takes away what ceilings do not let through, and adds the conditions under
// which they do.
func (h holdings) cap(found reach, on events.ScopeID, below bool) {
	s := h.state
	for i := range h.grants {
		g := &h.grants[i]
		ceiling := g.Role.Ceiling
		if ceiling == nil || !s.Under(on, g.Scope) {
			continue
		}
		own := map[int][]*rolemodel.Condition{} // nil for no condition
		h.given(g, on, below, func(index int, condition *rolemodel.Condition) {
			if list, met := own[index]; condition == nil {
				own[index] = nil
			} else if !met || list != nil {
				own[index] = append(list, condition)
			}
		})
		for id, a := range found {
			permission, _ := s.Model.Permission(id)
			conditions, gives := own[permission.Index]
			if ceiling.Set.Has(permission.Index) || gives && conditions == nil {
				continue
			}
			for _, dependent := range ceiling.If {
				if dependent.Permission == permission.Index {
					conditions = append(conditions, dependent.Condition)
				}
			}
			if len(conditions) == 0 {
				delete(found, id)
				continue
			}
			a.within = append(slices.Clone(a.within), conditions)
			found[id] = a
		}
	}
}

// standsBelow says whether scopes of one kind may stand somewhere below scopes of
// the other.
func (s *State) standsBelow(kind string, above *rolemodel.Kind) bool {
	next, seen := []string{kind}, map[string]bool{}
	for len(next) > 0 {
		k, known := s.Model.Kind(next[0])
		next = next[1:]
		if !known {
			continue
		}
		for _, under := range k.Under {
			if under == above {
				return true
			}
			if !seen[under.Name] {
				seen[under.Name] = true
				next = append(next, under.Name)
			}
		}
	}
	return false
}

// words says under which conditions it is had; empty for none.
func (a had) words() string {
	return a.said(func(c *rolemodel.Condition) string { return c.Title })
}

// key is the same for the same conditions, whatever they are called.
func (a had) key() string {
	return a.said(func(c *rolemodel.Condition) string { return c.Expression })
}

func (a had) said(of func(*rolemodel.Condition) string) string {
	alternatives := func(list []*rolemodel.Condition) string {
		var parts []string
		for _, c := range list {
			parts = append(parts, of(c))
		}
		slices.Sort(parts)
		return strings.Join(slices.Compact(parts), ", or ")
	}
	var parts []string
	if !a.plain {
		parts = append(parts, alternatives(a.when))
	}
	for _, conditions := range a.within {
		parts = append(parts, alternatives(conditions))
	}
	slices.Sort(parts)
	return strings.Join(slices.Compact(parts), ", and ")
}

func sortedChanges(changes map[change][]Concerned) []change {
	last := func(yes bool) int {
		if yes {
			return 1
		}
		return 0
	}
	return slices.SortedFunc(maps.Keys(changes), func(a, b change) int {
		return cmp.Or(cmp.Compare(last(a.gained), last(b.gained)), cmp.Compare(a.id, b.id), cmp.Compare(last(a.below), last(b.below)),
			cmp.Compare(a.only, b.only), cmp.Compare(a.title, b.title))
	})
}

func sortedPlaces(list []Concerned) []Concerned {
	slices.SortFunc(list, func(a, b Concerned) int { return cmp.Or(cmp.Compare(a.On, b.On), cmp.Compare(a.Who, b.Who)) })
	return slices.Compact(list)
}

// inEither lists the keys of what is in one list or the other, in order.
func inEither[T any, K cmp.Ordered](a, b []T, key func(T) K) []K {
	var keys []K
	for _, list := range [][]T{a, b} {
		for _, item := range list {
			keys = append(keys, key(item))
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}
