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
		kinds:        map[string]*Kind{},
		features:     map[string]*Feature{},
		permissions:  map[string]*Permission{},
		roles:        map[nameKey]*Role{},
		designations: map[nameKey]*Designation{},
		audiences:    map[string]*Audience{},
		messages:     map[Message]*Recipients{},
		resolvers:    map[string]*Resolver{},
		facts:        map[nameKey]*Fact{},
		allowing:     map[actKey]Set{},
		canonical:    canonical,
		digest:       sha256.Sum256(canonical),
	}
	m.compileKinds(d.Scopes)
	m.compileFeatures(d.Features)
	m.compilePermissions(d.Permissions)
	m.compileRoles(d.Roles)
	m.compileSwitches()
	m.compileDesignations(d.Designations)
	m.compileAudiences(d.Audiences)
	m.compileMessages(d.Messages)
	m.compileResolvers(d.Resolvers)
	m.compileFacts(d.Facts)
	m.Highest = m.role(d.Highest)
	m.Contact = m.audiences[string(d.Contact)]
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
			Feature: m.features[string(e.Feature)],
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
		id := idKey(e.ID)
		r := &Role{
			Index: i, Kind: id.kind, Name: id.name, Title: string(e.Title), Rule: string(e.Rule),
			Membership: string(e.Membership), AtLeast: int(e.AtLeast), AtMost: int(e.AtMost),
			Default: e.Default, Automatic: e.Automatic != "", Feature: m.features[string(e.Feature)],
			Own: m.set(e.Permissions), Below: m.set(e.Inherited),
		}
		m.Roles = append(m.Roles, r)
		m.roles[id] = r
		kind := m.kinds[id.kind]
		if r.Default {
			kind.Default = r
		}
		if r.Automatic {
			kind.Automatic = append(kind.Automatic, r)
		}
	}
	for i, e := range entries {
		r := m.Roles[i]
		r.Replaces, r.TransferredBy, r.Former = m.roleList(e.Replaces), m.roleList(e.Transferred), m.role(e.Former)
		r.GrantedBy, r.GrantedWith = m.grantors(e.GrantedBy)
	}
}

// grantors tells the roles from the permissions.
func (m *Model) grantors(ids []grantorID) (by []*Role, with Set) {
	var held []permissionID
	for _, id := range ids {
		if role := m.role(roleID(id)); role != nil {
			by = append(by, role)
		} else {
			held = append(held, permissionID(id))
		}
	}
	return by, m.set(held)
}

// role finds a role by its id in the document, or nil.
func (m *Model) role(id roleID) *Role {
	return m.roles[idKey(id)]
}

func (m *Model) roleList(ids []roleID) []*Role {
	var list []*Role
	for _, id := range ids {
		list = append(list, m.role(id))
	}
	return list
}

// idKey is an id of the form KIND.NAME as the model's indexes have it.
func idKey[ID ~string](id ID) nameKey {
	kind, name, _ := strings.Cut(string(id), ".")
	return nameKey{kind, name}
}

func (m *Model) set(ids []permissionID) Set {
	indexes := make([]int, len(ids))
	for i, id := range ids {
		indexes[i] = m.permissions[string(id)].Index
	}
	return NewSet(indexes...)
}
