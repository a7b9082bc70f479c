package rolemodel

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// validator checks what single values cannot tell: references, and rules over
// the whole document. Values that the reader refused are absent from the
// document; the validator passes over what is absent, so that one mistake is
// not told twice.
type validator struct {
	*reader
	*document
	kinds       map[kindName]*scopeEntry
	permissions map[permissionID]*permissionEntry
	roles       map[roleID]*roleEntry
	// root is nil where the document names none that it declares.
	root *scopeEntry
	// above holds, for each kind, all kinds that a scope of it may have above
	// itself, at any distance; itself too, where it nests.
	above map[kindName]map[kindName]bool
	// complete says that every entry of a list has its id, so that what is not
	// among them is unknown.
	complete map[declared]bool
	// legible says that the reader found no fault, so that what is not in the
	// document is not in the file either.
	legible bool
	// nested says that above can be relied upon.
	nested bool
}

// declared is one of the lists that others refer to.
type declared string

const (
	kinds       declared = "scope kind"
	permissions declared = "permission"
	roles       declared = "role"
)

// validate adds the problems of the document to those of the reader.
func validate(r *reader, d *document) {
	v := &validator{
		reader: r, document: d,
		kinds:       map[kindName]*scopeEntry{},
		permissions: map[permissionID]*permissionEntry{},
		roles:       map[roleID]*roleEntry{},
		above:       map[kindName]map[kindName]bool{},
		complete:    map[declared]bool{kinds: len(d.Scopes) > 0, permissions: len(d.Permissions) > 0, roles: len(d.Roles) > 0},
		legible:     len(r.problems) == 0,
	}
	v.declarations()
	v.nesting()
	v.authorization()
	v.holding()
	v.granting()
	v.summit()
	if len(r.problems) == 0 {
		// It follows references, so a broken one would have many echoes.
		v.reach()
	}
}

// declarations indexes what the document declares, each once.
func (v *validator) declarations() {
	for i := range v.Scopes {
		s := &v.Scopes[i]
		v.complete[kinds] = v.complete[kinds] && s.Kind != ""
		if first := v.kinds[s.Kind]; first != nil {
			v.problem(v.places[&s.Kind], "scope kind %q is declared twice, first on line %d", s.Kind, v.line(&first.Kind))
		} else if s.Kind != "" {
			v.kinds[s.Kind] = s
		}
	}
	for i := range v.Roles {
		e := &v.Roles[i]
		v.complete[roles] = v.complete[roles] && e.ID != ""
		if first := v.roles[e.ID]; first != nil {
			v.problem(v.places[&e.ID], "role %q is declared twice, first on line %d", e.ID, v.line(&first.ID))
		} else if e.ID != "" {
			v.roles[e.ID] = e
		}
	}
	for i := range v.Permissions {
		p := &v.Permissions[i]
		v.complete[permissions] = v.complete[permissions] && p.ID != ""
		if first := v.permissions[p.ID]; first != nil {
			v.problem(v.places[&p.ID], "permission %q is declared twice, first on line %d", p.ID, v.line(&first.ID))
		} else if p.ID != "" {
			v.permissions[p.ID] = p
		}
		if role := v.roles[roleID(p.ID)]; role != nil {
			v.problem(v.places[&p.ID], "permission %q has the id of the role on line %d; granted_by could not tell them apart", p.ID, v.line(&role.ID))
		}
	}
}

// kind finds a declared scope kind. Where there is none it says so at the
// place that names it, and returns nil.
func (v *validator) kind(name kindName, at *yaml.Node) *scopeEntry {
	return resolve(v, v.kinds, name, at, kinds)
}

// permission is like kind.
func (v *validator) permission(id permissionID, at *yaml.Node) *permissionEntry {
	return resolve(v, v.permissions, id, at, permissions)
}

// role is like kind.
func (v *validator) role(id roleID, at *yaml.Node) *roleEntry {
	return resolve(v, v.roles, id, at, roles)
}

func resolve[ID ~string, Entry any](v *validator, entries map[ID]*Entry, id ID, at *yaml.Node, what declared) *Entry {
	entry := entries[id]
	if entry == nil && id != "" && v.complete[what] {
		v.problem(at, "unknown %s %s", what, quoted(string(id)))
	}
	return entry
}

// kindOf is the scope kind that a role's or a permission's id begins with.
func kindOf[ID ~string](id ID) kindName {
	kind, _, _ := strings.Cut(string(id), ".")
	return kindName(kind)
}
