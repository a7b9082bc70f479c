package aggregate

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"tenure/events"
	"tenure/rolemodel"
)

// mostCustomRoles is how many roles an organization can define itself.
const mostCustomRoles = 1_000

// Names of custom roles, and of their pictures, are written in the clear.
var (
	customName  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)
	iconPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)
)

// admissibleTerms judges what an organization says of its roles and groups.
func admissibleTerms(s State, event events.Event) *Refusal {
	switch e := event.(type) {
	case events.RoleDefined:
		return firstOf(s.elsewhere(e.Scope), func() *Refusal { return definable(s, e) }, func() *Refusal { return drawn(e.Icon) })
	case events.RoleRenamed:
		return firstOf(s.elsewhere(e.Scope), func() *Refusal { return s.notCustom(e.Role) }, func() *Refusal { return drawn(e.Icon) })
	case events.RoleDeleted:
		return firstOf(s.elsewhere(e.Scope), func() *Refusal { return s.notCustom(e.Role) }, func() *Refusal { return s.stillUsed(e.Role) })
	case events.PermissionAdded:
		return permittable(s, e.Role, e.Scope, e.Permission, true)
	case events.PermissionRemoved:
		return permittable(s, e.Role, e.Scope, e.Permission, false)
	case events.PermissionWithheld:
		return admissibleWithholding(s, e.Kind, e.Role, e.Permission, e.Value, true)
	case events.PermissionRestored:
		return admissibleWithholding(s, e.Kind, e.Role, e.Permission, e.Value, false)
	}
	return refuseInvalid("%T cannot be judged.", event)
}

// elsewhere refuses to say of a scope what is said of the organization.
func (s State) elsewhere(on events.ScopeID) *Refusal {
	if on == s.Root {
		return nil
	}
	return refuseInvalid("Roles are defined for all of %s, not for %.80q.", s.Root, on)
}

// definable judges a new custom role.
func definable(s State, e events.RoleDefined) *Refusal {
	refuse := func(code Code, field, message string, args ...any) *Refusal {
		return &Refusal{Code: code, Field: field, Message: fmt.Sprintf(message, args...)}
	}
	template, known := s.Model.Template(e.Template)
	if !known {
		return s.unknownTemplate(e.Template)
	}
	if !customName.MatchString(string(e.Role)) || e.Role == NoRole {
		return refuse(CodeInvalid, "role", "%.80q cannot name a role: want 1 to 63 of a-z, 0-9 and _, starting with a letter, and not %s.", e.Role, NoRole)
	}
	if role, taken := s.Model.Role(template.Kind, string(e.Role)); taken {
		return refuse(CodeExists, "role", "The role model has a role %s (%s); give the new one another name.", role.ID(), role.Title)
	}
	if custom, taken := s.custom(e.Role); taken {
		return refuse(CodeExists, "role", "There is a custom role %s already; give the new one another name.", custom.Role.ID())
	}
	if len(s.CustomRoles()) >= mostCustomRoles {
		return refuse(CodeFull, "role", "An organization has at most %d custom roles; delete one that is not needed.", mostCustomRoles)
	}
	return nil
}

func (s State) unknownTemplate(id string) *Refusal {
	var have []string
	for _, template := range s.Model.Templates {
		have = append(have, template.ID())
	}
	return &Refusal{Code: CodeUnknown, Field: "template", Help: "tenure models show " + s.Model.ID,
		Message: fmt.Sprintf("There is no template %.80q for custom roles in the model %s; there is %s.", id, s.Model.ID, anyOf(have))}
}

// drawn refuses what cannot name a picture.
func drawn(icon string) *Refusal {
	if icon == "" || iconPattern.MatchString(icon) {
		return nil
	}
	return &Refusal{Code: CodeInvalid, Field: "icon",
		Message: fmt.Sprintf("%.80q cannot name an icon: want 1 to 63 of a-z, 0-9, - and _, starting with a letter or digit.", icon)}
}

// notCustom refuses what is no custom role.
func (s State) notCustom(id events.RoleID) *Refusal {
	if _, known := s.custom(id); known {
		return nil
	}
	help := "tenure role list --org " + string(s.Org)
	for _, role := range s.Model.Roles {
		if role.Name == string(id) || role.ID() == string(id) {
			if role.Adjustable {
				help = "tenure role withhold " + role.ID() + " PERMISSION --org " + string(s.Org)
			}
			return &Refusal{Code: CodeInvalid, Field: "role", Rule: role.Rule, Role: role.ID(), Help: help,
				Message: fmt.Sprintf("%s is a role of the model %s: it can be neither renamed nor deleted, and no permission added to it.", role.ID(), s.Model.ID)}
		}
	}
	refused := unknown("custom role", fmt.Sprintf("%.80s", id), help)
	refused.Field = "role"
	return &refused
}

// stillUsed refuses to delete a custom role that somebody holds, or is offered.
func (s State) stillUsed(id events.RoleID) *Refusal {
	custom, _ := s.custom(id)
	for _, scope := range s.Scopes() {
		if scope.holderSet(custom.Role) != nil {
			return &Refusal{Code: CodeUnfounded, Rule: custom.Role.Rule, Role: custom.Role.ID(), Scope: scope.ID,
				Message: "The end of " + custom.Role.Name + " ends that it is held, and some on " + string(scope.ID) + " would be left."}
		}
	}
	if offers := s.offering(custom.Role); len(offers) > 0 {
		return &Refusal{Code: CodeUnfounded, Rule: custom.Role.Rule, Role: custom.Role.ID(), Subject: offers[0].subject,
			Message: "The end of " + custom.Role.Name + " ends the invitations that offer it, and some would be left."}
	}
	return nil
}

// permittable judges what a custom role is given and, where none is named, a
// group; and what is taken from it.
func permittable(s State, role events.RoleID, on events.ScopeID, id events.PermissionID, adds bool) *Refusal {
	permission, known := s.Model.Permission(string(id))
	if !known {
		return s.unknownPermission(id)
	}
	given, refused := s.givenTo(role, on, permission, adds)
	if refused != nil {
		return refused
	}
	has := slices.ContainsFunc(given, func(g Given) bool { return g.Permission == permission.Index })
	switch {
	case adds && has:
		return &Refusal{Code: CodeExists, Field: "permissions", Scope: on, Message: permission.ID + " is given already."}
	case !adds && !has:
		return &Refusal{Code: CodeUnknown, Field: "permissions", Scope: on, Message: permission.ID + " is not given."}
	}
	return nil
}

// givenTo lists what a custom role or a group gives, and refuses where the
// permission cannot be among it.
func (s State) givenTo(role events.RoleID, on events.ScopeID, permission *rolemodel.Permission, adds bool) ([]Given, *Refusal) {
	if role != "" {
		if refused := firstOf(s.elsewhere(on), func() *Refusal { return s.notCustom(role) }); refused != nil {
			return nil, refused
		}
		custom, _ := s.custom(role)
		if template := custom.Role.Template; adds && !template.Choices.Has(permission.Index) {
			return nil, s.noChoice(custom.Role.ID(), template.Rule, "tenure role show "+custom.Role.Name+" --org "+string(s.Org), permission)
		}
		return custom.Given, nil
	}
	group, exists := s.Scope(on)
	if !exists {
		refused := unknown("scope", fmt.Sprintf("%.80s", on), "tenure scope list --org "+string(s.Org))
		return nil, &refused
	}
	if refused := s.noGroup(group); refused != nil {
		return nil, refused
	}
	if adds && !group.Kind.Carries.Has(permission.Index) {
		return nil, s.noChoice(string(on), "", "tenure models show "+s.Model.ID, permission)
	}
	if adds {
		return group.Given, s.frozen(on)
	}
	return group.Given, nil
}

// noGroup refuses a scope whose members have no permissions by that.
func (s State) noGroup(scope *Scope) *Refusal {
	if scope.Kind.Group() {
		return nil
	}
	var groups []string
	for _, kind := range s.Model.Kinds {
		if kind.Group() {
			groups = append(groups, kind.Name)
		}
	}
	return &Refusal{Code: CodeStructure, Scope: scope.ID, Field: "scope",
		Message: fmt.Sprintf("%s is no group: permissions are given to members of %s.", scope.ID, anyOf(groups))}
}

// noChoice refuses a permission that cannot be given to a role or group. Where
// its section is reserved, that is why.
func (s State) noChoice(to, rule, help string, permission *rolemodel.Permission) *Refusal {
	refused := &Refusal{Code: CodeInvalid, Field: "permissions", Rule: rule, Help: help,
		Message: fmt.Sprintf("%s cannot be given to %s: the role model does not offer it.", permission.ID, to)}
	for _, section := range s.Model.Sections {
		if section.Title != permission.Section {
			continue
		}
		var alone []string
		for _, role := range section.Exclusive {
			alone = append(alone, role.ID())
		}
		if section.Rule != "" {
			refused.Rule = section.Rule
		}
		refused.Message = fmt.Sprintf("%s cannot be given to %s: it is in the section %s, which is for %s alone.", permission.ID, to, section.Title, anyOf(alone))
	}
	return refused
}

func (s State) unknownPermission(id events.PermissionID) *Refusal {
	refused := unknown("permission", fmt.Sprintf("%.80s", id), "tenure models show "+s.Model.ID)
	refused.Field = "permissions"
	return &refused
}

// admissibleWithholding judges what is withheld from a role of the model, and
// what is given back.
func admissibleWithholding(s State, kind string, id events.RoleID, name events.PermissionID, value string, withholds bool) *Refusal {
	role, known := s.Model.Role(kind, string(id))
	if !known {
		return s.unknownRole(kind, id)
	}
	permission, known := s.Model.Permission(string(name))
	if !known {
		return s.unknownPermission(name)
	}
	switch is := s.isWithheld(role, permission, value); {
	case withholds && is:
		return &Refusal{Code: CodeExists, Field: "permissions", Role: role.ID(), Message: permission.ID + " is withheld from " + role.ID() + " already."}
	case withholds:
		return s.withholdable(role, permission, value)
	case !is:
		return &Refusal{Code: CodeUnknown, Field: "permissions", Role: role.ID(), Message: permission.ID + " is not withheld from " + role.ID() + "."}
	}
	return nil
}

func (s State) unknownRole(kind string, id events.RoleID) *Refusal {
	refused := unknown("role", fmt.Sprintf("%.40s.%.80s in the model %s", kind, id, s.Model.ID), "tenure role list --org "+string(s.Org))
	refused.Field = "role"
	return &refused
}

func (s State) isWithheld(role *rolemodel.Role, permission *rolemodel.Permission, value string) bool {
	return slices.ContainsFunc(s.Withheld(role), func(w Withheld) bool { return w.Permission == permission.Index && w.Value == value })
}

// insteadGives names the roles of the model that give a permission, as it ends a
// sentence.
func (s State) insteadGives(permission *rolemodel.Permission) string {
	var names []string
	for _, role := range s.Model.Roles {
		if role.May(true, permission.Index) || role.May(false, permission.Index) {
			names = append(names, role.ID())
		}
	}
	if len(names) == 0 {
		return ""
	}
	return ": it comes by " + strings.Join(names, ", ")
}

// withholdable refuses what can never be withheld from a role. From the highest
// nothing is, so that there is always somebody who can do what it gives.
func (s State) withholdable(role *rolemodel.Role, permission *rolemodel.Permission, value string) *Refusal {
	refuse := func(field, message string, args ...any) *Refusal {
		return &Refusal{Code: CodeInvalid, Field: field, Rule: role.Rule, Role: role.ID(), Message: fmt.Sprintf(message, args...)}
	}
	per := role.AdjustablePer
	terms := s.terms(role)
	switch {
	case !role.Adjustable:
		return refuse("role", "%s is as the role model %s says: nothing is withheld from it.", role.ID(), s.Model.ID)
	case !terms.May(true, permission.Index) && !terms.May(false, permission.Index):
		return refuse("permissions", "%s does not give %s, so that cannot be withheld from it%s.", role.ID(), permission.ID, s.insteadGives(permission))
	case per == nil && value != "":
		return refuse("value", "Permissions are withheld from %s everywhere, not for some values.", role.ID())
	case per != nil && !slices.Contains(per.Values, value):
		return refuse("value", "Permissions are withheld from %s by %s, which is %s, not %.40q.", role.ID(), per.Title, anyOf(per.Values), value)
	}
	return nil
}
