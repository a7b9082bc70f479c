package service

import (
	"context"
	"slices"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/projections"
	"tenure/rolemodel"
)

// EventView is one event with what an auditor asks of it.
type EventView struct {
	Revision    events.Revision     `json:"revision" doc:"The commit's place in the ledger."`
	Number      uint64              `json:"number" doc:"The commit's number in its organization."`
	Commit      events.CommitID     `json:"commit" doc:"The commit's id."`
	EffectiveAt time.Time           `json:"effective_at" doc:"When it took effect."`
	RecordedAt  time.Time           `json:"recorded_at,omitzero" doc:"When the ledger stored it."`
	Actor       string              `json:"actor" doc:"Who did it: login, else address, else id."`
	ActorID     events.PrincipalID  `json:"actor_id" doc:"The same as an id."`
	OnBehalfOf  string              `json:"on_behalf_of,omitempty" doc:"For whom the actor acted."`
	Command     string              `json:"command" doc:"The command that led to it."`
	Type        string              `json:"type" doc:"The event's type."`
	ID          events.PrincipalID  `json:"id,omitempty" doc:"The person concerned."`
	Login       string              `json:"login,omitempty" doc:"The same as a login, else address, else id."`
	Role        events.RoleID       `json:"role,omitempty" doc:"The role concerned."`
	Scope       events.ScopeID      `json:"scope,omitempty" doc:"The scope concerned."`
	Title       string              `json:"title,omitempty" doc:"The scope's title; where a custom role is defined or renamed, the role's."`
	Cause       events.Cause        `json:"cause,omitempty" doc:"What it followed from; absent for a decision."`
	Item        string              `json:"item,omitempty" doc:"What else it names: the designation, feature, edition or fact, an attribute and its value, the scope that another was merged into, or the id of the key, invitation, reminder or hold."`
	Former      string              `json:"former,omitempty" doc:"Who held the role before it was transferred: login, else address, else id."`
	Manager     string              `json:"manager,omitempty" doc:"Who is, or was, the manager: login, else address, else id."`
	Until       time.Time           `json:"until,omitzero" doc:"When the role, the invitation or the retention ends; when the reminder is due."`
	MemberKind  events.MemberKindID `json:"member_kind,omitempty" doc:"The kind of member to be; absent for the usual one."`
	Route       events.ScopeID      `json:"route,omitempty" doc:"The scope to which the invitation is rerouted."`
	Kind        string              `json:"kind,omitempty" doc:"The kind of scope on which the role is held, where the event is about a role of the model."`
	Value       string              `json:"value,omitempty" doc:"The value of the attribute for which the permission is withheld, or given back."`
	Domains     []string            `json:"domains,omitempty" doc:"The domains of addresses that are rerouted to the scope."`
	Reason      string              `json:"reason,omitempty" doc:"The commit's reason code."`
	Ticket      string              `json:"ticket,omitempty" doc:"The commit's ticket."`
	Note        string              `json:"note,omitempty" doc:"The commit's note."`
	BreakGlass  bool                `json:"break_glass,omitempty" doc:"The operator overrode the organization's own authority."`
}

// events shows those events of a commit that match; all, if match is nil.
func (v *view) events(r events.Record, match func(*events.Record, events.Event) bool) []EventView {
	var list []EventView
	var base EventView
	for _, e := range r.Events {
		if match != nil && !match(&r, e) {
			continue
		}
		if list == nil { // names are opened for what is shown
			base = EventView{
				Revision: r.Revision, Number: r.Number, Commit: r.ID, EffectiveAt: r.Effective(), RecordedAt: r.RecordedAt,
				Actor: v.login(r.Actor), ActorID: r.Actor, OnBehalfOf: v.login(r.OnBehalfOf),
				Command: r.Command, Reason: r.Reason, Ticket: r.Ticket, Note: v.note(r), BreakGlass: r.BreakGlass,
			}
		}
		view, concern := base, e.Concern()
		view.Type = events.Name(e)
		view.ID, view.Role, view.Scope, view.Cause, view.Item = concern.Subject, concern.Role, concern.Scope, concern.Cause, concern.Item
		view.Login, view.Title = v.login(concern.Subject), v.title(concern.Scope)
		v.detail(&view, r.ID, e)
		list = append(list, view)
	}
	return list
}

// detail adds what only events of one kind have.
func (v *view) detail(view *EventView, commit events.CommitID, event events.Event) {
	switch e := event.(type) {
	case events.RoleDefined:
		view.Title = v.sealedTitle(commit, e.Title)
	case events.RoleRenamed:
		view.Title = v.sealedTitle(commit, e.Title)
	case events.PermissionWithheld:
		view.Kind, view.Value = e.Kind, e.Value
	case events.PermissionRestored:
		view.Kind, view.Value = e.Kind, e.Value
	case events.RoleGranted:
		view.Until = e.Until
	case events.RoleLimited:
		view.Until = e.Until
	case events.ExpiryAnnounced:
		view.Until = e.Until
	case events.OwnershipTransferred:
		view.Former = v.login(e.Former)
	case events.MembershipStarted:
		view.MemberKind = e.MemberKind
	case events.MembershipKindChanged:
		view.MemberKind = e.MemberKind
	case events.AddressesRouted:
		view.Domains = e.Domains
	case events.ManagerAssigned:
		view.Manager = v.login(e.Manager)
	case events.ManagerRemoved:
		view.Manager = v.login(e.Manager)
	case events.AttributeSet:
		view.Item += "=" + e.Value
	case events.InvitationSent:
		view.Until, view.MemberKind, view.Route = e.Expires, e.MemberKind, e.Route
	case events.InvitationResent:
		view.Until = e.Expires
	case events.ReminderSet:
		view.Until = e.Due
	case events.ReminderFired:
		view.Until = e.Due
	case events.RetentionSet:
		view.Until = e.Until
	case events.RetentionEnded:
		view.Until = e.Until
	}
}

// Page is a part of a list that goes on.
type Page struct {
	// After leaves out what lies at or before this revision.
	After events.Revision
	// Limit ends the page after the commit that reaches it; 0 means no limit.
	Limit int
}

// History lists events that match the query, oldest first, up to the moment of
// the reading. The second result is the revision to go on after, 0 at the end.
func (s *Service) History(ctx context.Context, caller Caller, org events.OrgID, reading Reading, text string, page Page) ([]EventView, events.Revision, error) {
	now, err := s.newest(ctx, caller, org, reading, rolemodel.HistoryRead, "")
	if err != nil {
		return nil, 0, err
	}
	query, err := s.parseQuery(now, text)
	if err != nil {
		return nil, 0, err
	}
	seen := newView(s, caller, now, now)
	list, next := []EventView{}, events.Revision(0)
	err = s.timelines.with(ctx, s, org, func(t *projections.Timeline) error {
		records := t.Records()[:t.Count(reading.Moment)]
		seen.recall(records)
		for _, r := range records {
			if r.Revision <= page.After || !query.matchesCommit(r) {
				continue
			}
			if page.Limit > 0 && len(list) >= page.Limit {
				return nil
			}
			list = append(list, seen.events(r, query.matchesEvent)...)
			next = r.Revision
		}
		next = 0
		return nil
	})
	return list, next, err
}

// Difference is one thing that one state has and another has not.
type Difference struct {
	// Change is "added" or "removed".
	Change string `json:"change" enum:"added,removed" doc:"added or removed."`
	// What is "membership", "role" or "scope".
	What  string             `json:"what" enum:"membership,role,scope" doc:"membership, role or scope."`
	ID    events.PrincipalID `json:"id,omitempty" doc:"The person concerned."`
	Login string             `json:"login,omitempty" doc:"Login, else address, else id."`
	Role  string             `json:"role,omitempty" doc:"The role concerned."`
	Scope events.ScopeID     `json:"scope" doc:"The scope concerned."`
	Kind  string             `json:"kind,omitempty" doc:"The kind of member, where the role model has several."`
	Title string             `json:"title,omitempty" doc:"The scope's title; where a custom role is defined or renamed, the role's."`
	// Since and Revision are of the commit that made the difference.
	Since    time.Time       `json:"since" doc:"When it was added, or removed."`
	Revision events.Revision `json:"revision" doc:"The commit that added or removed it."`
}

// Diff lists what changed between two moments: what was there at the first and
// not at the second, and the other way round. Comings and goings in between do
// not show.
func (s *Service) Diff(ctx context.Context, caller Caller, org events.OrgID, atLeast events.Revision, from, to projections.Moment) ([]Difference, error) {
	latest := Reading{AtLeast: atLeast, Moment: projections.Moment{Revision: max(from.Revision, to.Revision)}}
	now, err := s.newest(ctx, caller, org, latest, rolemodel.HistoryRead, "")
	if err != nil {
		return nil, err
	}
	var before, after aggregate.State
	var ended map[string]ending
	err = s.timelines.with(ctx, s, org, func(t *projections.Timeline) (err error) {
		if before, err = t.At(from); err != nil {
			return err
		}
		after, err = t.At(to)
		ended = endings(t.Records(), before.Revision, after.Revision)
		return err
	})
	if err != nil {
		return nil, err
	}
	first, second := newView(s, caller, now, &before), newView(s, caller, now, &after)
	list := first.lacking("removed", &after)
	for i, d := range list {
		if end, known := ended[d.key()]; known {
			list[i].Since, list[i].Revision = end.at, end.revision
		}
	}
	added := second.lacking("added", &before)
	for i, d := range added {
		moved, known := ended[d.key()]
		if _, stood := before.Scope(d.Scope); known && stood && d.What == "scope" && moved.revision > d.Revision { // elsewhere
			added[i].Since, added[i].Revision = moved.at, moved.revision
		}
	}
	list = append(list, added...)
	sortBy(list, func(d Difference) string {
		return d.What + " " + string(d.Scope) + " " + d.Role + " " + d.Login + " " + d.Change
	})
	return list, nil
}

// ending is the commit that ended something.
type ending struct {
	at       time.Time
	revision events.Revision
}

// key is what a difference and its ending have in common.
func (d Difference) key() string {
	return d.What + " " + string(d.ID) + " " + string(d.Scope) + " " + d.Role
}

// endings finds what ended between two revisions, and when it did so last.
func endings(records []events.Record, after, last events.Revision) map[string]ending {
	found := map[string]ending{}
	for i := range records {
		r := &records[i]
		if r.Revision <= after || r.Revision > last {
			continue
		}
		for _, event := range r.Events {
			concern := event.Concern()
			d := Difference{ID: concern.Subject, Scope: concern.Scope}
			switch event.(type) {
			case events.RoleRevoked:
				d.What, d.Role = "role", string(concern.Role)
			case events.MembershipTerminated, events.MembershipSuspended, events.MembershipResumed, events.MembershipKindChanged:
				d.What = "membership"
			case events.ScopeDeleted, events.ScopeMoved:
				d.What = "scope"
			default:
				continue
			}
			found[d.key()] = ending{r.Effective(), r.Revision}
		}
	}
	return found
}

// lacking lists what this state has and another one lacks.
func (v *view) lacking(change string, other *aggregate.State) []Difference {
	list := []Difference{}
	for _, scope := range v.state.Scopes() {
		if there, exists := other.Scope(scope.ID); exists && there.Parent == scope.Parent {
			continue
		}
		list = append(list, Difference{Change: change, What: "scope", Scope: scope.ID, Title: v.title(scope.ID),
			Since: scope.Created.At, Revision: scope.Created.Revision})
	}
	for _, person := range slices.Concat(v.state.Persons(), v.state.Clients()) {
		then, known := other.Person(person.ID)
		if !known {
			then = &aggregate.Person{}
		}
		base := Difference{Change: change, ID: person.ID, Login: v.login(person.ID)}
		for _, m := range person.Memberships {
			if there, running := then.Membership(m.Scope); running && there.Active == m.Active && other.MemberKind(then, m.Scope) == v.state.MemberKind(person, m.Scope) {
				continue
			}
			d := base
			d.What, d.Scope, d.Since, d.Revision = "membership", m.Scope, m.Changed.At, m.Changed.Revision
			d.Kind = v.state.MemberKind(person, m.Scope)
			list = append(list, d)
		}
		for _, g := range person.Grants {
			held := false
			for _, there := range then.Grants {
				held = held || there.Role.ID() == g.Role.ID() && there.Scope == g.Scope
			}
			if held {
				continue
			}
			d := base
			d.What, d.Role, d.Scope, d.Title = "role", g.Role.Name, g.Scope, v.title(g.Scope)
			d.Since, d.Revision = g.Since.At, g.Since.Revision
			list = append(list, d)
		}
	}
	return list
}
