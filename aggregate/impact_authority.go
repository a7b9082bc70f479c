package aggregate

import (
	"cmp"
	"slices"
	"strings"

	"tenure/events"
	"tenure/rolemodel"
)

// authority finds what may be done on a scope, or on those below it, with what is
// had there.
func (h holdings) authority(on events.ScopeID, below bool, had reach) map[string]way {
	s := h.state
	scope, exists := s.Scope(on)
	if !exists {
		return nil
	}
	found := map[string]way{}
	add := func(authority, title string, by []string, ways []way) {
		if len(ways) > 0 {
			a := either(ways)
			a.title, a.by = title, by
			found[authority] = a
		}
	}
	there := func(kind string) bool {
		return !below && kind == scope.Kind.Name || below && s.standsBelow(kind, scope.Kind)
	}
	g := government{holdings: h, scope: scope, below: below, had: had, above: map[events.ScopeID]reach{}}
	for _, role := range s.Roles() {
		if there(role.Kind) && s.Enabled(role.Feature) {
			add("grant "+role.ID(), role.Title, nil, g.ways(role.Kind, role.GrantedBy, role.GrantedWith, role.GrantedIf))
			add("transfer "+role.ID(), role.Title, nil, g.ways(role.Kind, role.TransferredBy, role.TransferredWith, role.TransferredIf))
		}
	}
	for _, d := range s.Model.Designations {
		if there(d.Kind) {
			add("set "+d.ID(), d.Title, nil, g.ways(d.Kind, d.SetBy, d.SetWith, d.SetIf))
		}
	}
	for _, fact := range s.Model.Facts {
		if a, has := had[fact.Permission.ID]; has {
			add("record "+fact.ID(), fact.Title, []string{fact.Permission.ID}, []way{a.way()})
		}
	}
	ways, by, titles := map[string][]way{}, map[string][]string{}, map[string]string{}
	for _, permission := range s.Model.Permissions {
		a, has := had[permission.ID]
		if !has {
			continue
		}
		for _, act := range permission.Allows {
			does := "do " + string(act) + " on " + permission.Kind
			ways[does], by[does] = append(ways[does], a.way()), append(by[does], permission.ID)
			titles[does] = cmp.Or(titles[does], permission.Title)
		}
	}
	for does, list := range ways {
		add(does, titles[does], by[does], list)
	}
	return found
}

// government is who has authority over what is held on a scope, or on those below
// it.
type government struct {
	holdings
	scope *Scope
	below bool
	// had is what is had there, above what is had on scopes at or above it.
	had   reach
	above map[events.ScopeID]reach
}

// ways are those by which there is authority over something of the kind.
func (g *government) ways(kind string, roles []*rolemodel.Role, with rolemodel.Set, dependent []rolemodel.Authority) []way {
	var list []way
	for _, role := range roles {
		list = append(list, g.holding(role)...)
	}
	for index := range with.All() {
		list = append(list, g.having(kind, index)...)
	}
	for _, a := range dependent {
		by := g.holding(a.Role)
		if a.Role == nil {
			by = g.having(kind, a.Permission)
		}
		for _, one := range by {
			list = append(list, both(one, way{words: a.Condition.Title, key: a.Condition.Expression}))
		}
	}
	return list
}

// holding says whether the role is held there or above, and no other role caps
// that.
func (g *government) holding(role *rolemodel.Role) []way {
	held := false
	for _, grant := range g.grants {
		if !g.state.Under(g.scope.ID, grant.Scope) {
			continue
		}
		if grant.Role != role && grant.Role.Ceiling != nil {
			return nil
		}
		held = held || grant.Role == role
	}
	if !held {
		return nil
	}
	return []way{{}}
}

// having says how the permission is had where it counts for something of the
// kind: on the same scope or above.
func (g *government) having(kind string, index int) []way {
	s := g.state
	permission := s.Model.Permissions[index]
	var list []way
	for at := range s.Up(g.scope.ID) {
		if at.Kind.Name != permission.Kind {
			continue
		}
		if g.above[at.ID] == nil {
			g.above[at.ID] = g.reach(at.ID, false)
		}
		if a, has := g.above[at.ID][permission.ID]; has {
			list = append(list, a.way())
		}
	}
	if a, has := g.had[permission.ID]; has && g.below {
		between, _ := s.Model.Kind(permission.Kind)
		if kind == permission.Kind || s.standsBelow(kind, between) {
			list = append(list, a.way())
		}
	}
	return list
}

// either is what holds if one of the ways does; nothing of itself if one of them
// needs no condition.
func either(ways []way) way {
	var words, keys []string
	for _, one := range ways {
		if one.key == "" {
			return way{}
		}
		words, keys = append(words, one.words), append(keys, one.key)
	}
	slices.Sort(words)
	slices.Sort(keys)
	return way{words: strings.Join(slices.Compact(words), ", or "), key: strings.Join(slices.Compact(keys), ", or ")}
}

// both is what holds if either of two does with the other.
func both(a, b way) way {
	join := func(a, b string) string {
		if a == "" || a == b {
			return b
		}
		return a + ", and " + b
	}
	return way{words: join(a.words, b.words), key: join(a.key, b.key)}
}
