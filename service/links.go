package service

import (
	"context"
	"slices"
	"time"

	"tenure/events"
	"tenure/projections"
	"tenure/rolemodel"
)

// Link is something in the ledger that names a person (F07). It stays when the
// person is anonymized: it holds the id alone.
type Link struct {
	Kind     string          `json:"kind" enum:"registration,membership,role,designation,ownership,manager,credential,invitation,reminder,hold,retention,anonymization,scope,grant,event,commit,note,notice" doc:"What it is: what the person had or has; another event about the person; scopes that they created; roles that they gave to or took from others; commits where they are the actor or acted for; notices sent to them."`
	As       string          `json:"as" enum:"subject,actor,on_behalf_of,manager,recipient" doc:"In which part the person is named."`
	Current  bool            `json:"current" doc:"Whether it still stands."`
	Scope    events.ScopeID  `json:"scope,omitempty" doc:"The scope concerned."`
	Role     string          `json:"role,omitempty" doc:"The role or designation concerned."`
	Item     string          `json:"item,omitempty" doc:"What else it names: the designation, feature or fact, or the id of the key, invitation, reminder, hold or notice."`
	What     string          `json:"what" doc:"The type of the event, or of the command."`
	From     time.Time       `json:"from" doc:"When it began, or happened."`
	Revision events.Revision `json:"revision" doc:"The commit that says so."`
	To       time.Time       `json:"to,omitzero" doc:"When it ended; absent while it stands, and for what has no end."`
	Ended    events.Revision `json:"ended,omitempty" doc:"The commit that ended it."`
	Other    string          `json:"other,omitempty" doc:"The other person: who did it, or to whom it was done."`
}

// Links lists everything in the ledger that names a person, in the order in
// which it came to be. Everybody may list their own.
func (s *Service) Links(ctx context.Context, caller Caller, org events.OrgID, reading Reading, name string) ([]Link, error) {
	seen, err := s.read(ctx, caller, org, reading, rolemodel.LinksRead, name)
	if err != nil {
		return nil, err
	}
	id, known := s.findPerson(seen.state, name)
	if !known {
		return nil, refusePerson(org, "person", name)
	}
	if person, is := seen.state.Person(id); is && person.Client {
		return nil, refuseClient(org, id)
	}
	return s.linksOf(ctx, seen, id)
}

// linksOf collects the links of a person up to the revision of a view.
func (s *Service) linksOf(ctx context.Context, seen *view, id events.PrincipalID) ([]Link, error) {
	if err := s.heard(ctx); err != nil {
		return nil, err
	}
	found := linking{view: seen, person: id, links: []Link{}, open: map[string]int{}}
	err := s.timelines.with(ctx, s, seen.state.Org, func(t *projections.Timeline) error {
		for _, r := range t.Records() {
			if r.Revision <= seen.state.Revision {
				found.commit(r)
			}
		}
		return nil
	})
	for _, link := range s.noticeLinks(seen.state.Org, id) {
		if link.Revision <= seen.state.Revision {
			found.links = append(found.links, link)
		}
	}
	return found.links, err
}

// linking collects what names a person.
type linking struct {
	*view
	person events.PrincipalID
	links  []Link
	// open has the place in links of what has begun and not ended.
	open map[string]int
}

func (l *linking) commit(r events.Record) {
	for i := range r.Events {
		l.event(&r, r.Events[i])
	}
	link := Link{As: "actor", What: r.Command, From: r.Effective(), Revision: r.Revision}
	if r.Actor == l.person {
		l.list("commit", false, link)
	}
	link.Other = l.login(r.Actor)
	if r.OnBehalfOf == l.person {
		link.As = "on_behalf_of"
		l.list("commit", false, link)
	}
	if r.NoteAbout == l.person {
		link.As = "subject"
		l.list("note", false, link)
	}
}

func (l *linking) event(r *events.Record, event events.Event) {
	concern := event.Concern()
	link := Link{
		As: "subject", What: events.Name(event), Scope: concern.Scope, Role: string(concern.Role),
		From: r.Effective(), Revision: r.Revision, Other: l.login(r.Actor),
	}
	if transferred, is := event.(events.OwnershipTransferred); is && transferred.Former == l.person {
		link.Kind, link.Other = "ownership", l.login(transferred.Subject)
		l.links = append(l.links, link)
	}
	l.managing(r, event, link)
	if concern.Subject != l.person {
		if r.Actor != l.person {
			return
		}
		link.As, link.Other = "actor", ""
		switch event.(type) {
		case events.RoleGranted, events.RoleRevoked, events.RoleLimited, events.OwnershipTransferred:
			link.Kind, link.Other = "grant", l.login(concern.Subject)
		case events.ScopeCreated:
			link.Kind = "scope"
			_, link.Current = l.state.Scope(concern.Scope)
		default:
			return // the commit itself is listed
		}
		l.links = append(l.links, link)
		return
	}
	held := string(concern.Scope) + " " + string(concern.Role) + " " + concern.Item
	switch e := event.(type) {
	case events.PersonRegistered, events.PersonUpdated:
		l.list("registration", true, link)
	case events.MembershipStarted:
		l.begin("membership", held, link)
	case events.MembershipTerminated:
		l.end("membership", held, r)
	case events.RoleGranted:
		l.begin("role", held, link)
	case events.RoleRevoked:
		l.end("role", held, r)
	case events.OwnershipTransferred:
		link.Other = l.login(e.Former)
		l.list("ownership", false, link)
	case events.DesignationSet:
		link.Role = concern.Item
		l.begin("designation", held, link)
	case events.DesignationCleared, events.DesignationLapsed:
		l.end("designation", held, r)
	case events.ManagerAssigned, events.ManagerRemoved: // see managing
	case events.CredentialIssued:
		l.begin("credential", concern.Item, link)
	case events.CredentialRevoked:
		l.end("credential", concern.Item, r)
	case events.InvitationSent:
		l.begin("invitation", concern.Item, link)
	case events.InvitationAccepted, events.InvitationDeclined, events.InvitationWithdrawn, events.InvitationExpired:
		l.end("invitation", concern.Item, r)
	case events.ReminderSet:
		l.begin("reminder", concern.Item, link)
	case events.ReminderCompleted, events.ReminderCanceled:
		l.end("reminder", concern.Item, r)
	case events.HoldPlaced:
		l.begin("hold", concern.Item, link)
	case events.HoldReleased:
		l.end("hold", concern.Item, r)
	case events.RetentionSet:
		l.end("retention", "", r)
		l.begin("retention", "", link)
	case events.RetentionEnded:
		l.end("retention", "", r)
	case events.AnonymizationStarted, events.PersonAnonymized:
		l.end("retention", "", r) // it was decided otherwise
		l.list("anonymization", false, link)
	default:
		l.list("event", false, link)
	}
}

// managing finds the person as somebody's manager, or under one.
func (l *linking) managing(r *events.Record, event events.Event, link Link) {
	var subject, manager events.PrincipalID
	switch e := event.(type) {
	case events.ManagerAssigned:
		subject, manager = e.Subject, e.Manager
	case events.ManagerRemoved:
		subject = e.Subject
	default:
		return
	}
	key := string(subject)
	l.end("manager", key, r) // whoever was before
	switch l.person {
	case manager:
		link.As, link.Other = "manager", l.login(subject)
		l.begin("manager", key, link)
	case subject:
		if link.Other = l.login(manager); manager != "" {
			l.begin("manager", key, link)
		}
	}
}

// list lists something that has no end of its own.
func (l *linking) list(kind string, current bool, link Link) {
	link.Kind, link.Current = kind, current
	l.links = append(l.links, link)
}

// begin lists something that may end.
func (l *linking) begin(kind, key string, link Link) {
	l.open[kind+" "+key] = len(l.links)
	l.list(kind, true, link)
}

// end says of something that it has ended.
func (l *linking) end(kind, key string, r *events.Record) {
	key = kind + " " + key
	at, begun := l.open[key]
	if !begun {
		return
	}
	delete(l.open, key)
	l.links[at].Current, l.links[at].To, l.links[at].Ended = false, r.Effective(), r.Revision
}

// standing counts what still stands.
func standing(links []Link) int {
	return len(slices.DeleteFunc(slices.Clone(links), func(l Link) bool { return !l.Current }))
}
