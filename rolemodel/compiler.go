package rolemodel

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Parse reads, checks and compiles a role model from YAML, or from the JSON of
// [Model.Canonical]. The file is named in messages alone. The error is of type
// [Problems] and holds everything that is wrong.
func Parse(file string, source []byte) (*Model, error) {
	r := &reader{file: file}
	d := r.read(source)
	if d != nil {
		validate(r, d)
	}
	if len(r.problems) > 0 {
		return nil, r.report()
	}
	canonical, err := d.canonical()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(canonical) > mostBytes {
		r.problem(&yaml.Node{Line: 1, Column: 1}, "the model takes %d bytes in canonical form; at most %d are allowed", len(canonical), mostBytes)
		return nil, r.report()
	}
	return compile(d, canonical), nil
}

// canonical is the document's JSON: the fields in their order, without those
// that are left at their zero.
func (d *document) canonical() ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(d); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// compile turns a valid document into the model. References resolve, since the
// validator has looked at each.
func compile(d *document, canonical []byte) *Model {
	m := &Model{
		ID: string(d.Model), Title: string(d.Title), About: string(d.About), Root: string(d.Root),
		kinds:       map[string]*Kind{},
		permissions: map[string]*Permission{},
		roles:       map[roleKey]*Role{},
		allowing:    map[actKey]Set{},
		canonical:   canonical,
		digest:      sha256.Sum256(canonical),
	}
	m.compileKinds(d.Scopes)
	m.compilePermissions(d.Permissions)
	m.compileRoles(d.Roles)
	m.Highest = m.role(d.Highest)
	return m
}

func (m *Model) compileKinds(entries []scopeEntry) {
	for _, s := range entries {
		k := &Kind{Name: string(s.Kind), Title: string(s.Title), Membership: s.Membership, Leave: s.Leave}
		m.Kinds = append(m.Kinds, k)
		m.kinds[k.Name] = k
	}
	for i, s := range entries {
		for _, under := range s.Under {
			m.Kinds[i].Under = append(m.Kinds[i].Under, m.kinds[string(under)])
		}
	}
}

func (m *Model) compilePermissions(entries []permissionEntry) {
	allowing := map[actKey][]int{}
	for i, e := range entries {
		p := &Permission{
			Index: i, ID: string(e.ID), Kind: string(kindOf(e.ID)),
			Title: string(e.Title), Section: string(e.Section), Allows: slices.Clone(e.Allows),
		}
		m.Permissions = append(m.Permissions, p)
		m.permissions[p.ID] = p
		for _, act := range p.Allows {
			key := actKey{p.Kind, act}
			allowing[key] = append(allowing[key], i)
		}
	}
	for key, indexes := range allowing {
		m.allowing[key] = NewSet(indexes...)
	}
}

func (m *Model) compileRoles(entries []roleEntry) {
	for i, e := range entries {
		kind, name, _ := strings.Cut(string(e.ID), ".")
		r := &Role{
			Index: i, Kind: kind, Name: name, Title: string(e.Title), Rule: string(e.Rule),
			Membership: string(e.Membership), AtLeast: int(e.AtLeast), AtMost: int(e.AtMost), Default: e.Default,
			Own: m.set(e.Permissions), Below: m.set(e.Inherited),
		}
		m.Roles = append(m.Roles, r)
		m.roles[roleKey{kind, name}] = r
		if r.Default {
			m.kinds[kind].Default = r
		}
	}
	for i, e := range entries {
		r := m.Roles[i]
		for _, id := range e.Replaces {
			r.Replaces = append(r.Replaces, m.role(id))
		}
		var with []permissionID
		for _, id := range e.GrantedBy {
			if grantor := m.role(roleID(id)); grantor != nil {
				r.GrantedBy = append(r.GrantedBy, grantor)
			} else {
				with = append(with, permissionID(id))
			}
		}
		r.GrantedWith = m.set(with)
	}
}

// role finds a role by its id in the document, or nil.
func (m *Model) role(id roleID) *Role {
	kind, name, _ := strings.Cut(string(id), ".")
	return m.roles[roleKey{kind, name}]
}

func (m *Model) set(ids []permissionID) Set {
	indexes := make([]int, len(ids))
	for i, id := range ids {
		indexes[i] = m.permissions[string(id)].Index
	}
	return NewSet(indexes...)
}
