package rolemodel

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Check reads a role model as [Parse] does, and warns of what is allowed and
// still looks like a mistake: permissions and roles that nobody can come to,
// things that nobody could use for want of an act, audiences in which there may be
// nobody, conditions that never change, and permissions that seem to stand in the
// wrong section. The operator can do all of it, under break-glass; the warnings
// are about everybody else.
func Check(file string, source []byte) (m *Model, warnings Problems, err error) {
	m, v, err := parseDocument(file, source)
	if err != nil {
		return nil, nil, err
	}
	c := &checker{validator: v, model: m, tried: map[use]constancy{}}
	c.constants()
	c.uses()
	c.unused()
	c.reaching()
	c.sections()
	c.unguarded()
	c.listening()
	return m, v.report(), nil
}

// checker looks for what is allowed and still looks like a mistake. The validator
// has found no problems, so that it takes the warnings.
type checker struct {
	*validator
	model *Model
	// tried keeps what was found out about conditions.
	tried map[use]constancy
}

// use is a condition, asked about scopes of one kind, empty for any.
type use struct {
	condition conditionID
	target    kindName
}

type constancy struct{ met, constant bool }

// constant says whether a condition is met whatever is the case, or never, where
// it is asked about scopes of the kind, empty for any.
func (c *checker) constant(id conditionID, target kindName) (met, constant bool) {
	condition, declared := c.model.Condition(string(id))
	if !declared { // nothing depends on one
		return true, true
	}
	found, tried := c.tried[use{id, target}]
	if !tried {
		found.met, found.constant = c.model.constant(condition, c.model.kinds[string(target)])
		c.tried[use{id, target}] = found
	}
	return found.met, found.constant
}

// never says whether a condition is never met where it is asked about scopes of
// the kind.
func (c *checker) never(id conditionID, target kindName) bool {
	met, constant := c.constant(id, target)
	return constant && !met
}

func (c *checker) warn(at *yaml.Node, format string, args ...any) { c.problem(at, format, args...) }

// allows says whether a permission on the kind allows the act.
func (c *checker) allows(kind string, act Act) bool { return !c.model.Allowing(kind, act).Empty() }

// anywhere is like allows, on any kind.
func (c *checker) anywhere(act Act) bool {
	return slices.ContainsFunc(c.model.Kinds, func(k *Kind) bool { return c.allows(k.Name, act) })
}

// constants finds conditions that are always or never met.
func (c *checker) constants() {
	for i := range c.Conditions {
		e := &c.Conditions[i]
		switch met, constant := c.constant(e.ID, ""); {
		case constant && met:
			c.warn(c.places[&e.When], "condition %q is always met", e.ID)
		case constant:
			c.warn(c.places[&e.When], "condition %q is never met", e.ID)
		}
	}
}

// uses finds where a condition stands that changes elsewhere, and not for the
// scopes that it is asked about there; or that asks who holds a role which nobody
// can hold on those or above them.
func (c *checker) uses() {
	used := func(id conditionID, target kindName, at *yaml.Node) {
		if _, constant := c.constant(id, ""); constant {
			return
		}
		var unseen []string
		for _, role := range c.asked[id] {
			if !c.mayHave(target, kindOf(role)) {
				unseen = append(unseen, quoted(string(role)))
			}
		}
		because := ""
		if len(unseen) > 0 {
			because = ": nobody can hold " + strings.Join(unseen, ", ") + " there or above"
		}
		switch met, constant := c.constant(id, target); {
		case constant && met:
			c.warn(at, "condition %q is always met here, on scopes of kind %q%s", id, target, because)
		case constant:
			c.warn(at, "condition %q is never met here, on scopes of kind %q%s", id, target, because)
		case because != "":
			c.warn(at, "condition %q asks in vain here, on scopes of kind %q%s", id, target, because)
		}
	}
	for i := range c.Roles {
		e := &c.Roles[i]
		c.given(used, e.Permissions, e.Inherited, e.Ceiling)
		c.governed(e.ID, e.GrantedBy, used)
		c.governed(e.ID, e.Transferred, used)
	}
	for i := range c.CustomRoles {
		e := &c.CustomRoles[i]
		c.given(used, e.Permissions, e.Guarded)
		c.governed(e.ID, e.GrantedBy, used)
	}
	for i := range c.Scopes {
		c.given(used, c.Scopes[i].Carries)
	}
	for i := range c.Designations {
		c.governed(roleID(c.Designations[i].ID), c.Designations[i].SetBy, used)
	}
}

// given calls used with the conditions under which somebody has permissions. Whoever
// assigns people to scopes is asked about those, too.
func (c *checker) given(used func(conditionID, kindName, *yaml.Node), lists ...[]permissionRef) {
	for _, list := range lists {
		for i := range list {
			id, condition := split[permissionRef, permissionID](list[i])
			assigns := slices.ContainsFunc(c.permissions[id].Allows, func(act Act) bool {
				prefix, kind := act.argument()
				_, constant := c.constant(condition, kindName(kind))
				return prefix == assignPrefix && !constant
			})
			if !assigns {
				used(condition, kindOf(id), c.places[&list[i]])
			}
		}
	}
}

// governed calls used with the conditions under which somebody has authority over
// what has the id.
func (c *checker) governed(id roleID, by []grantorID, used func(conditionID, kindName, *yaml.Node)) {
	for i := range by {
		_, condition := split[grantorID, grantorID](by[i])
		used(condition, kindOf(id), c.places[&by[i]])
	}
}

// unused finds what nobody could use, since no permission allows the act.
func (c *checker) unused() {
	lacks := func(address any, what string, act Act) {
		c.warn(c.places[address], "nobody can %s: no permission allows %q", what, act)
	}
	root := c.model.Root
	for i := range c.Features {
		e := &c.Features[i]
		if feature, _ := c.model.Feature(string(e.ID)); len(feature.Editions) == 0 && !c.allows(root, FeatureSwitch) {
			lacks(&e.ID, fmt.Sprintf("turn feature %q on", e.ID), FeatureSwitch)
		}
	}
	if len(c.Editions) > 1 && !c.allows(root, EditionSet) {
		lacks(&c.Editions[1].ID, "put another edition in force", EditionSet)
	}
	if c.places[&c.Posture] != nil && !c.allows(root, ReportRead) {
		lacks(&c.Posture, "read the posture report", ReportRead)
	}
	for i := range c.Scopes {
		c.unusedScope(&c.Scopes[i], lacks)
	}
	for i := range c.CustomRoles {
		e := &c.CustomRoles[i]
		for _, lacking := range []struct {
			act  Act
			what string
		}{{RolePermit, "add a permission to"}, {RoleUnpermit, "remove a permission from"}, {RoleRename, "rename"}, {RoleDelete, "delete"}} {
			if !c.allows(root, lacking.act) {
				lacks(&e.ID, fmt.Sprintf("%s a custom role %q", lacking.what, e.ID), lacking.act)
			}
		}
	}
	for i := range c.Roles {
		c.unusedRole(&c.Roles[i], lacks)
	}
}

func (c *checker) unusedScope(e *scopeEntry, lacks func(any, string, Act)) {
	kind := string(e.Kind)
	if create := ScopeCreate(kind); kind != c.model.Root && !c.anywhere(create) {
		lacks(&e.Kind, "create scopes of kind "+quoted(kind), create)
	}
	if e.Membership {
		joins := kind == c.model.Root && slices.ContainsFunc(c.Scopes, func(other scopeEntry) bool { return len(other.Joins) > 0 })
		if !joins && !c.starts(kind) {
			lacks(&e.Kind, "make anybody a member of scopes of kind "+quoted(kind), MembershipStart)
		}
		if !c.allows(kind, MembershipTerminate) {
			lacks(&e.Kind, "end the membership of others of scopes of kind "+quoted(kind), MembershipTerminate)
		}
	}
	for j := range e.Attributes {
		if a := &e.Attributes[j]; !a.Fixed && !c.allows(kind, ScopeSet(string(a.ID))) {
			lacks(&a.ID, fmt.Sprintf("change attribute %q of scopes of kind %q", a.ID, kind), ScopeSet(string(a.ID)))
		}
	}
	if len(e.Carries) > 0 && !c.allows(kind, ScopePermit) {
		lacks(&e.Carries, "give permissions to groups of kind "+quoted(kind), ScopePermit)
	}
}

// starts says whether some permission allows to make somebody a member of scopes of
// the kind: as a member of whatever kind, of one kind, or from another scope.
func (c *checker) starts(kind string) bool {
	return c.allows(kind, MembershipStart) || c.anywhere(MembershipAssign(kind)) ||
		slices.ContainsFunc(c.model.kinds[kind].MemberKinds, func(k *MemberKind) bool { return c.allows(kind, MembershipStartAs(k.ID)) })
}

func (c *checker) unusedRole(e *roleEntry, lacks func(any, string, Act)) {
	if e.Holder == toClient && !c.allows(c.model.Root, ClientManage) {
		lacks(&e.Holder, fmt.Sprintf("make an API client to hold role %q", e.ID), ClientManage)
	}
	if !e.Adjustable {
		return
	}
	role := c.model.role(e.ID)
	values := []string{""}
	if role.AdjustablePer != nil {
		values = role.AdjustablePer.Values
	}
	for _, value := range values {
		if act := RoleWithholdFor(value); !c.allows(c.model.Root, act) {
			lacks(&e.Adjustable, fmt.Sprintf("withhold permissions from role %q", e.ID), act)
		}
	}
}

// reaching finds roles that nobody can come to hold or be granted, and permissions
// that nobody can come to have, by a closer look than the validator's: what
// depends on a condition that is never met leads nowhere, API clients must be
// made, and the background user grants nothing.
func (c *checker) reaching() {
	held, has := c.reachable()
	for i := range c.Roles {
		e := &c.Roles[i]
		switch {
		case !held[e.ID]:
			c.warn(c.at(&e.GrantedBy, e), "nobody can ever hold role %q: nobody can come to be who grants it", e.ID)
		case e.Automatic == toCreator && c.absent(&e.GrantedBy) && c.absent(&e.Transferred):
			c.warn(c.places[&e.ID], "nobody can grant role %q: where whoever created the scope holds it no more, nobody does", e.ID)
		}
	}
	for i := range c.Permissions {
		if p := &c.Permissions[i]; !has[p.ID] {
			c.warn(c.places[&p.ID], "nobody can ever have permission %q: no role that somebody can hold gives it, and no group can be given it", p.ID)
		}
	}
}

// reachable are the roles that somebody can come to hold, and the permissions that
// somebody can come to have.
func (c *checker) reachable() (held map[roleID]bool, has map[permissionID]bool) {
	held, has = map[roleID]bool{}, map[permissionID]bool{}
	grants := map[grantorID][]roleID{} // to grant, transfer or define
	template := map[roleID]*customRoleEntry{}
	governed := func(by []grantorID, id roleID) {
		for _, ref := range by {
			if grantor, condition := split[grantorID, grantorID](ref); !c.never(condition, kindOf(id)) {
				grants[grantor] = append(grants[grantor], id)
			}
		}
	}
	entries := map[roleID]*roleEntry{}
	var background []permissionID
	next := []roleID{c.Highest}
	for i := range c.Roles {
		e := &c.Roles[i]
		entries[e.ID] = e
		governed(e.GrantedBy, e.ID)
		governed(e.Transferred, e.ID)
		if e.Default || e.Automatic != "" {
			next = append(next, e.ID)
		}
	}
	for i := range c.CustomRoles {
		e := &c.CustomRoles[i]
		template[e.ID] = e
		governed(e.GrantedBy, e.ID)
	}
	have := func(id permissionID) {
		if !has[id] {
			has[id] = true
			next = append(next, grants[grantorID(id)]...)
		}
	}
	for i := range c.Scopes {
		if e := &c.Scopes[i]; c.allows(string(e.Kind), ScopePermit) {
			for _, ref := range e.Carries {
				if id, condition := split[permissionRef, permissionID](ref); !c.never(condition, kindOf(id)) {
					have(id)
				}
			}
		}
	}
	for len(next) > 0 {
		id := next[0]
		next = next[1:]
		e := entries[id]
		if held[id] || e != nil && e.Holder == toClient && !c.allows(c.model.Root, ClientManage) {
			continue
		}
		held[id] = true
		if e == nil {
			c.chosen(template[id], have)
			next = append(next, grants[grantorID(id)]...)
			continue
		}
		acts := e.Automatic != toBackground
		if acts {
			next = append(next, grants[grantorID(id)]...)
		}
		for _, ref := range slices.Concat(e.Permissions, e.Inherited) {
			permission, condition := split[permissionRef, permissionID](ref)
			switch {
			case c.never(condition, kindOf(permission)):
			case acts:
				have(permission)
			default: // the background user has it, and grants nothing by it
				background = append(background, permission)
			}
		}
	}
	for _, permission := range background {
		has[permission] = true
	}
	return held, has
}

// chosen calls have with what custom roles of a template can be given.
func (c *checker) chosen(e *customRoleEntry, have func(permissionID)) {
	if e == nil {
		return
	}
	for _, ref := range c.choices(e, c.model.below) {
		if id, condition := split[permissionRef, permissionID](ref); !c.never(condition, kindOf(id)) {
			have(id)
		}
	}
}

// sections finds permissions that seem to stand in the wrong section: alone in
// one whose title is nearly that of another one, or elsewhere than in the one
// section of those who alone hold them.
func (c *checker) sections() {
	count := map[line]int{}
	for i := range c.Permissions {
		count[c.Permissions[i].Section]++
	}
	for i := range c.Permissions {
		p := &c.Permissions[i]
		for _, other := range slices.Sorted(maps.Keys(count)) {
			if count[p.Section] == 1 && other != p.Section && similar(string(p.Section), string(other)) {
				c.warn(c.places[&p.Section], "permission %q stands alone in section %q; there is %q, too", p.ID, p.Section, other)
			}
		}
		if slices.ContainsFunc(c.Sections, func(e sectionEntry) bool { return e.Title == p.Section }) {
			continue
		}
		permission, _ := c.model.Permission(string(p.ID))
		theirs := slices.DeleteFunc(slices.Clone(c.model.Sections), func(s *Section) bool { return !c.heldAloneBy(permission.Index, s.Exclusive) })
		if len(theirs) == 1 {
			var roles []string
			for _, role := range theirs[0].Exclusive {
				roles = append(roles, role.ID())
			}
			c.warn(c.places[&p.Section], "permission %q is held by nobody but %s, and does not stand in the section %q that is theirs", p.ID, strings.Join(roles, ", "), theirs[0].Title)
		}
	}
}

// similar says whether two words differ by no more than two letters that were
// added, left out or mistaken, and so may be meant to be the same.
func similar(a, b string) bool {
	x, y := []rune(strings.ToLower(a)), []rune(strings.ToLower(b))
	if min(len(x), len(y)) < 4 {
		return string(x) == string(y)
	}
	// The edit distance, row by row.
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		left := row[0]
		row[0] = i + 1
		for j := range y {
			changed := left
			if x[i] != y[j] {
				changed++
			}
			left, row[j+1] = row[j+1], min(changed, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(y)] <= 2
}

// unguarded finds what a custom role or a group gives whatever is the case, while
// every role that gives it does so under a condition only. The highest role is left
// aside: it often gives all.
func (c *checker) unguarded() {
	conditions := map[permissionID][]string{}
	for _, p := range c.model.Permissions {
		var under []string
		for _, role := range c.model.Roles {
			if role == c.model.Highest {
				continue
			}
			if role.Own.Has(p.Index) || role.Below.Has(p.Index) {
				under = nil
				break
			}
			for _, d := range slices.Concat(role.OwnIf, role.BelowIf) {
				if d.Permission == p.Index && !slices.Contains(under, d.Condition.ID) {
					under = append(under, d.Condition.ID)
				}
			}
		}
		conditions[permissionID(p.ID)] = under
	}
	unguarded := func(at *yaml.Node, refs []permissionRef, who string) {
		for _, ref := range refs {
			id, condition := split[permissionRef, permissionID](ref)
			if under := conditions[id]; condition == "" && len(under) > 0 {
				c.warn(at, "%s gives permission %q whatever is the case, and every role gives it under a condition only: write %q", who, id, string(id)+conditional+under[0])
			}
		}
	}
	for i := range c.Scopes {
		e := &c.Scopes[i]
		for j := range e.Carries {
			unguarded(c.places[&e.Carries[j]], e.Carries[j:j+1], fmt.Sprintf("a group of kind %q", e.Kind))
		}
	}
	for i := range c.CustomRoles {
		e := &c.CustomRoles[i]
		who := fmt.Sprintf("custom role %q", e.ID)
		if len(e.Permissions) == 0 {
			unguarded(c.at(&e.Guarded, e), c.choices(e, c.model.below), who)
		}
		for j := range e.Permissions {
			unguarded(c.places[&e.Permissions[j]], e.Permissions[j:j+1], who)
		}
	}
}

// heldAloneBy says whether a permission is given by some of the roles, and by
// nothing else.
func (c *checker) heldAloneBy(permission int, roles []*Role) bool {
	given := false
	for _, role := range c.model.Roles {
		if !role.May(true, permission) && !role.May(false, permission) {
			continue
		}
		if !slices.Contains(roles, role) {
			return false
		}
		given = true
	}
	return given &&
		!slices.ContainsFunc(c.model.Kinds, func(k *Kind) bool { return k.Carries.Has(permission) }) &&
		!slices.ContainsFunc(c.model.Templates, func(t *Template) bool { return t.Choices.Has(permission) })
}

// listening finds audiences in which there may be nobody, so that what is sent to
// them reaches nobody.
func (c *checker) listening() {
	warned := map[*Audience]bool{}
	need := func(audience *Audience, kinds []*Kind) {
		if audience == nil || warned[audience] {
			return
		}
		for _, kind := range kinds {
			if c.reaches(audience, kind) {
				continue
			}
			warned[audience] = true
			at := slices.IndexFunc(c.Audiences, func(e audienceEntry) bool { return string(e.ID) == audience.ID })
			c.warn(c.places[&c.Audiences[at].ID], "there may be nobody in audience %q for what happens on scopes of kind %q: no role of it, nor of what comes otherwise, always has a holder", audience.ID, kind.Name)
			return
		}
	}
	for _, message := range c.model.Messages {
		kinds := message.On
		if len(kinds) == 0 {
			kinds = c.model.Kinds
		}
		need(message.Audience, kinds)
	}
	need(c.model.Contact, []*Kind{c.model.kinds[c.model.Root]})
}

// reaches says whether there is always somebody in an audience, or in one that
// comes otherwise, for what happens on a scope of the kind.
func (c *checker) reaches(audience *Audience, kind *Kind) bool {
	for ; audience != nil; audience = audience.Otherwise {
		if audience.Kind != kind.Name && audience.Kind != c.model.Root {
			continue
		}
		if slices.ContainsFunc(audience.Roles, func(role *Role) bool { return role.AtLeast > 0 }) {
			return true
		}
	}
	return false
}
