package rolemodel

// Resolver answers who is responsible for a scope: the active holders of one of
// its roles on the nearest scope, at or above, where that role has any. So a
// scope may name its own, and falls back on those above it.
type Resolver struct {
	ID, Title string
	// Rule is the numbered rule that it fulfils, or empty.
	Rule string
	// Roles are of different kinds, each at most once.
	Roles []*Role
}

// RoleOn is the resolver's role on scopes of the kind, or nil.
func (r *Resolver) RoleOn(kind string) *Role {
	for _, role := range r.Roles {
		if role.Kind == kind {
			return role
		}
	}
	return nil
}

func (v *validator) resolving() {
	for i := range v.Resolvers {
		e := &v.Resolvers[i]
		first := map[kindName]roleID{}
		for j := range e.Roles {
			id, at := e.Roles[j], v.places[&e.Roles[j]]
			kind := kindOf(id)
			role := v.role(id, at)
			if role == nil || first[kind] == id {
				continue
			}
			if role.Holder == toClient {
				v.problem(at, "resolver %q cannot have role %q: API clients alone hold it, and are responsible for nothing", e.ID, id)
			}
			if first[kind] != "" {
				v.problem(at, "resolver %q has a role held on %q already, %q", e.ID, kind, first[kind])
				continue
			}
			first[kind] = id
		}
	}
}

func (m *Model) compileResolvers(entries []resolverEntry) {
	for _, e := range entries {
		r := &Resolver{ID: string(e.ID), Title: string(e.Title), Rule: string(e.Rule), Roles: m.roleList(e.Roles)}
		m.Resolvers = append(m.Resolvers, r)
		m.resolvers[r.ID] = r
	}
}
