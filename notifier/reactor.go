package notifier

import (
	"slices"
	"strconv"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
)

// untold are the causes of changes that are told by what they follow from, if at
// all: no mail for each role that a termination ended. See [losses].
var untold = map[events.Cause]bool{
	events.CauseDefault: true, events.CauseCreated: true, events.CauseReplaced: true,
	events.CauseTransfer: true, events.CauseTermination: true, events.CauseScopeDeleted: true,
	events.CauseAnonymization: true, events.CauseImport: true, events.CauseClientDeleted: true,
}

// happening is an event of a kind that is told.
type happening struct {
	notice Notice // without id, recipient and ground
	// on is where it happened, which decides the audience.
	on events.ScopeID
	// former is told beside the person concerned.
	former events.PrincipalID
	// alone says that the person concerned is told, and no audience.
	alone bool
}

// Notices are the notices that a commit gives rise to, in the order of its
// events, by the states before and after it. Recipients are those of the state
// after it; the one before serves to find the place of what the commit removed.
//
// Imported history, and what follows from another change, is not told one by
// one; but whoever loses something by it is told so, once. Built-in principals,
// API clients, and whoever is gone, are told nothing.
func Notices(before, after *aggregate.State, record events.Record) []Notice {
	if record.Actor == events.Importer || after.Model == nil {
		return nil
	}
	var list []Notice
	lost := losses(before, after, record.Events)
	for i, event := range record.Events {
		cause := event.Concern().Cause
		more, loses := lost[i]
		if untold[cause] && !loses {
			continue
		}
		h, told := happeningOf(after, event)
		if !told {
			continue
		}
		h.notice.Event = i
		if loses {
			h.alone, h.notice.Cause, h.notice.More = true, cause, more
		}
		if h.notice.Kind == rolemodel.ModelAdopted {
			list = append(list, adopted(before, after, &record, h)...)
			continue
		}
		list = append(list, notices(before, after, &record, h)...)
		if h, told = reroutedOf(after, h); told {
			list = append(list, notices(before, after, &record, h)...)
		}
	}
	if record.BreakGlass {
		h := happening{notice: Notice{Kind: rolemodel.BreakGlassUsed, Event: -1}, on: after.Root}
		list = append(list, notices(before, after, &record, h)...)
	}
	return list
}

// losses are the events by which people are told what they lose because of
// another change, and how many of their roles end besides: for each person and
// cause the event on the topmost scope, the first of several there. What ends
// with a membership is told by the end of that, where the model sends it to the
// one who was a member. Whoever has the same on the scope that theirs was merged
// into has lost nothing.
func losses(before, after *aggregate.State, list []events.Event) map[int]int {
	type loss struct {
		person events.PrincipalID
		cause  events.Cause
	}
	found, roles := map[loss]int{}, map[loss]int{}
	depth := func(i int) (steps int) {
		for range before.Up(list[i].Concern().Scope) {
			steps++
		}
		return steps
	}
	into := map[events.ScopeID]events.ScopeID{}
	toSubject := func(kind rolemodel.Message) bool {
		wanted, sent := after.Model.Message(kind)
		return sent && wanted.Subject
	}
	for i, event := range list {
		if merged, is := event.(events.ScopeMerged); is {
			into[merged.Scope] = merged.Into
		}
		concern := event.Concern()
		l := loss{concern.Subject, concern.Cause}
		if l.cause != events.CauseScopeDeleted && (l.cause != events.CauseTermination || toSubject(rolemodel.MembershipTerminated)) {
			continue
		}
		person, _ := after.Person(l.person)
		there, merged := into[concern.Scope]
		switch event.(type) {
		case events.RoleRevoked:
			stays := merged && person != nil && slices.ContainsFunc(person.Grants, func(g aggregate.Grant) bool {
				return g.Scope == there && g.Role.Name == string(concern.Role)
			})
			if stays || !toSubject(rolemodel.RoleRevoked) {
				continue
			}
			roles[l]++
		case events.MembershipTerminated:
			stays := merged && person != nil && slices.ContainsFunc(person.Memberships, func(m aggregate.Membership) bool { return m.Scope == there })
			if stays || !toSubject(rolemodel.MembershipTerminated) {
				continue
			}
		default:
			continue
		}
		if first, met := found[l]; !met || depth(i) < depth(first) {
			found[l] = i
		}
	}
	more := map[int]int{}
	for l, i := range found {
		more[i] = roles[l]
		if _, role := list[i].(events.RoleRevoked); role {
			more[i]--
		}
	}
	return more
}

// adopted are the notices of the adoption of a model: to those who are told of
// it by the model before, and to those who are by the new one. So no model hides
// its own adoption. That an organization is founded with one is not told.
func adopted(before, after *aggregate.State, record *events.Record, h happening) []Notice {
	if before.Model == nil {
		return nil
	}
	list := notices(before, before, record, h)
	for _, n := range notices(before, after, record, h) {
		if !slices.ContainsFunc(list, func(told Notice) bool { return told.Recipient == n.Recipient }) {
			list = append(list, n)
		}
	}
	return list
}

// happeningOf says what of an event is told.
func happeningOf(after *aggregate.State, event events.Event) (happening, bool) {
	switch e := event.(type) {
	case events.RoleGranted:
		return happening{on: e.Scope, notice: Notice{
			Kind: rolemodel.RoleGranted, Subject: e.Subject, Role: e.Role, Scope: e.Scope, Until: e.Until,
		}}, true
	case events.RoleRevoked:
		return happening{on: e.Scope, notice: Notice{
			Kind: rolemodel.RoleRevoked, Subject: e.Subject, Role: e.Role, Scope: e.Scope,
		}}, true
	case events.ExpiryAnnounced:
		return happening{on: e.Scope, notice: Notice{
			Kind: rolemodel.GrantExpiring, Subject: e.Subject, Role: e.Role, Scope: e.Scope, Until: e.Until,
		}}, true
	case events.OwnershipTransferred:
		return happening{on: e.Scope, former: e.Former, notice: Notice{
			Kind: rolemodel.OwnershipTransferred, Subject: e.Subject, Former: e.Former, Role: e.Role, Scope: e.Scope,
		}}, true
	case events.MembershipTerminated:
		return happening{on: e.Scope, notice: Notice{
			Kind: rolemodel.MembershipTerminated, Subject: e.Subject, Scope: e.Scope,
		}}, true
	case events.ModelAdopted:
		return happening{on: after.Root, notice: Notice{Kind: rolemodel.ModelAdopted, Model: e.Model}}, true
	case events.ReminderFired:
		kind := rolemodel.ReminderDue
		if e.Count > 1 {
			kind = rolemodel.ReminderOverdue
		}
		return happening{on: after.Root, notice: Notice{
			Kind: kind, Subject: e.Subject, Reminder: e.Reminder, Count: e.Count, Due: e.Due,
		}}, true
	case events.RetentionEnded:
		return happening{on: after.Root, notice: Notice{
			Kind: rolemodel.ReminderDue, Subject: e.Subject, Due: e.Until,
		}}, true
	case events.InvitationSent:
		return happening{on: e.Scope, notice: Notice{
			Kind: rolemodel.InvitationSent, Subject: e.Subject, Invitation: e.Invitation, Role: e.Role, Scope: e.Scope, Until: e.Expires,
		}}, true
	case events.InvitationResent:
		h := happening{on: after.Root, notice: Notice{
			Kind: rolemodel.InvitationSent, Subject: e.Subject, Invitation: e.Invitation, Until: e.Expires,
		}}
		if _, invitation, open := after.Invitation(e.Invitation); open {
			h.on, h.notice.Scope = invitation.Scope, invitation.Scope
			if invitation.Role != nil {
				h.notice.Role = events.RoleID(invitation.Role.Name)
			}
		}
		return h, true
	}
	return happening{}, false
}

// reroutedOf says what is told of an invitation where it is rerouted to, by what
// is told of it otherwise.
func reroutedOf(after *aggregate.State, h happening) (happening, bool) {
	_, invitation, open := after.Invitation(h.notice.Invitation)
	if h.notice.Kind != rolemodel.InvitationSent || !open || invitation.Route == "" {
		return h, false
	}
	h.on, h.notice.Kind = invitation.Route, rolemodel.InvitationRerouted
	return h, true
}

// notices completes what a happening is told with: to each recipient, and why.
func notices(before, after *aggregate.State, record *events.Record, h happening) []Notice {
	wanted, sent := after.Model.Message(h.notice.Kind)
	if !sent {
		return nil
	}
	var list []Notice
	audience := wanted.Audience
	if h.alone || !wanted.Tells(h.on.Kind()) {
		audience = nil
	}
	for _, to := range recipients(wanted, h, addressed(after, audience, left(before, after, h.on), h.notice.Subject)) {
		if unreachable(after, to.person) {
			continue
		}
		n := h.notice
		n.Org, n.Commit, n.Revision, n.At = record.Org, record.ID, record.Revision, record.Effective()
		n.Actor, n.OnBehalfOf, n.Command, n.Reason = record.Actor, record.OnBehalfOf, record.Command, record.Reason
		n.Recipient, n.Ground = to.person, to.ground
		n.ID = noticeID(n.Commit, n.Event, n.Kind, n.Recipient)
		list = append(list, n)
	}
	return list
}

// unreachable says that nobody is to be written to: a built-in principal, an API
// client, or a person who is anonymized, or of whom that was decided.
func unreachable(s *aggregate.State, id events.PrincipalID) bool {
	if id.Builtin() {
		return true
	}
	person, known := s.Person(id)
	return known && (person.Client || person.Anonymizing())
}

// left is the scope, or the nearest one above it that the commit has left.
func left(before, after *aggregate.State, on events.ScopeID) events.ScopeID {
	if _, exists := after.Scope(on); exists {
		return on
	}
	for at := range before.Up(on) {
		if _, exists := after.Scope(at.ID); exists {
			return at.ID
		}
	}
	return after.Root
}

// addressees are those found for an audience, with what makes them so.
type addressees struct {
	aggregate.Addressees
	// why is why each of Skipped was skipped.
	why []Skip
	// role is the one by which a person is in the audience, "" if unknown.
	role func(events.PrincipalID) string
}

func addressed(s *aggregate.State, a *rolemodel.Audience, on events.ScopeID, except events.PrincipalID) addressees {
	if a == nil {
		return addressees{}
	}
	found := addressees{Addressees: s.Addressees(a, on, except)}
	for _, skipped := range found.Skipped {
		why := Vacant
		if except != "" && s.Addressees(skipped, on, "").Audience == skipped {
			why = HeldByConcerned
		}
		found.why = append(found.why, why)
	}
	found.role = func(id events.PrincipalID) string {
		person, known := s.Person(id)
		if !known {
			return ""
		}
		for scope := range s.Up(on) {
			if scope.Kind == nil || scope.Kind.Name != found.Audience.Kind {
				continue
			}
			roles := found.Audience.Roles
			if found.Designated {
				roles = slices.Concat(roles, found.Audience.Designation.Among)
			}
			for _, role := range roles {
				if _, held := person.Grant(role, scope.ID); held {
					return role.ID()
				}
			}
			break
		}
		return ""
	}
	return found
}

// recipient is somebody who is told, and why.
type recipient struct {
	person events.PrincipalID
	ground Ground
}

// recipients are those who are told of a happening, each once: the sides first,
// then the audience.
func recipients(wanted *rolemodel.Recipients, h happening, found addressees) []recipient {
	var list []recipient
	side := func(person events.PrincipalID, side Side) {
		if person != "" && !slices.ContainsFunc(list, func(r recipient) bool { return r.person == person }) {
			list = append(list, recipient{person, Ground{Side: side}})
		}
	}
	if wanted.Subject {
		side(h.notice.Subject, Concerned)
		side(h.former, FormerHolder)
	}
	for _, person := range found.Persons {
		at := slices.IndexFunc(list, func(r recipient) bool { return r.person == person })
		if at < 0 {
			at = len(list)
			list = append(list, recipient{person: person})
		}
		g := &list[at].ground
		g.Audience, g.Rule, g.Role = found.Audience.ID, found.Audience.Rule, found.role(person)
		if found.Designated {
			g.Designation = found.Audience.Designation.ID()
		}
		for i, skipped := range found.Skipped {
			g.Skipped = append(g.Skipped, Skipped{Audience: skipped.ID, Rule: skipped.Rule, Why: found.why[i]})
		}
	}
	return list
}

// alerts are the notices that tell of one that could not be delivered: to the
// audience of the kind notice.parked, by the state as it is now, without the one
// who could not be reached. sequence tells one parking from the next. Of a
// notice that itself tells of another there are none.
func alerts(now *aggregate.State, n Notice, what Parked, at time.Time, sequence uint64) []Notice {
	if n.Kind == rolemodel.NoticeParked || now.Model == nil {
		return nil
	}
	wanted, sent := now.Model.Message(rolemodel.NoticeParked)
	if !sent {
		return nil
	}
	told := Notice{
		Kind: rolemodel.NoticeParked, Org: n.Org, Subject: n.Recipient, Parked: &what, At: at,
		Commit: n.Commit, Event: n.Event, Revision: n.Revision, Actor: n.Actor, OnBehalfOf: n.OnBehalfOf, Command: n.Command, Reason: n.Reason,
	}
	var list []Notice
	for _, to := range recipients(wanted, happening{notice: told}, addressed(now, wanted.Audience, now.Root, n.Recipient)) {
		if unreachable(now, to.person) {
			continue
		}
		told.Recipient, told.Ground = to.person, to.ground
		told.ID = noticeID(n.Commit, n.Event, rolemodel.NoticeParked, to.person, n.ID, strconv.FormatUint(sequence, 10))
		list = append(list, told)
	}
	return list
}
