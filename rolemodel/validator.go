package rolemodel

import (
	"strings"

	"cel.dev/cel-go/cel"
	"go.yaml.in/yaml/v3"
)

// validator checks what single values cannot tell: references, and rules over
// the whole document. Values that the reader refused are absent from the
// document; the validator passes over what is absent, so that one mistake is
// not told twice.
type validator struct {
	*reader
	*document
	kinds        map[kindName]*scopeEntry
	features     map[featureID]*featureEntry
	permissions  map[permissionID]*permissionEntry
	roles        map[roleID]*roleEntry
	designations map[designationID]*designationEntry
	audiences    map[audienceID]*audienceEntry
	conditions   map[conditionID]*conditionEntry
	// programs are what the conditions were compiled to, and asked the roles of
	// which they ask who holds them.
	programs map[conditionID]cel.Program
	asked    map[conditionID][]roleID
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

// declared is one of the lists whose entries have ids.
type declared string

const (
	kinds        declared = "scope kind"
	features     declared = "feature"
	permissions  declared = "permission"
	roles        declared = "role"
	designations declared = "designation"
	audiences    declared = "audience"
	messageKinds declared = "message"
	resolvers    declared = "resolver"
	facts        declared = "fact"
	conditions   declared = "condition"
	editions     declared = "edition"
	sections     declared = "section"
	customRoles  declared = "custom role"
)

// validate adds the problems of the document to those of the reader. Where there
// are none, every condition has its program.
func validate(r *reader, d *document) *validator {
	v := &validator{
		reader: r, document: d,
		programs: map[conditionID]cel.Program{},
		asked:    map[conditionID][]roleID{},
		above:    map[kindName]map[kindName]bool{},
		complete: map[declared]bool{},
		legible:  len(r.problems) == 0,
	}
	v.declarations()
	v.nesting()
	v.belonging()
	v.switching()
	v.editing()
	v.authorization()
	v.holding()
	v.granting()
	v.transferring()
	v.summit()
	v.designating()
	v.addressing()
	v.resolving()
	v.recording()
	v.templating()
	v.reserving()
	v.judging()
	v.conditioning()
	if len(r.problems) == 0 {
		// It follows references, so a broken one would have many echoes.
		v.reach()
	}
	return v
}

// declarations indexes what the document declares, each once.
func (v *validator) declarations() {
	v.kinds = index(v, v.Scopes, kinds, func(e *scopeEntry) *kindName { return &e.Kind })
	v.features = index(v, v.Features, features, func(e *featureEntry) *featureID { return &e.ID })
	v.roles = index(v, v.Roles, roles, func(e *roleEntry) *roleID { return &e.ID })
	v.permissions = index(v, v.Permissions, permissions, func(e *permissionEntry) *permissionID { return &e.ID })
	v.designations = index(v, v.Designations, designations, func(e *designationEntry) *designationID { return &e.ID })
	v.audiences = index(v, v.Audiences, audiences, func(e *audienceEntry) *audienceID { return &e.ID })
	v.conditions = index(v, v.Conditions, conditions, func(e *conditionEntry) *conditionID { return &e.ID })
	index(v, v.Messages, messageKinds, func(e *messageEntry) *Message { return &e.ID })
	index(v, v.Resolvers, resolvers, func(e *resolverEntry) *resolverID { return &e.ID })
	index(v, v.Facts, facts, func(e *factEntry) *factID { return &e.ID })
	index(v, v.Editions, editions, func(e *editionEntry) *editionID { return &e.ID })
	index(v, v.Sections, sections, func(e *sectionEntry) *line { return &e.Title })
	index(v, v.CustomRoles, customRoles, func(e *customRoleEntry) *roleID { return &e.ID })
	for i := range v.Permissions {
		p := &v.Permissions[i]
		if role := v.roles[roleID(p.ID)]; role != nil {
			v.problem(v.places[&p.ID], "permission %q has the id of the role on line %d; granted_by could not tell them apart", p.ID, v.line(&role.ID))
		}
	}
	for i := range v.Designations {
		e := &v.Designations[i]
		if role := v.roles[roleID(e.ID)]; role != nil {
			v.problem(v.places[&e.ID], "designation %q has the id of the role on line %d; people could not tell them apart", e.ID, v.line(&role.ID))
		}
	}
}

// index finds the entries of a list by id.
func index[ID ~string, Entry any](v *validator, list []Entry, what declared, idOf func(*Entry) *ID) map[ID]*Entry {
	v.complete[what] = len(list) > 0 || v.legible
	for i := range list {
		v.complete[what] = v.complete[what] && *idOf(&list[i]) != ""
	}
	return unique(v, list, what, idOf)
}

// unique finds the entries of a list by id, and refuses an id that stands there
// twice.
func unique[ID ~string, Entry any](v *validator, list []Entry, what declared, idOf func(*Entry) *ID) map[ID]*Entry {
	entries := make(map[ID]*Entry, len(list))
	for i := range list {
		e := &list[i]
		id := idOf(e)
		if first := entries[*id]; first != nil {
			v.problem(v.places[id], "%s %q is declared twice, first on line %d", what, *id, v.line(idOf(first)))
		} else if *id != "" {
			entries[*id] = e
		}
	}
	return entries
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

// feature is like kind.
func (v *validator) feature(id featureID, at *yaml.Node) *featureEntry {
	return resolve(v, v.features, id, at, features)
}

// designation is like kind.
func (v *validator) designation(id designationID, at *yaml.Node) *designationEntry {
	return resolve(v, v.designations, id, at, designations)
}

// audience is like kind.
func (v *validator) audience(id audienceID, at *yaml.Node) *audienceEntry {
	return resolve(v, v.audiences, id, at, audiences)
}

func resolve[ID ~string, Entry any](v *validator, entries map[ID]*Entry, id ID, at *yaml.Node, what declared) *Entry {
	entry := entries[id]
	if entry == nil && id != "" && v.complete[what] {
		v.problem(at, "unknown %s %s", what, quoted(string(id)))
	}
	return entry
}

// kindOf is the scope kind that an id of the form KIND.NAME begins with.
func kindOf[ID ~string](id ID) kindName {
	kind, _, _ := strings.Cut(string(id), ".")
	return kindName(kind)
}
