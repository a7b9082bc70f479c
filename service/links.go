package service

import (
	"context"
	"slices"
	"time"

	"tenure/events"
	"tenure/rolemodel"
)

// Link is something in the ledger that names a person (F07). It stays when the
// person is anonymized: it holds the id alone.
type Link struct {
	Kind     string          `json:"kind" enum:"registration,membership,role,designation,ownership,credential,invitation,reminder,hold,retention,anonymization,scope,grant,event,commit,note,notice" doc:"What it is: what the person had or has; another event about the person; scopes that they created; roles that they gave to or took from others; commits where they are the actor or acted for; notices sent to them."`
	As       string          `json:"as" enum:"subject,actor,on_behalf_of,recipient" doc:"In which part the person is named."`
	Current  bool            `json:"current" doc:"Whether it still stands."`
	Scope    events.ScopeID  `json:"scope,omitempty" doc:"The scope concerned."`
	Role     string          `json:"role,omitempty" doc:"The role or designation concerned."`
	Item     string          `json:"item,omitempty" doc:"The id of the key, invitation, reminder, hold or notice."`
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
	found, err := s.linksOf(ctx, seen, id)
	return found.list, err
}

// links are all links of a person, and how many there are.
type links struct {
	list          []Link
	all, standing int
}

// linksOf collects the links of a person up to the revision of a view.
func (s *Service) linksOf(ctx context.Context, seen *view, id events.PrincipalID) (links, error) {
	if err := s.heard(ctx); err != nil {
		return links{}, err
	}
	found := linking{view: seen, person: id, links: []Link{}, open: map[string]int{}}
	err := s.ledger.ReplayOrg(ctx, seen.state.Org, 0, func(r events.Record) error {
		if r.Revision <= seen.state.Revision {
			found.commit(r)
		}
		return nil
	})
	if err != nil {
		return links{}, err
	}
	for _, link := range s.noticeLinks(seen.state.Org, id) {
		if link.Revision <= seen.state.Revision {
			found.links = append(found.links, link)
		}
	}
	return links{list: found.links, all: len(found.links), standing: standing(found.links)}, nil
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
	base := Link{Kind: "commit", What: r.Command, From: r.Effective(), Revision: r.Revision}
	if r.Actor == l.person {
		link := base
		link.As = "actor"
		l.links = append(l.links, link)
	}
	if r.OnBehalfOf == l.person {
		link := base
		link.As, link.Other = "on_behalf_of", l.login(r.Actor)
		l.links = append(l.links, link)
	}
	if r.NoteAbout == l.person {
		link := base
		link.Kind, link.As, link.Other = "note", "subject", l.login(r.Actor)
		l.links = append(l.links, link)
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
	switch e := event.(type) {
	case events.PersonRegistered, events.PersonUpdated:
		link.Kind, link.Current = "registration", true
		l.links = append(l.links, link)
	case events.MembershipStarted:
		l.begin("membership", string(e.Scope), link)
	case events.MembershipTerminated:
		l.end("membership", string(e.Scope), r)
	case events.RoleGranted:
		l.begin("role", string(e.Scope)+" "+string(e.Role), link)
	case events.RoleRevoked:
		l.end("role", string(e.Scope)+" "+string(e.Role), r)
	case events.OwnershipTransferred:
		link.Kind, link.Other = "ownership", l.login(e.Former)
		l.links = append(l.links, link)
	case events.DesignationSet:
		link.Role = string(e.Designation)
		l.begin("designation", string(e.Scope)+" "+string(e.Designation), link)
	case events.DesignationCleared:
		l.end("designation", string(e.Scope)+" "+string(e.Designation), r)
	case events.DesignationLapsed:
		l.end("designation", string(e.Scope)+" "+string(e.Designation), r)
	case events.CredentialIssued:
		link.Item = string(e.Credential)
		l.begin("credential", link.Item, link)
	case events.CredentialRevoked:
		l.end("credential", string(e.Credential), r)
	case events.InvitationSent:
		link.Item = string(e.Invitation)
		l.begin("invitation", link.Item, link)
	case events.InvitationAccepted:
		l.end("invitation", string(e.Invitation), r)
	case events.InvitationDeclined:
		l.end("invitation", string(e.Invitation), r)
	case events.InvitationWithdrawn:
		l.end("invitation", string(e.Invitation), r)
	case events.InvitationExpired:
		l.end("invitation", string(e.Invitation), r)
	case events.ReminderSet:
		link.Item = string(e.Reminder)
		l.begin("reminder", link.Item, link)
	case events.ReminderCompleted:
		l.end("reminder", string(e.Reminder), r)
	case events.ReminderCanceled:
		l.end("reminder", string(e.Reminder), r)
	case events.HoldPlaced:
		link.Item = string(e.Hold)
		l.begin("hold", link.Item, link)
	case events.HoldReleased:
		l.end("hold", string(e.Hold), r)
	case events.RetentionSet:
		l.end("retention", "", r)
		l.begin("retention", "", link)
	case events.RetentionEnded:
		l.end("retention", "", r)
	case events.AnonymizationStarted, events.PersonAnonymized:
		l.end("retention", "", r) // it was decided otherwise
		link.Kind = "anonymization"
		l.links = append(l.links, link)
	default:
		link.Kind = "event"
		l.links = append(l.links, link)
	}
}

// begin lists something that may end.
func (l *linking) begin(kind, key string, link Link) {
	link.Kind, link.Current = kind, true
	l.open[kind+" "+key] = len(l.links)
	l.links = append(l.links, link)
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
