package rolemodel

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"go.yaml.in/yaml/v3"
)

// Parse reads, checks and compiles a role model from YAML, or from the JSON of
// [Model.Canonical]. The file is named in messages alone. The error is of type
// [Problems] and holds everything that is wrong.
func Parse(file string, source []byte) (*Model, error) {
	m, _, err := parseDocument(file, source)
	return m, err
}

// parseDocument gives, with the model, what has validated the document that it was
// made of.
func parseDocument(file string, source []byte) (*Model, *validator, error) {
	r := &reader{file: file}
	d := r.read(source)
	var v *validator
	if d != nil {
		v = validate(r, d)
	}
	if len(r.problems) > 0 {
		return nil, nil, r.report()
	}
	canonical, err := d.canonical()
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(canonical) > mostBytes {
		r.problem(&yaml.Node{Line: 1, Column: 1}, "the model takes %d bytes in canonical form; at most %d are allowed", len(canonical), mostBytes)
		return nil, nil, r.report()
	}
	return compile(d, v.programs, canonical), v, nil
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
func compile(d *document, programs map[conditionID]cel.Program, canonical []byte) *Model {
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
		conditions:   map[string]*Condition{},
		allowing:     map[actKey]Set{},
		canonical:    canonical,
		digest:       sha256.Sum256(canonical),
	}
	m.compileConditions(d.Conditions, programs)
	m.compileKinds(d.Scopes)
	m.compileFeatures(d.Features)
	m.compileEditions(d.Editions)
	m.compilePermissions(d.Permissions)
	m.compileCarried(d.Scopes)
	m.compileRoles(d.Roles)
	m.Highest = m.role(d.Highest)
	m.compileSections(d.Sections)
	m.compileTemplates(d)
	m.compilePosture(d.Posture)
	m.compileSwitches()
	m.compileDesignations(d.Designations)
	m.compileAudiences(d.Audiences)
	m.compileMessages(d.Messages)
	m.compileResolvers(d.Resolvers)
	m.compileFacts(d.Facts)
	m.Contact = m.audiences[string(d.Contact)]
	return m
}

func (m *Model) compileKinds(entries []scopeEntry) {
	for _, s := range entries {
		k := &Kind{Name: string(s.Kind), Title: string(s.Title), Membership: s.Membership, Leave: s.Leave}
		for _, kind := range s.MemberKinds {
			member := &MemberKind{ID: string(kind.ID), Title: string(kind.Title), Rule: string(kind.Rule)}
			for _, needed := range kind.Needs {
				member.Needs = append(member.Needs, string(needed))
			}
			k.MemberKinds = append(k.MemberKinds, member)
		}
		for _, kind := range s.Joins {
			k.Joins = append(k.Joins, string(kind))
		}
		for _, a := range s.Attributes {
			attribute := &Attribute{ID: string(a.ID), Title: string(a.Title), Fixed: a.Fixed}
			for _, value := range a.Values {
				attribute.Values = append(attribute.Values, string(value))
			}
			k.Attributes = append(k.Attributes, attribute)
		}
		m.Kinds = append(m.Kinds, k)
		m.kinds[k.Name] = k
	}
	for i, s := range entries {
		for _, under := range s.Under {
			m.Kinds[i].Under = append(m.Kinds[i].Under, m.kinds[string(under)])
		}
	}
}

// compileCarried says what groups can carry.
func (m *Model) compileCarried(entries []scopeEntry) {
	for i, s := range entries {
		m.Kinds[i].Carries, m.Kinds[i].CarriesIf = m.offers(s.Carries)
		m.Groups = m.Groups || m.Kinds[i].Group()
		m.Carried = m.Carried.Union(m.Kinds[i].Carries)
	}
}

func (m *Model) compilePermissions(entries []permissionEntry) {
	allowing := map[actKey][]int{}
	for i, e := range entries {
		p := &Permission{
			Index: i, ID: string(e.ID), Kind: string(kindOf(e.ID)),
			Title: string(e.Title), Section: string(e.Section), Allows: slices.Clone(e.Allows),
			Feature: m.features[string(e.Feature)], Rule: string(e.Rule),
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
			Default: e.Default, Automatic: e.Automatic == toBackground, Creator: e.Automatic == toCreator, Client: e.Holder == toClient,
			Feature: m.features[string(e.Feature)], Terms: m.terms(e.Permissions, e.Inherited), Adjustable: e.Adjustable,
		}
		for _, kind := range e.MemberKinds {
			r.MemberKinds = append(r.MemberKinds, string(kind))
		}
		if len(e.Ceiling) > 0 {
			r.Ceiling = &Ceiling{Rule: cmp.Or(string(e.CeilingRule), string(e.Rule))}
			r.Ceiling.Set, r.Ceiling.If = m.references(e.Ceiling)
			m.Ceilings = true
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
		if r.Creator {
			kind.Creator = append(kind.Creator, r)
		}
		r.AdjustablePer, _ = kind.Attribute(string(e.AdjustablePer))
	}
	for i, e := range entries {
		r := m.Roles[i]
		r.Replaces, r.Former = m.roleList(e.Replaces), m.role(e.Former)
		r.TransferredBy, r.TransferredWith, r.TransferredIf = m.grantors(e.Transferred)
		r.GrantedBy, r.GrantedWith, r.GrantedIf = m.grantors(e.GrantedBy)
	}
}

// The values of automatic and holder.
const (
	toBackground beneficiary = "background"
	toCreator    beneficiary = "creator"
	toClient     holderID    = "client"
)

// grantors tells the roles from the permissions, and both from those that depend
// on a condition.
func (m *Model) grantors(refs []grantorID) (by []*Role, with Set, dependent []Authority) {
	var held []permissionID
	for _, ref := range refs {
		id, condition := split[grantorID, grantorID](ref)
		role := m.role(roleID(id))
		switch {
		case condition != "" && role != nil:
			dependent = append(dependent, Authority{Role: role, Condition: m.conditions[string(condition)]})
		case condition != "":
			dependent = append(dependent, Authority{Permission: m.permissions[string(id)].Index, Condition: m.conditions[string(condition)]})
		case role != nil:
			by = append(by, role)
		default:
			held = append(held, permissionID(id))
		}
	}
	return by, m.set(held), dependent
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
