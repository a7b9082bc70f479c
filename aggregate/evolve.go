package aggregate

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"weak"

	"github.com/benbjohnson/immutable"

	"tenure/events"
	"tenure/rolemodel"
)

// Apply folds a stored commit. An error means that the record does not follow
// on this state, or that this build cannot read it; the state is then unusable
// for what comes after.
func (s State) Apply(r events.Record) (State, error) {
	if r.Number != s.Number+1 || r.Prev != s.Revision || r.Revision <= s.Revision || (s.Founded() && r.Org != s.Org) {
		return s, fmt.Errorf("commit %s (%s, number %d at revision %d after revision %d) does not follow on number %d at revision %d",
			r.ID, r.Org, r.Number, r.Revision, r.Prev, s.Number, s.Revision)
	}
	at := Stamp{Revision: r.Revision, Actor: r.Actor, At: r.Effective()}
	before := s
	s.Org = r.Org
	for i, e := range r.Events {
		var err error
		if s, err = s.evolve(e, r.ID, at, inviter(&before, r.Events[:i], e)); err != nil {
			return s, fmt.Errorf("commit %s, event %d (%s): %w", r.ID, i, events.Name(e), err)
		}
	}
	if s.Model == nil {
		return s, fmt.Errorf("commit %s: the first one founds the organization under a role model, and this one does not", r.ID)
	}
	s.Number, s.Revision, s.Effective = r.Number, r.Revision, r.Effective()
	s.clock = s.Effective
	if len(r.KeyHash) > 0 {
		if s.remembered == nil {
			s.remembered = immutable.NewMap[string, Remembered](hashed[string]{})
		}
		s.remembered = s.remembered.Set(string(r.KeyHash), Remembered{
			RequestDigest: r.RequestDigest, Commit: r.ID, Number: r.Number, Revision: r.Revision,
		})
	}
	return s, nil
}

// evolve folds one event, and puts its stamp on the scope that it concerns. It
// trusts what the audit let through and fails only where the event names something
// that is not there. Lists stay sorted, so that equal histories are equal states
// and give equal commits. The inviter is as [inviter] says.
func (s State) evolve(event events.Event, commit events.CommitID, at Stamp, inviter events.PrincipalID) (State, error) {
	if _, founds := event.(events.OrganizationFounded); !founds && s.persons == nil {
		return s, fmt.Errorf("no organization")
	}
	concern := event.Concern()
	at.Cause = concern.Cause
	next, err := s.fold(event, commit, at, inviter)
	if err != nil {
		return next, err
	}
	return next.stamped(&s, concern, at), nil
}

// inviter is by whose invitation the person concerned comes to what the event
// gives: whoever sent the one that was accepted earlier in the commit. Empty where
// it does not follow from that.
func inviter(before *State, earlier []events.Event, event events.Event) events.PrincipalID {
	concern := event.Concern()
	switch concern.Cause {
	case events.CauseInvitation, events.CauseJoined, events.CauseDefault:
		invitation, _ := before.accepted(earlier, concern.Subject)
		return invitation.Sent.Actor
	}
	return ""
}

// accepted finds the invitation that the person has accepted by one of the events
// that follow on the state.
func (s *State) accepted(list []events.Event, subject events.PrincipalID) (Invitation, bool) {
	for _, event := range list {
		if e, accepts := event.(events.InvitationAccepted); accepts && e.Subject == subject {
			invitee, invitation, open := s.Invitation(e.Invitation)
			if !open || invitee.ID != subject {
				return Invitation{}, false
			}
			return invitation, true
		}
	}
	return Invitation{}, false
}

// stamped says on the scope that an event concerns that this was its last change
// (X03). What concerns neither a scope nor a person concerns the organization
// itself, an invitation the scope that it is to, and the end of a scope the one
// above it.
func (s State) stamped(before *State, concern events.Concern, at Stamp) State {
	on := concern.Scope
	switch {
	case on != "":
	case concern.Subject == "":
		on = s.Root
	default:
		_, invitation, _ := before.Invitation(events.InvitationID(concern.Item))
		on = invitation.Scope
	}
	for on != "" {
		was, existed := before.Scope(on)
		scope, exists := s.Scope(on)
		if exists {
			if scope == was { // which others have, too
				changed := *scope
				scope = &changed
				s.scopes = s.scopes.Set(on, scope)
			}
			scope.Changed = at
			break
		}
		if !existed {
			break
		}
		on = was.Parent
	}
	return s
}

// fold is what the event makes of the state.
func (s State) fold(event events.Event, commit events.CommitID, at Stamp, inviter events.PrincipalID) (State, error) {
	switch e := event.(type) {
	case events.OrganizationFounded:
		s.Root = e.Scope
		s.persons = immutable.NewMap[events.PrincipalID, *Person](hashed[events.PrincipalID]{})
		s.scopes = immutable.NewMap[events.ScopeID, *Scope](hashed[events.ScopeID]{})
		s.credentials = immutable.NewMap[events.CredentialID, *Credential](hashed[events.CredentialID]{})
		s.subjects = immutable.NewMap[string, events.PrincipalID](hashed[string]{})
		s.persons = s.persons.Set(events.Background, &Person{ID: events.Background, Registered: at, Changed: at})
		s.scopes = s.scopes.Set(e.Scope, &Scope{ID: e.Scope, Title: seal(commit, e.Title), Created: at, Changed: at})
		return s, nil

	case events.ModelAdopted:
		return s.evolveAdoption(e, at)

	case events.PersonRegistered:
		s.persons = s.persons.Set(e.Subject, &Person{
			ID: e.Subject, Registered: at, Changed: at,
			Details: Details{
				Login: seal(commit, e.Login), Email: seal(commit, e.Email),
				Name: seal(commit, e.Name), JobTitle: seal(commit, e.JobTitle),
			},
		})
		return s, nil

	case events.PersonUpdated:
		return s.withPerson(e.Subject, func(p *Person) {
			for _, change := range []struct {
				field string
				value events.Sealed
				into  *Sealed
			}{
				{"login", e.Login, &p.Details.Login},
				{"email", e.Email, &p.Details.Email},
				{"name", e.Name, &p.Details.Name},
				{"job_title", e.JobTitle, &p.Details.JobTitle},
			} {
				if len(change.value) > 0 {
					*change.into = seal(commit, change.value)
				} else if slices.Contains(e.Cleared, change.field) {
					*change.into = Sealed{}
				}
			}
			p.Changed = at
		})

	case events.CredentialIssued:
		s.credentials = s.credentials.Set(e.Credential, &Credential{
			ID: e.Credential, Subject: e.Subject, Prefix: e.Prefix, Hash: e.Hash, Issued: at,
		})
		return s.withPerson(e.Subject, func(p *Person) {
			p.Credentials = with(p.Credentials, e.Credential, cmp.Compare)
			p.Ever++
		})

	case events.CredentialRevoked:
		s.credentials = s.credentials.Delete(e.Credential)
		return s.withPerson(e.Subject, func(p *Person) {
			p.Credentials = without(p.Credentials, func(c events.CredentialID) bool { return c == e.Credential })
		})

	case events.MembershipStarted:
		s, err := s.withScope(e.Scope, func(c *Scope) { c.members = add(c.members, e.Subject) })
		if err != nil {
			return s, err
		}
		return s.withPerson(e.Subject, func(p *Person) {
			p.Memberships = with(p.Memberships, Membership{Scope: e.Scope, Active: true, MemberKind: e.MemberKind, Since: at, Changed: at, InvitedBy: inviter},
				func(a, b Membership) int { return cmp.Compare(a.Scope, b.Scope) })
			if e.Scope == s.Root && p.openCase() {
				p.matters(func(m *Matters) {
					m.Case = &Case{Opened: m.Case.Opened, Closed: at, Returned: true}
					m.Retention = nil // it was decided about somebody who had left
				})
			}
		})

	case events.MembershipSuspended:
		return s.withMembership(e.Subject, e.Scope, false, at)

	case events.MembershipResumed:
		return s.withMembership(e.Subject, e.Scope, true, at)

	case events.MembershipKindChanged:
		return s.withPerson(e.Subject, func(p *Person) {
			p.Memberships = changed(p.Memberships, func(m *Membership) {
				if m.Scope == e.Scope {
					m.MemberKind, m.Changed = e.MemberKind, at
				}
			})
		})

	case events.MembershipTerminated:
		s, err := s.withScope(e.Scope, func(c *Scope) { c.members = remove(c.members, e.Subject) })
		if err != nil {
			return s, err
		}
		return s.withPerson(e.Subject, func(p *Person) {
			p.Memberships = without(p.Memberships, func(m Membership) bool { return m.Scope == e.Scope })
			if e.Scope == s.Root {
				p.matters(func(m *Matters) { m.Case = &Case{Opened: at} })
			}
		})

	case events.RoleGranted:
		role, err := s.role(e.Role, e.Scope)
		if err != nil {
			return s, err
		}
		s, err := s.withScope(e.Scope, func(c *Scope) {
			c.withHolders(role, func(set people) people { return add(set, e.Subject) })
		})
		if err != nil {
			return s, err
		}
		return s.withPerson(e.Subject, func(p *Person) {
			p.Grants = with(p.Grants, Grant{Role: role, Scope: e.Scope, Since: at, InvitedBy: inviter, Until: e.Until}, func(a, b Grant) int {
				return cmp.Or(cmp.Compare(a.Scope, b.Scope), compareRoles(a.Role, b.Role))
			})
		})

	case events.RoleRevoked:
		role, err := s.role(e.Role, e.Scope)
		if err != nil {
			return s, err
		}
		s, err := s.withScope(e.Scope, func(c *Scope) {
			c.withHolders(role, func(set people) people { return remove(set, e.Subject) })
		})
		if err != nil {
			return s, err
		}
		return s.withPerson(e.Subject, func(p *Person) {
			p.Grants = without(p.Grants, func(g Grant) bool { return g.Role == role && g.Scope == e.Scope })
		})

	case events.RoleLimited:
		limited := at
		return s.withGrant(e.Subject, e.Role, e.Scope, func(g *Grant) { g.Until, g.Announced, g.Limited = e.Until, false, &limited })

	case events.ExpiryAnnounced:
		return s.withGrant(e.Subject, e.Role, e.Scope, func(g *Grant) { g.Announced = true })

	case events.OwnershipTransferred, events.FactRecorded:
		return s, nil

	case events.DesignationSet:
		designation, err := s.designation(e.Designation, e.Scope)
		if err != nil {
			return s, err
		}
		return s.withScope(e.Scope, func(c *Scope) {
			c.designated = with(without(c.designated, designatedAs(designation)), Designated{Designation: designation, Subject: e.Subject, Since: at},
				func(a, b Designated) int { return cmp.Compare(a.Designation.Name, b.Designation.Name) })
		})

	case events.DesignationCleared:
		return s.withoutDesignation(e.Designation, e.Scope)

	case events.DesignationLapsed:
		return s.withoutDesignation(e.Designation, e.Scope)

	case events.RoleDefined, events.RoleRenamed, events.RoleDeleted, events.PermissionAdded, events.PermissionRemoved,
		events.PermissionWithheld, events.PermissionRestored:
		return s.evolveRoles(event, commit, at)

	case events.ClientCreated:
		s.persons = s.persons.Set(e.Subject, &Person{
			ID: e.Subject, Client: true, Details: Details{Name: seal(commit, e.Name)}, Registered: at, Changed: at,
		})
		return s, nil

	case events.ClientDeleted:
		return s.withPerson(e.Subject, func(p *Person) { p.Deleted, p.Changed = true, at })

	case events.ManagerAssigned:
		return s.withManager(e.Subject, e.Manager, at)

	case events.ManagerRemoved:
		return s.withManager(e.Subject, "", at)

	case events.EditionSet:
		if s.Model == nil {
			return s, fmt.Errorf("no role model")
		}
		edition, known := s.Model.Edition(string(e.Edition))
		if !known || e.Edition == "" {
			return s, fmt.Errorf("model %s has no edition %q", s.Model.ID, e.Edition)
		}
		s.edition = edition
		return s, nil

	case events.FeatureEnabled:
		return s.withFeature(e.Feature, true)

	case events.FeatureDisabled:
		return s.withFeature(e.Feature, false)

	case events.ScopeCreated:
		if s.Model == nil {
			return s, fmt.Errorf("no role model")
		}
		kind, known := s.Model.Kind(e.Scope.Kind())
		if !known {
			return s, fmt.Errorf("model %s has no scope kind %q", s.Model.ID, e.Scope.Kind())
		}
		s.scopes = s.scopes.Set(e.Scope, &Scope{
			ID: e.Scope, Parent: e.Parent, Kind: kind, Title: seal(commit, e.Title), Created: at, Changed: at,
		})
		return s.withScope(e.Parent, func(c *Scope) { c.adoptChild(e.Scope) })

	case events.AttributeSet:
		return s.withScope(e.Scope, func(c *Scope) {
			c.Attributes = with(without(c.Attributes, func(a AttributeValue) bool { return a.ID == e.Attribute }),
				AttributeValue{ID: e.Attribute, Value: e.Value, Since: at}, func(a, b AttributeValue) int { return cmp.Compare(a.ID, b.ID) })
		})

	case events.ScopeArchived:
		return s.withScope(e.Scope, func(c *Scope) { c.Archive = at })

	case events.ScopeRestored:
		return s.withScope(e.Scope, func(c *Scope) { c.Archive = Stamp{} })

	case events.ScopeMerged:
		return s.withScope(e.Into, func(c *Scope) { c.Changed = at }) // which the event does not name as its scope

	case events.AddressesRouted:
		return s.withScope(e.Scope, func(c *Scope) { c.Domains = e.Domains })

	case events.ScopeRenamed:
		return s.withScope(e.Scope, func(c *Scope) { c.Title = seal(commit, e.Title) })

	case events.ScopeMoved:
		scope, exists := s.Scope(e.Scope)
		if !exists {
			return s, fmt.Errorf("no scope %s", e.Scope)
		}
		s, err := s.withScope(scope.Parent, func(c *Scope) { c.children = c.children.Delete(e.Scope) })
		if err != nil {
			return s, err
		}
		if s, err = s.withScope(e.Parent, func(c *Scope) { c.adoptChild(e.Scope) }); err != nil {
			return s, err
		}
		return s.withScope(e.Scope, func(c *Scope) { c.Parent = e.Parent })

	case events.ScopeDeleted:
		scope, exists := s.Scope(e.Scope)
		if !exists {
			return s, fmt.Errorf("no scope %s", e.Scope)
		}
		s.scopes = s.scopes.Delete(e.Scope)
		var err error
		if s, err = s.unrouted(e.Scope); err != nil {
			return s, err
		}
		return s.withScope(scope.Parent, func(c *Scope) { c.children = c.children.Delete(e.Scope) })
	}
	return s.evolveMatters(event, commit, at)
}

// withPerson replaces a person by a changed copy.
func (s State) withPerson(id events.PrincipalID, change func(*Person)) (State, error) {
	person, known := s.Person(id)
	if !known {
		return s, fmt.Errorf("no person %s", id)
	}
	changed := *person
	change(&changed)
	s.persons = s.persons.Set(id, &changed)
	return s, nil
}

// withScope replaces a scope by a changed copy.
func (s State) withScope(id events.ScopeID, change func(*Scope)) (State, error) {
	scope, exists := s.Scope(id)
	if !exists {
		return s, fmt.Errorf("no scope %s", id)
	}
	changed := *scope
	change(&changed)
	s.scopes = s.scopes.Set(id, &changed)
	return s, nil
}

func (s State) withMembership(subject events.PrincipalID, scope events.ScopeID, active bool, at Stamp) (State, error) {
	return s.withPerson(subject, func(p *Person) {
		p.Memberships = slices.Clone(p.Memberships)
		for i := range p.Memberships {
			if p.Memberships[i].Scope == scope {
				p.Memberships[i].Active, p.Memberships[i].Changed = active, at
			}
		}
	})
}

// withGrant replaces a role that a person holds by a changed copy.
func (s State) withGrant(subject events.PrincipalID, id events.RoleID, scope events.ScopeID, change func(*Grant)) (State, error) {
	role, err := s.role(id, scope)
	if err != nil {
		return s, err
	}
	return s.withPerson(subject, func(p *Person) {
		p.Grants = slices.Clone(p.Grants)
		for i := range p.Grants {
			if p.Grants[i].Role == role && p.Grants[i].Scope == scope {
				change(&p.Grants[i])
			}
		}
	})
}

// withManager says who somebody's manager is, or that there is none.
func (s State) withManager(subject, manager events.PrincipalID, at Stamp) (State, error) {
	person, known := s.Person(subject)
	if !known {
		return s, fmt.Errorf("no person %s", subject)
	}
	if person.Chart != nil && person.Chart.Manager != "" {
		var err error
		if s, err = s.withPerson(person.Chart.Manager, func(p *Person) {
			p.chart(func(c *Chart) {
				c.Reports = without(c.Reports, func(id events.PrincipalID) bool { return id == subject })
			})
		}); err != nil {
			return s, err
		}
	}
	if manager != "" {
		var err error
		if s, err = s.withPerson(manager, func(p *Person) {
			p.chart(func(c *Chart) { c.Reports = with(c.Reports, subject, cmp.Compare) })
		}); err != nil {
			return s, err
		}
	}
	return s.withPerson(subject, func(p *Person) {
		p.chart(func(c *Chart) {
			if c.Manager, c.Since = manager, at; manager == "" {
				c.Since = Stamp{}
			}
		})
	})
}

// chart changes a copy of the place among managers of a person that is itself a
// copy.
func (p *Person) chart(change func(*Chart)) {
	var c Chart
	if p.Chart != nil {
		c = *p.Chart
	}
	change(&c)
	if p.Chart = &c; c.Manager == "" && len(c.Reports) == 0 {
		p.Chart = nil
	}
}

func (s State) withoutDesignation(id events.DesignationID, on events.ScopeID) (State, error) {
	designation, err := s.designation(id, on)
	if err != nil {
		return s, err
	}
	return s.withScope(on, func(c *Scope) { c.designated = without(c.designated, designatedAs(designation)) })
}

func designatedAs(designation *rolemodel.Designation) func(Designated) bool {
	return func(d Designated) bool { return d.Designation == designation }
}

func (s State) withFeature(id events.FeatureID, on bool) (State, error) {
	if s.Model == nil {
		return s, fmt.Errorf("no role model")
	}
	feature, known := s.Model.Feature(string(id))
	if !known {
		return s, fmt.Errorf("model %s has no feature %q", s.Model.ID, id)
	}
	var enabled []int
	for index := range s.features.All() {
		if index != feature.Index {
			enabled = append(enabled, index)
		}
	}
	if on {
		enabled = append(enabled, feature.Index)
	}
	s.features = rolemodel.NewSet(enabled...)
	return s, nil
}

// designation finds a designation by its id on a scope's kind.
func (s State) designation(id events.DesignationID, scope events.ScopeID) (*rolemodel.Designation, error) {
	if s.Model == nil {
		return nil, fmt.Errorf("no role model")
	}
	designation, known := s.Model.Designation(scope.Kind(), string(id))
	if !known {
		return nil, fmt.Errorf("model %s has no designation %q on a scope of kind %q", s.Model.ID, id, scope.Kind())
	}
	return designation, nil
}

// role finds a role by its id on a scope's kind.
func (s State) role(id events.RoleID, scope events.ScopeID) (*rolemodel.Role, error) {
	if s.Model == nil {
		return nil, fmt.Errorf("no role model")
	}
	role, known := s.Role(scope.Kind(), string(id))
	if !known {
		return nil, fmt.Errorf("model %s has no role %q on a scope of kind %q", s.Model.ID, id, scope.Kind())
	}
	return role, nil
}

type people = *immutable.Map[events.PrincipalID, struct{}]

// withHolders replaces the holders of one role by a changed copy. A role that
// nobody holds has no entry.
func (c *Scope) withHolders(role *rolemodel.Role, change func(people) people) {
	held := change(c.holderSet(role))
	c.holders = without(c.holders, func(h holders) bool { return h.role == role })
	if held != nil && held.Len() > 0 {
		c.holders = with(c.holders, holders{role: role, people: held},
			func(a, b holders) int { return compareRoles(a.role, b.role) })
	}
}

func (c *Scope) adoptChild(child events.ScopeID) {
	if c.children == nil {
		c.children = immutable.NewSortedMap[events.ScopeID, struct{}](ordered[events.ScopeID]{})
	}
	c.children = c.children.Set(child, struct{}{})
}

func add(set people, id events.PrincipalID) people {
	if set == nil {
		set = immutable.NewMap[events.PrincipalID, struct{}](hashed[events.PrincipalID]{})
	}
	return set.Set(id, struct{}{})
}

func remove(set people, id events.PrincipalID) people {
	if set == nil {
		return nil
	}
	return set.Delete(id)
}

// with copies a sorted list and puts the item in its place.
func with[T any](list []T, item T, compare func(a, b T) int) []T {
	at, _ := slices.BinarySearchFunc(list, item, compare)
	longer := make([]T, len(list)+1)
	copy(longer, list[:at])
	longer[at] = item
	copy(longer[at+1:], list[at:])
	return longer
}

// without copies the list and leaves out what matches.
func without[T any](list []T, match func(T) bool) []T {
	var kept []T
	for _, item := range list {
		if !match(item) {
			kept = append(kept, item)
		}
	}
	return kept
}

func seal(commit events.CommitID, value events.Sealed) Sealed {
	if len(value) == 0 {
		return Sealed{}
	}
	return Sealed{Commit: commit, Value: value}
}

// models holds every model in use, by the digest of its source: thousands of
// organizations share a handful. One that no state has any more, or that was
// only asked about, goes.
var models sync.Map // of weak.Pointer[rolemodel.Model]

// adopt reads a model's canonical bytes. As long as the model is in use, the same
// source gives the same one.
func adopt(source []byte) (*rolemodel.Model, error) {
	digest := sha256.Sum256(source)
	if kept, known := models.Load(digest); known {
		if model := kept.(weak.Pointer[rolemodel.Model]).Value(); model != nil {
			return model, nil
		}
	}
	model, err := rolemodel.Parse("model.adopted", source)
	if err != nil {
		return nil, err
	}
	fresh := weak.Make(model)
	for {
		kept, known := models.LoadOrStore(digest, fresh)
		if !known {
			runtime.AddCleanup(model, func(digest [sha256.Size]byte) { models.CompareAndDelete(digest, fresh) }, digest)
			return model, nil
		}
		if shared := kept.(weak.Pointer[rolemodel.Model]).Value(); shared != nil {
			return shared, nil
		}
		models.CompareAndDelete(digest, kept)
	}
}
