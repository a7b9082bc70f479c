package aggregate

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tenure/events"
	"tenure/rolemodel"
)

// mostObstacles is how many refusals an adoption is told at a time.
const mostObstacles = 50

// bounded keeps a list of refusals readable, and says how many there are more.
func bounded(refusals Refusals) Refusals {
	if len(refusals) <= mostObstacles {
		return refusals
	}
	last := refusals[mostObstacles]
	more := len(refusals) - mostObstacles
	return append(slices.Clone(refusals[:mostObstacles]), Refusal{Code: last.Code, Event: last.Event,
		Message: fmt.Sprintf("There are %d more things of this kind in the way.", more)})
}

// unfit refuses a model that does not go with what the organization holds.
func (n succession) unfit(format string, args ...any) Refusal {
	return Refusal{Code: CodeUnfit, Event: -1, Message: fmt.Sprintf("Under the model "+n.model.ID+", "+format, args...)}
}

// unheard refuses what is said of roles that there are not.
func (n succession) unheard() Refusals {
	var refusals Refusals
	for _, from := range sortedKeys(n.roles) {
		kind, name, _ := strings.Cut(from, ".")
		if _, known := n.state.Role(kind, name); !known {
			refused := unknown("role", fmt.Sprintf("%.80s in %s to map", from, n.state.Org), "tenure model show --org "+string(n.state.Org))
			refused.Field = "roles." + from
			refusals = append(refusals, refused)
		}
	}
	return refusals
}

// mistaken refuses roles of the model in the place of others that it does not
// have, or that are held elsewhere.
func (n succession) mistaken() Refusals {
	var refusals Refusals
	for _, from := range sortedKeys(n.roles) {
		into := n.roles[from]
		refuse := func(code Code, format string, args ...any) {
			refusals = append(refusals, Refusal{Code: code, Field: "roles." + from, Event: -1, Message: fmt.Sprintf(format, args...)})
		}
		kind, _, _ := strings.Cut(from, ".")
		if into == string(NoRole) {
			continue
		}
		nextKind, nextName, _ := strings.Cut(into, ".")
		next, known := n.model.Role(nextKind, nextName)
		switch {
		case !known:
			var have []string
			for _, role := range n.model.Roles {
				if role.Kind == kind {
					have = append(have, role.ID())
				}
			}
			refuse(CodeUnknown, "The model %s has no role %.80q; on %s there is %s.", n.model.ID, into, rolemodel.A(kind), anyOf(have))
		case next.Kind != kind:
			refuse(CodeInvalid, "%s is held on %s and %s on %s: a role is mapped to one of the same kind.", from, rolemodel.A(kind), into, rolemodel.A(next.Kind))
		}
	}
	return refusals
}

// obstacles is what stands in the way of the model whatever is ended for it: the
// scopes, their members, what they are like, and roles that are held and of which
// nothing is said.
func (n succession) obstacles() Refusals {
	var refusals Refusals
	if n.model.Root != n.state.Root.Kind() {
		return Refusals{n.unfit("the organization itself is %s, and %s is %s.", rolemodel.A(n.model.Root), n.state.Org, rolemodel.A(n.state.Root.Kind()))}
	}
	count := tally{}
	for _, scope := range n.state.Scopes() {
		kind, known := n.model.Kind(scope.Kind.Name)
		if !known {
			count.add("kind", scope.Kind.Name, string(scope.ID))
			continue
		}
		if parent, exists := n.state.Scope(scope.Parent); exists {
			if above, known := n.model.Kind(parent.Kind.Name); known && !kind.MayStandUnder(above) {
				count.add("place", kind.Name+" stands below a "+above.Name, string(scope.ID))
			}
		}
		members := scope.Members()
		if len(members) > 0 && !kind.Membership {
			count.add("membership", rolemodel.A(kind.Name), string(scope.ID))
		}
		for _, subject := range members {
			person, _ := n.state.Person(subject)
			m, _ := person.Membership(scope.ID)
			if _, fits := n.memberKind(scope.ID, m.MemberKind); kind.Membership && !fits {
				count.add("member_kind", rolemodel.A(kind.Name)+" is of the kind "+n.state.memberKind(person, scope.ID), string(subject))
			}
		}
		for _, attribute := range scope.Kind.Attributes {
			if value, fits := n.attribute(scope, attribute); attribute.Fixed && !fits {
				count.add("attribute", attribute.ID+" of "+rolemodel.A(kind.Name)+" is "+value, string(scope.ID))
			}
		}
	}
	refuse := func(what, format string, list func([]string) string) {
		for _, of := range count.of(what) {
			refusals = append(refusals, n.unfit(format, of.name, list(of.list)))
		}
	}
	number := func(list []string) string { return strconv.Itoa(len(list)) }
	refuse("kind", "there are no scopes of the kind %s; first delete %s.", shortened)
	refuse("place", "no %s; first move %s.", shortened)
	refuse("membership", "%s has no members; first end the memberships of %s.", shortened)
	refuse("member_kind", "no member of %s; number of those whose membership must end first: %s.", number)
	refuse("attribute", "no %s, which is said at the creation and does not change; first delete %s.", shortened)
	return slices.Concat(refusals, n.unlike(), n.stranded(), n.unmapped())
}

// unlike refuses a model that has an attribute without a value of it that a scope
// has, said or not: what depends on it would change unseen. What was fixed at the
// creation is judged by itself.
func (n succession) unlike() Refusals {
	type marked struct{ kind, attribute, value string }
	found := map[marked][]*Scope{}
	var order []marked
	for _, scope := range n.state.Scopes() {
		kind, known := n.model.Kind(scope.Kind.Name)
		if !known {
			continue
		}
		for _, attribute := range scope.Kind.Attributes {
			value, fits := n.attribute(scope, attribute)
			if _, stays := kind.Attribute(attribute.ID); attribute.Fixed || fits || !stays {
				continue
			}
			m := marked{kind.Name, attribute.ID, value}
			if len(found[m]) == 0 {
				order = append(order, m)
			}
			found[m] = append(found[m], scope)
		}
	}
	var refusals Refusals
	for _, m := range order {
		scope, which := found[m][0], "one has it"
		if others := len(found[m]) - 1; others > 0 {
			which = fmt.Sprintf("%d have it", others+1)
		}
		kind, _ := n.model.Kind(m.kind)
		next, _ := kind.Attribute(m.attribute)
		before, _ := scope.Kind.Attribute(m.attribute)
		both := slices.DeleteFunc(slices.Clone(next.Values), func(value string) bool { return !slices.Contains(before.Values, value) })
		refused := n.unfit("%s of %s is never %q, and %s, for instance %s: first set it to %s.", m.attribute, rolemodel.A(m.kind), m.value, which, scope.ID, anyOf(both))
		if len(both) > 0 {
			refused.Help = fmt.Sprintf("tenure scope set %s %s=%s --org %s", scope.ID, m.attribute, both[0], n.state.Org)
		} else {
			refused.Message = strings.TrimSuffix(refused.Message, "first set it to none.") + "first adopt a version that has values of both models."
		}
		refused.Scope = scope.ID
		refusals = append(refusals, refused)
	}
	return refusals
}

// stranded refuses a model under which nobody could end what somebody can end now,
// as long as there is some of it that is not for the adoption to end. What ends by
// itself does not count.
func (n succession) stranded() Refusals {
	root, count := n.state.Root.Kind(), tally{}
	for _, client := range n.state.Clients() {
		if n.deprives(root, rolemodel.ClientManage) {
			count.add("clients", "manages API clients; first delete", string(client.ID))
		}
	}
	for _, person := range n.state.Persons() {
		if person.Matters == nil {
			continue
		}
		if len(person.Matters.Holds) > 0 && n.deprives(root, rolemodel.HoldPlace) {
			count.add("holds", "releases legal holds; first release those of", string(person.ID))
		}
		if len(person.Matters.Reminders) > 0 && n.deprives(root, rolemodel.ReminderSet) {
			count.add("reminders", "completes reminders; first complete or cancel those of", string(person.ID))
		}
	}
	for _, custom := range n.state.CustomRoles() {
		if n.defines(custom) && n.deprives(root, rolemodel.RoleDelete) {
			count.add("custom roles", "deletes custom roles; first delete", custom.Role.ID())
		}
	}
	type lost struct{ archive, suspensions bool }
	of := map[*rolemodel.Kind]lost{}
	for _, kind := range n.state.Model.Kinds {
		if next, known := n.model.Kind(kind.Name); known {
			of[kind] = lost{n.deprives(kind.Name, rolemodel.ScopeArchive), n.deprives(kind.Name, rolemodel.MembershipResume) && !endsMemberships(n.model, next)}
		}
	}
	for _, scope := range n.state.Scopes() {
		kind, lost := scope.Kind.Name, of[scope.Kind]
		if lost.archive && scope.Archive.Revision > 0 {
			count.add("archive", "restores a "+kind+" from the archive; first restore", string(scope.ID))
		}
		if lost.suspensions && slices.ContainsFunc(scope.Members(), func(id events.PrincipalID) bool {
			person, _ := n.state.Person(id)
			m, _ := person.Membership(scope.ID)
			return !m.Active
		}) {
			count.add("suspensions", "resumes the membership of a "+kind+"; first resume or end those that are suspended on", string(scope.ID))
		}
	}
	var refusals Refusals
	for _, what := range sortedKeys(count) {
		for _, of := range count.of(what) {
			refusals = append(refusals, n.unfit("nobody %s %s.", of.name, shortened(of.list)))
		}
	}
	return refusals
}

// endsMemberships says whether memberships of scopes of the kind can be ended under
// a model.
func endsMemberships(m *rolemodel.Model, kind *rolemodel.Kind) bool {
	return kind.Leave || allows(m, kind.Name, rolemodel.MembershipTerminate) ||
		slices.ContainsFunc(m.Kinds, func(k *rolemodel.Kind) bool {
			return allows(m, k.Name, rolemodel.MembershipAssign(kind.Name))
		})
}

// unmapped refuses roles that are held, that the model does not have, and of
// which nothing is said.
func (n succession) unmapped() Refusals {
	holders := map[*rolemodel.Role]int{}
	for _, scope := range n.state.Scopes() {
		for _, h := range scope.holders {
			people := h.people.Len()
			if _, background := h.people.Get(events.Background); background {
				people--
			}
			holders[h.role] += people
		}
	}
	var refusals Refusals
	for _, role := range n.state.Roles() {
		_, mapped := n.roles[role.ID()]
		if _, stays := n.stays(role); stays || mapped || holders[role] == 0 {
			continue
		}
		refused := n.unfit("there is no role %s, and it is held %s: say what becomes of it.", role.ID(), times(holders[role]))
		if _, taken := n.model.Role(role.Kind, role.Name); taken {
			refused = n.unfit("your custom role %s, which is held %s, has the name of a role of the model: say what becomes of it.", role.Name, times(holders[role]))
		}
		refused.Field, refused.Role = "roles."+role.ID(), role.ID()
		refused.Help = "--map " + role.ID() + "=" + role.Kind + ".ROLE, or --map " + role.ID() + "=none"
		refusals = append(refusals, refused)
	}
	return refusals
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// tally gathers what is in the way, by what it is.
type tally map[string]map[string][]string

func (t tally) add(what, name, item string) {
	if t[what] == nil {
		t[what] = map[string][]string{}
	}
	t[what][name] = append(t[what][name], item)
}

type tallied struct {
	name string
	list []string
}

func (t tally) of(what string) []tallied {
	var all []tallied
	for _, name := range sortedKeys(t[what]) {
		all = append(all, tallied{name, t[what][name]})
	}
	return all
}

// shortened names the first few of a list.
func shortened(list []string) string {
	const few = 3
	if len(list) <= few {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:few], ", "), len(list)-few)
}

// leftover refuses a model while something stands that it does not have: all of
// that ends, in the same commit, before it is adopted.
func (n succession) leftover() *Refusal {
	left := func(format string, args ...any) *Refusal {
		return &Refusal{Code: CodeUnfounded, Message: "What the model " + n.model.ID + " does not have ends before it is adopted, and " +
			fmt.Sprintf(format, args...) + " would be left."}
	}
	for _, scope := range n.state.Scopes() {
		for _, h := range scope.holders {
			_, stays := n.stays(h.role)
			_, mapped := n.roles[h.role.ID()]
			_, background := h.people.Get(events.Background)
			if !stays || mapped || background && n.ends(h.role, events.Background) {
				return left("%s", roleOn(h.role, scope.ID))
			}
		}
		for _, marked := range scope.designated {
			if !n.hasDesignation(marked.Designation) {
				return left("%s on %s", marked.Designation.Name, scope.ID)
			}
		}
		for _, given := range scope.Given {
			if !n.carries(scope, given.Permission) {
				return left("%s of %s", n.permissionID(given.Permission), scope.ID)
			}
		}
		if len(scope.Domains) > 0 && !n.reroutes(scope) {
			return left("what is rerouted to %s", scope.ID)
		}
	}
	for _, person := range n.state.Persons() {
		if manager := person.manager(); manager != "" && !n.charts(person) {
			return left("%s, the manager of %s,", manager, person.ID)
		}
	}
	for _, invited := range n.state.invitees() {
		if _, invitation, _ := n.state.Invitation(invited.invitation); !n.invites(invitation) {
			return left("the invitation %s", invited.invitation)
		}
	}
	for _, custom := range n.state.CustomRoles() {
		if !n.defines(custom) {
			return left("the custom role %s", custom.Role.ID())
		}
		for _, given := range custom.Given {
			if !n.chooses(custom, given.Permission) {
				return left("%s of %s", n.permissionID(given.Permission), custom.Role.ID())
			}
		}
	}
	for _, role := range n.state.Model.Roles {
		for _, w := range n.state.Withheld(role) {
			if !n.withholds(role, w) {
				return left("%s, withheld from %s,", n.permissionID(w.Permission), role.ID())
			}
		}
	}
	for index := range n.state.features.All() {
		if feature := n.state.Model.Features[index]; !n.switches(feature) {
			return left("the feature %s", feature.ID)
		}
	}
	return nil
}

// fits refuses the model where it cannot take over what the state holds.
func (n succession) fits() *Refusal {
	if refusals := append(n.mistaken(), n.obstacles()...); len(refusals) > 0 {
		return &refusals[0]
	}
	return n.leftover()
}

// admissibleAdoption judges whether a model can be put in force: at the founding,
// or in the place of another one.
func admissibleAdoption(s State, e events.ModelAdopted) *Refusal {
	if s.persons == nil {
		return refuseInvalid("The role model is adopted when the organization is founded, or later.")
	}
	if digest := sha256.Sum256(e.Source); !bytes.Equal(digest[:], e.Digest) {
		return refuseInvalid("The model's digest is not that of its source.")
	}
	model, err := adopt(e.Source)
	if err != nil {
		return refuseInvalid("The role model cannot be read: %v.", err)
	}
	if model.ID != e.Model || s.Model == nil && model.Root != s.Root.Kind() || !bytes.Equal(model.Canonical(), e.Source) {
		return refuseInvalid("The source is not the canonical form of a model %s for %s.", e.Model, s.Root)
	}
	roles, err := mapping(e.Roles)
	switch {
	case err != nil:
		return refuseInvalid("This does not say what becomes of roles: %v.", err)
	case s.Model == nil && len(roles) > 0:
		return refuseInvalid("At the founding there are no roles that something becomes of.")
	case s.Model == nil:
		return nil
	case s.Number == 0:
		return refuseInvalid("At its founding an organization adopts one role model.")
	case model.Digest() == s.Model.Digest():
		return alreadyInForce(s)
	}
	return succession{state: s, model: model, roles: roles}.fits()
}

// adoption is what a commit does that puts a model in the place of another one:
// it ends what the model does not have, adopts it, and gives what comes instead.
type adoption struct {
	succession
	// at is the index of the adoption itself.
	at int
	// ended are the roles that end before it, by who held them where.
	ended map[seat][]events.RoleID
	// broken says that what is adopted cannot be read, so that nothing follows
	// from it.
	broken bool
}

// adoptionOf finds the adoption that a commit is, nil if it is none. The state is
// that before the commit.
func adoptionOf(s State, list []events.Event) *adoption {
	if s.Model == nil {
		return nil
	}
	ended := map[seat][]events.RoleID{}
	for i, event := range list {
		switch e := event.(type) {
		case events.RoleRevoked:
			at := seat{e.Subject, e.Scope}
			ended[at] = append(ended[at], e.Role)
		case events.ModelAdopted:
			model, err := adopt(e.Source)
			roles, wrong := mapping(e.Roles)
			return &adoption{succession{s, model, roles}, i, ended, err != nil || wrong != nil}
		}
	}
	return nil
}

// admits refuses events that have no place in an adoption. The state is that
// before the i-th event.
func (a *adoption) admits(at State, i int, event events.Event) *Refusal {
	if a == nil || i == a.at || !a.broken && (i < a.at && a.ending(at, event) || i > a.at && a.beginning(event)) {
		return nil
	}
	name := ""
	if event != nil {
		name = events.Name(event)
	}
	return &Refusal{Code: CodeUnfounded, Message: fmt.Sprintf(
		"The adoption of a role model does what follows from that and nothing else, and %s does not.", cmp.Or(name, "this"))}
}

// ending says whether the event ends something that the model does not have.
func (a *adoption) ending(at State, event events.Event) bool {
	n := succession{at, a.model, a.roles}
	switch e := event.(type) {
	case events.RoleRevoked:
		role, err := at.role(e.Role, e.Scope)
		if err != nil {
			return false
		}
		_, mapped := n.roles[role.ID()]
		return e.Cause == events.CauseModel && (mapped || n.ends(role, e.Subject))
	case events.DesignationCleared:
		designation, err := at.designation(e.Designation, e.Scope)
		return err == nil && e.Cause == events.CauseModel && !n.hasDesignation(designation)
	case events.AddressesRouted:
		scope, exists := at.Scope(e.Scope)
		return exists && len(e.Domains) == 0 && !n.reroutes(scope)
	case events.ManagerRemoved:
		person, known := at.Person(e.Subject)
		return known && e.Cause == events.CauseModel && !n.charts(person)
	case events.InvitationWithdrawn:
		_, invitation, open := at.Invitation(e.Invitation)
		return open && e.Cause == events.CauseModel && !n.invites(invitation)
	case events.RoleDeleted:
		custom, known := at.custom(e.Role)
		return known && e.Cause == events.CauseModel && !n.defines(custom)
	case events.PermissionRemoved:
		permission, known := at.Model.Permission(string(e.Permission))
		if !known {
			return false
		}
		if e.Role != "" {
			custom, known := at.custom(e.Role)
			return known && !n.chooses(custom, permission.Index)
		}
		scope, exists := at.Scope(e.Scope)
		return exists && !n.carries(scope, permission.Index)
	case events.PermissionRestored:
		role, known := at.Model.Role(e.Kind, string(e.Role))
		permission, exists := at.Model.Permission(string(e.Permission))
		return known && exists && !n.withholds(role, Withheld{Permission: permission.Index, Value: e.Value})
	case events.FeatureDisabled:
		feature, known := at.Model.Feature(string(e.Feature))
		return known && !n.switches(feature)
	}
	return false
}

// beginning says whether the event may come after the adoption; that it follows
// from it is judged by its cause.
func (a *adoption) beginning(event events.Event) bool {
	switch event.(type) {
	case events.EditionSet:
		return true
	case events.RoleGranted:
		return event.Concern().Cause == events.CauseModel || event.Concern().Cause == events.CauseDefault
	case events.RoleRevoked:
		return event.Concern().Cause == events.CauseReplaced
	case events.DesignationLapsed:
		return event.Concern().Cause != ""
	}
	return false
}

// grants says whether a grant follows from the adoption: in the place of a role
// that was mapped and ended before, or as one that the background user has now.
func (a *adoption) grants(at State, e events.RoleGranted) bool {
	role, err := at.role(e.Role, e.Scope)
	if err != nil {
		return false
	}
	if e.Subject == events.Background && e.Until.IsZero() && a.newlyAutomatic(role) {
		return true
	}
	person, known := a.state.Person(e.Subject)
	return known && slices.ContainsFunc(a.ended[seat{e.Subject, e.Scope}], func(id events.RoleID) bool {
		former, err := a.state.role(id, e.Scope)
		g, held := person.Grant(former, e.Scope)
		return err == nil && held && g.Until.Equal(e.Until) && a.roles[former.ID()] == role.ID()
	})
}

// adopted judges the whole organization by the rules of a model that it has
// adopted.
func (o *outcome) adopted(c *events.Commit) {
	a := adoptionOf(o.before, c.Events)
	if a == nil || a.broken {
		return
	}
	first := len(o.refusals)
	waiting := map[*rolemodel.Role]bool{}
	for _, scope := range o.state.Scopes() {
		for _, role := range o.state.Roles() {
			if role.Kind == scope.Kind.Name {
				o.withinBounds(role, scope.ID, "")
			}
		}
		for _, role := range scope.Kind.Automatic {
			if a.newlyAutomatic(role) {
				o.holdsAutomaticRole(scope, role)
			}
		}
		for _, subject := range scope.Members() {
			person, _ := o.state.Person(subject)
			o.holdsDefault(person, scope.ID)
		}
		for _, h := range scope.holders {
			for _, subject := range sorted(h.people) {
				person, _ := o.state.Person(subject)
				g, _ := person.Grant(h.role, scope.ID)
				o.holdable(person, g)
				o.restsOnMembership(person, g)
				o.replacesAnew(person, g)
			}
			if feature := h.role.Feature; feature != nil && len(feature.Editions) > 0 && !o.state.Enabled(feature) && !waiting[h.role] {
				waiting[h.role] = true
				refused := o.state.waits(h.role.ID()+", which is held,", feature)
				refused.Rule, refused.Role, refused.Scope = h.role.Rule, h.role.ID(), scope.ID
				o.refuse(*refused)
			}
		}
	}
	for _, person := range o.state.Persons() {
		o.belong(person, o.state.Root)
	}
	o.movedOver(a, c)
	for i := range o.refusals[first:] {
		o.wordedFor(a, &o.refusals[first+i])
	}
	o.refusals = append(o.refusals[:first:first], bounded(o.refusals[first:])...)
}

// wordedFor says under which model something does not hold, and how it is helped
// where what lacks is not there before the adoption.
func (o *outcome) wordedFor(a *adoption, refused *Refusal) {
	refused.Message = "Under the model " + a.model.ID + ": " + refused.Message
	if kind, name, _ := strings.Cut(refused.Role, "."); refused.Code == CodeTooFew {
		if _, known := o.before.Role(kind, name); !known {
			refused.Help = "--map ROLE=" + refused.Role
		}
	}
}

// holdable refuses a role that is held by whom it is not for.
func (o *outcome) holdable(person *Person, g Grant) {
	if refused := heldBy(person, g.Role, g.Scope); refused != nil {
		o.refuse(*refused)
	}
}

// replacesAnew refuses two roles of one person of which one replaces the other,
// and did not before: what was taken over from elsewhere is held at once.
func (o *outcome) replacesAnew(person *Person, g Grant) {
	before, known := o.before.Person(person.ID)
	for _, replaced := range g.Role.Replaces {
		if _, held := person.Grant(replaced, g.Scope); !held {
			continue
		}
		was, had := o.before.Role(g.Role.Kind, g.Role.Name)
		other, and := o.before.Role(replaced.Kind, replaced.Name)
		if known && had && and && slices.Contains(was.Replaces, other) {
			_, one := before.Grant(was, g.Scope)
			if _, two := before.Grant(other, g.Scope); one && two {
				continue
			}
		}
		o.refuse(Refusal{
			Code: CodeInvalid, Rule: g.Role.Rule, Role: g.Role.ID(), Scope: g.Scope, Subject: person.ID,
			Message: fmt.Sprintf("Who is %s cannot be %s as well, and %s is both.", roleOn(g.Role, g.Scope), replaced.Name, person.ID),
			Help:    "tenure revoke " + string(person.ID) + " " + o.state.roleArgs(replaced, g.Scope),
		})
	}
}

// movedOver refuses an adoption after which somebody who held a mapped role does
// not hold the one in its place. What was held by default may give way to another
// one.
func (o *outcome) movedOver(a *adoption, c *events.Commit) {
	for _, event := range c.Events[:a.at] {
		ended, revokes := event.(events.RoleRevoked)
		if !revokes {
			continue
		}
		former, err := o.before.role(ended.Role, ended.Scope)
		if err != nil {
			continue
		}
		next, comes := a.instead(former)
		before, _ := o.before.Person(ended.Subject)
		person, known := o.state.Person(ended.Subject)
		if !comes || !known || before == nil {
			continue
		}
		g, _ := before.Grant(former, ended.Scope)
		role, _ := o.state.Role(next.Kind, next.Name)
		if _, holds := person.Grant(role, ended.Scope); holds || due(g.Until, c.DecidedAt) {
			continue
		}
		other := excluding(person, role, ended.Scope)
		switch {
		case other == nil:
			o.refuse(Refusal{Code: CodeUnfounded, Role: next.ID(), Scope: ended.Scope, Subject: ended.Subject,
				Message: fmt.Sprintf("Who was %s becomes %s, and %s does not.", roleOn(former, ended.Scope), next.Name, ended.Subject)})
		case !g.byDefault():
			o.refuse(Refusal{Code: CodeInvalid, Field: "roles." + former.ID(), Rule: role.Rule, Role: next.ID(), Scope: ended.Scope, Subject: ended.Subject,
				Message: fmt.Sprintf("Who was %s becomes %s, and nobody is that and %s at once, as %s would be: first revoke one of the two.",
					roleOn(former, ended.Scope), next.Name, other.Role.Name, ended.Subject),
				Help: "tenure revoke " + string(ended.Subject) + " " + o.before.roleArgs(former, ended.Scope)})
		}
	}
}
