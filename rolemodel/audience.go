package rolemodel

// Audience is who gets messages: the one who is marked, alone, while the
// designation is set; else all active holders of the roles; and where that is
// nobody, the next in line. The scope that counts is the nearest of Kind, at or
// above the one where the thing happened. Where there is none, nobody is found.
type Audience struct {
	ID, Title string
	// Rule is the numbered rule that it fulfils, or empty.
	Rule string
	// Kind is that of the roles and of the designation.
	Kind string
	// Designation is nil where none matters.
	Designation *Designation
	Roles       []*Role
	// Otherwise is the next in line, or nil. The line comes to an end.
	Otherwise *Audience
}

// addressing checks who is sent what.
func (v *validator) addressing() {
	named := map[audienceID]bool{v.Contact: true}
	v.messaging(named)
	for i := range v.Audiences {
		named[v.Audiences[i].Otherwise] = true
	}
	for i := range v.Audiences {
		v.gathering(&v.Audiences[i])
		if id := &v.Audiences[i].ID; v.legible && !named[*id] {
			v.problem(v.places[id], "nothing is sent to audience %q", *id)
		}
	}
	at := v.places[&v.Contact]
	if e := v.audience(v.Contact, at); e != nil && v.root != nil {
		for _, id := range e.Roles {
			if v.roles[id] != nil && kindOf(id) != v.root.Kind {
				v.problem(at, "the contact %q has roles held on %q; those who are asked for permissions hold theirs on the root %q", e.ID, kindOf(id), v.root.Kind)
				break
			}
		}
	}
}

// gathering checks one audience.
func (v *validator) gathering(e *audienceEntry) {
	held := map[roleID]bool{}
	kind := kindName("")
	for i := range e.Roles {
		id, at := e.Roles[i], v.places[&e.Roles[i]]
		held[id] = true
		switch role := v.role(id, at); {
		case role == nil:
		case role.Holder == toClient:
			v.problem(at, "audience %q cannot have role %q: API clients alone hold it, and read no messages", e.ID, id)
		case kind == "":
			kind = kindOf(id)
		case kindOf(id) != kind:
			v.problem(at, "audience %q has roles held on %q, role %q is held on %q", e.ID, kind, id, kindOf(id))
		}
	}
	at := v.places[&e.Designation]
	if mark := v.designation(e.Designation, at); mark != nil && kind != "" {
		common := false
		for _, id := range mark.Among {
			common = common || held[id]
		}
		switch {
		case kindOf(mark.ID) != kind:
			v.problem(at, "audience %q has roles held on %q, designation %q is set on %q", e.ID, kind, mark.ID, kindOf(mark.ID))
		case !common && v.legible:
			v.problem(at, "audience %q and designation %q have no role in common", e.ID, mark.ID)
		}
	}
	next := v.audience(e.Otherwise, v.places[&e.Otherwise])
	for range v.Audiences {
		if next == nil {
			return
		}
		if next == e {
			v.problem(v.places[&e.Otherwise], "audience %q comes after itself", e.ID)
			return
		}
		next = v.audiences[next.Otherwise]
	}
}

func (m *Model) compileAudiences(entries []audienceEntry) {
	for _, e := range entries {
		a := &Audience{
			ID: string(e.ID), Title: string(e.Title), Rule: string(e.Rule), Kind: string(kindOf(e.Roles[0])),
			Designation: m.designations[idKey(e.Designation)], Roles: m.roleList(e.Roles),
		}
		m.Audiences = append(m.Audiences, a)
		m.audiences[a.ID] = a
	}
	for i, e := range entries {
		m.Audiences[i].Otherwise = m.audiences[string(e.Otherwise)]
	}
}
