package aggregate

import (
	"cmp"
	"slices"
	"time"

	"tenure/events"
	"tenure/rolemodel"
)

// Command is something that somebody wants to happen in one organization. The
// structs in this package are the only implementations.
type Command interface {
	// Name is what the commit records as its command, noun.verb.
	Name() string
	// propose emits the events that would carry the command out, or refuses
	// what cannot be put into events at all. It judges nothing: [Audit] does.
	propose(d *draft)
}

// founder is a command that can open an organization.
type founder interface{ founds() }

// Request is what surrounds a command.
type Request struct {
	// Org is needed for founding; else it must be the state's own.
	Org events.OrgID
	// ID is the id of the commit to be, a new ULID; sealed values are bound to
	// it.
	ID         events.CommitID
	Actor      events.PrincipalID
	OnBehalfOf events.PrincipalID
	// At is the clock. A clock that is behind the organization's last
	// effective time is taken to show that time.
	At time.Time
	// EffectiveAt is for imported history only.
	EffectiveAt time.Time
	// Reason, Ticket and Note go into the commit. The operator's reason turns a
	// command inside an organization into break-glass.
	Reason    string
	Ticket    string
	Note      events.Sealed
	NoteAbout events.PrincipalID
	// KeyHash and RequestDigest are of the idempotency key and its request.
	KeyHash       []byte
	RequestDigest []byte
}

// Decide gives the commit that would carry the command out, or [Refusals]. A
// commit without events means that the command changes nothing: it is there to
// be appended where an idempotency key is to be remembered, and else to be
// dropped.
//
// The same arguments give the same commit, byte for byte.
func Decide(s State, r Request, c Command) (events.Commit, error) {
	at := events.Time(r.At)
	if at.Before(s.Effective) {
		at = s.Effective
	}
	d := &draft{
		before: s, state: s,
		commit: events.Commit{
			Org: r.Org, ID: r.ID, Number: s.Number + 1, Prev: s.Revision,
			Actor: r.Actor, OnBehalfOf: r.OnBehalfOf, Command: c.Name(),
			DecidedAt: at, Reason: r.Reason, Ticket: r.Ticket,
			Note: r.Note, NoteAbout: r.NoteAbout,
			KeyHash: r.KeyHash, RequestDigest: r.RequestDigest,
		},
		explicit: map[position]bool{},
	}
	d.state.clock = at
	if !r.EffectiveAt.IsZero() {
		d.commit.EffectiveAt = events.Time(r.EffectiveAt)
		d.state.clock = d.commit.EffectiveAt
	}
	if _, founds := c.(founder); !s.Founded() && !founds {
		return events.Commit{}, Refusals{unknown("organization", string(r.Org), "tenure found "+string(r.Org)+" --model MODEL --owner LOGIN")}
	}
	s.clock = d.state.clock
	d.before = s
	if refusals := auditEnvelope(s, &d.commit); len(refusals) > 0 {
		return events.Commit{}, s.referring(r.Actor, refusals)
	}
	c.propose(d)
	if len(d.refusals) == 0 || d.collecting {
		d.addAutomatic()
		d.addStranded(s)
		d.addDefaults()
		d.addLapses()
	}
	if len(d.refusals) > 0 {
		// That there is no authority for what comes before tells more, and how
		// things stand is not told without.
		forbidden := d.placed(d.forbidden(s))
		if len(forbidden) > 0 && !d.collecting {
			return events.Commit{}, s.referring(r.Actor, forbidden[:1])
		}
		d.refusals = slices.DeleteFunc(d.refusals, func(r Refusal) bool {
			return slices.Contains(telling, r.Code) && forbidden.at(r.Field)
		})
	}
	if len(d.refusals) > 0 && !d.collecting || len(d.given)+len(d.refusals) > 0 && len(d.commit.Events) == 0 {
		return events.Commit{}, s.referring(r.Actor, slices.Concat(d.given, d.refusals))
	}
	if len(d.commit.Events) == 0 && len(d.commit.KeyHash) == 0 {
		return d.commit, nil
	}
	authority, outcome := audit(s, &d.commit)
	if len(authority) > 0 && authority[0].Code == CodeBreakGlass && r.Reason != "" {
		// The operator's stated reason opens what its ordinary authority does
		// not.
		d.commit.BreakGlass = true
		authority, outcome = audit(s, &d.commit)
	}
	if !d.collecting && len(authority) > 0 {
		authority, outcome = authority[:1], nil
	}
	refusals := d.refusals
	for _, refused := range d.placed(authority) {
		if !refusals.at(refused.Field) {
			refusals = append(refusals, refused)
		}
	}
	// Of what may not be done, it does not matter where it would lead.
	forbidden := len(refusals)
	for _, refused := range d.placed(outcome) {
		if !refusals[:forbidden].at(refused.Field) {
			refusals = append(refusals, refused)
		}
	}
	if refusals = slices.Concat(d.given, refusals); len(refusals) > 0 {
		return events.Commit{}, s.referring(r.Actor, refusals)
	}
	return d.commit, nil
}

// placed gives refusals of events the field that the events came from.
func (d *draft) placed(refusals Refusals) Refusals {
	for i, refused := range refusals {
		if refused.Field == "" && refused.Event >= 0 && refused.Event < len(d.fields) {
			refusals[i].Field = d.fields[refused.Event]
		}
	}
	return refusals
}

// referring names in every refusal for missing permission whom the actor can ask
// (F04).
func (s State) referring(actor events.PrincipalID, refusals Refusals) Refusals {
	for i, refused := range refusals {
		if refused.Code == CodeNotPermitted || refused.Code == CodeFeatureOff {
			refusals[i].Contact = s.Contact(actor)
		}
	}
	return refusals
}

// position is a role on a scope, held by a person.
type position struct {
	subject events.PrincipalID
	role    *rolemodel.Role
	scope   events.ScopeID
}

// draft is a commit in the making: what has been proposed, the state before it,
// and as it would be.
type draft struct {
	// before is the state that the authority of the actor is of.
	before State
	state  State
	commit events.Commit
	// cause marks the events that the command proposes of itself.
	cause events.Cause
	// field is where in the command the events emitted now come from; fields
	// keeps it for each event.
	field  string
	fields []string
	// leads is the event that others follow from which are emitted before it; nil
	// where there is none.
	leads events.Event
	// explicit are the roles that an import wants held: others that it grants
	// do not replace them.
	explicit map[position]bool
	refusals Refusals
	// given is what was refused before the decision, and keeps nothing from being
	// judged.
	given Refusals
	// collecting says that a refusal at one field does not keep the others
	// from being judged.
	collecting bool
}

// emit proposes an event and moves the draft's state on.
func (d *draft) emit(e events.Event) {
	if len(d.refusals) > 0 && (!d.collecting || d.refusedHere()) {
		return
	}
	state := d.state
	state.Org = d.commit.Org
	if refused := admissible(state, &d.commit, e); refused != nil {
		refused.Event = -1
		d.deny(e, *refused)
		return
	}
	at := Stamp{Revision: d.state.Revision + 1, Actor: d.commit.Actor, At: d.commit.Effective()}
	next, err := state.evolve(e, d.commit.ID, at, inviter(&d.before, d.commit.Events, e))
	if err != nil {
		d.refuse(Refusal{Code: CodeInvalid, Message: "This cannot be done: " + err.Error() + ".", Event: -1})
		return
	}
	d.state = next
	d.commit.Events = append(d.commit.Events, e)
	d.fields = append(d.fields, d.field)
}

// refuse says why the command is not carried out, once where the same is so
// several times.
func (d *draft) refuse(r Refusal) {
	r.Field = cmp.Or(d.field, r.Field) // where in the source tells more than which field of the event
	if !slices.ContainsFunc(d.refusals, func(told Refusal) bool { return told.Field == r.Field && told.Message == r.Message }) {
		d.refusals = append(d.refusals, r)
	}
}

// person finds a registered person or refuses.
func (d *draft) person(id events.PrincipalID) (*Person, bool) {
	person, known := d.state.Person(id)
	if !known {
		d.refuse(unknown("person", string(id), "tenure person add LOGIN --org "+string(d.commit.Org)))
	}
	return person, known
}

// scope finds a scope or refuses.
func (d *draft) scope(id events.ScopeID) (*Scope, bool) {
	scope, exists := d.state.Scope(id)
	if !exists {
		d.refuse(unknown("scope", string(id), "tenure scope list --org "+string(d.commit.Org)))
	}
	return scope, exists
}

// role finds a role on a scope or refuses, naming the roles that there are.
func (d *draft) role(id events.RoleID, on events.ScopeID) (*rolemodel.Role, bool) {
	role, known := d.state.Role(on.Kind(), string(id))
	if !known {
		var have []string
		for _, r := range d.state.Roles() {
			if r.Kind == on.Kind() {
				have = append(have, r.Name)
			}
		}
		d.refuse(Refusal{
			Code: CodeUnknown, Scope: on, Event: -1,
			Message: "There is no role " + short(id) + " on " + string(on) + "; there is " + anyOf(have) + ".",
			Help:    "tenure models show " + d.state.Model.ID,
		})
	}
	return role, known
}
