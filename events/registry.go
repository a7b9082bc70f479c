package events

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// Type is one row of the registry: what an event is called in the ledger, its
// newest version, and its Go struct.
//
// A new optional field (omitempty) is no new version. Any other change to the
// struct is one, and needs an upcaster for the bytes of the past.
type Type struct {
	// Name is noun.past_participle.
	Name string
	// Version is the newest version, from 1; the one that is written.
	Version int
	// Meaning is one sentence for the catalogue.
	Meaning string
	// Struct is the Go type of the newest version.
	Struct reflect.Type

	form      form
	read      func(*decoder) (Event, error)
	upcasters map[int]Upcaster
}

// Upcaster lifts the data of one version to the next one. Numbers come as any
// of Go's integer types, and a missing or wrong field must be an error, not a
// panic: the data may be of any origin.
type Upcaster func(old map[string]any) (map[string]any, error)

// registry finds types by written name and by Go struct.
type registry struct {
	types    []Type
	byName   map[string]*Type
	byStruct map[reflect.Type]*Type
}

// catalogue is the one place where an event type is declared.
var catalogue = newRegistry(
	declare[OrganizationFounded]("organization.founded", 1, "An organization's history begins."),
	declare[ModelAdopted]("model.adopted", 1, "A role model is put in force."),
	declare[PersonRegistered]("person.registered", 1, "A person is made known to the organization."),
	declare[PersonUpdated]("person.updated", 1, "A person's details change."),
	declare[ClientCreated]("client.created", 1, "An API client is made."),
	declare[ClientDeleted]("client.deleted", 1, "An API client ends, with its keys and roles."),
	declare[ManagerAssigned]("manager.assigned", 1, "A person is given a manager."),
	declare[ManagerRemoved]("manager.removed", 1, "A person has a manager no more."),
	declare[CredentialIssued]("credential.issued", 1, "A person is given an API key."),
	declare[CredentialRevoked]("credential.revoked", 1, "An API key ends."),
	declare[MembershipStarted]("membership.started", 1, "A person becomes a member of a scope."),
	declare[MembershipSuspended]("membership.suspended", 1, "A member is made inactive, with all roles kept."),
	declare[MembershipResumed]("membership.resumed", 1, "A suspended member is active again."),
	declare[MembershipKindChanged]("membership.kind_changed", 1, "A member is one of another kind, with all roles kept."),
	declare[MembershipTerminated]("membership.terminated", 1, "A membership ends, and with it what was held through it."),
	declare[RoleGranted]("role.granted", 1, "A person is given a role on a scope."),
	declare[RoleRevoked]("role.revoked", 1, "A person's role on a scope ends."),
	declare[RoleLimited]("role.limited", 1, "The time at which a role ends by itself is set, moved or removed."),
	declare[ExpiryAnnounced]("expiry.announced", 1, "A role will soon end by itself."),
	declare[OwnershipTransferred]("ownership.transferred", 1, "A role that has one holder passes on to another person."),
	declare[RoleDefined]("role.defined", 1, "A custom role is made."),
	declare[RoleRenamed]("role.renamed", 1, "A custom role is called something else."),
	declare[RoleDeleted]("role.deleted", 1, "A custom role ends, and those who hold it lose it."),
	declare[PermissionAdded]("permission.added", 1, "A custom role or a group gives a permission."),
	declare[PermissionRemoved]("permission.removed", 1, "A custom role or a group gives a permission no more."),
	declare[PermissionWithheld]("permission.withheld", 1, "A permission is taken from a role of the model."),
	declare[PermissionRestored]("permission.restored", 1, "A permission that was withheld is given back."),
	declare[DesignationSet]("designation.set", 1, "A holder of a role is marked, for instance as main owner."),
	declare[DesignationCleared]("designation.cleared", 1, "A mark is taken away."),
	declare[DesignationLapsed]("designation.lapsed", 1, "A mark lost what it needs."),
	declare[FeatureEnabled]("feature.enabled", 1, "A feature of the role model is switched on."),
	declare[FeatureDisabled]("feature.disabled", 1, "A feature of the role model is switched off."),
	declare[EditionSet]("edition.set", 1, "An edition of the role model is put in force."),
	declare[FactRecorded]("fact.recorded", 1, "Something done elsewhere is put on record."),
	declare[InvitationSent]("invitation.sent", 1, "A person is asked to become a member of a scope."),
	declare[InvitationResent]("invitation.resent", 1, "An invitation is sent again, with another token and end."),
	declare[InvitationAccepted]("invitation.accepted", 1, "An invitation is accepted."),
	declare[InvitationDeclined]("invitation.declined", 1, "An invitation is declined."),
	declare[InvitationWithdrawn]("invitation.withdrawn", 1, "An invitation is taken back."),
	declare[InvitationExpired]("invitation.expired", 1, "An invitation was not answered in time."),
	declare[ReminderSet]("reminder.set", 1, "A reminder about a person is set."),
	declare[ReminderFired]("reminder.fired", 1, "A reminder fell due."),
	declare[ReminderCompleted]("reminder.completed", 1, "What a reminder asked for is done."),
	declare[ReminderCanceled]("reminder.canceled", 1, "A reminder is taken back."),
	declare[RetentionSet]("retention.set", 1, "A person's data is to be kept for a time after the end of a membership."),
	declare[RetentionEnded]("retention.ended", 1, "The time for which a person's data was to be kept is over."),
	declare[HoldPlaced]("hold.placed", 1, "A legal hold keeps a person from being anonymized."),
	declare[HoldReleased]("hold.released", 1, "A legal hold ends."),
	declare[AnonymizationStarted]("anonymization.started", 1, "A person is to be anonymized; nothing takes it back."),
	declare[PersonAnonymized]("person.anonymized", 1, "A person's key is destroyed, and with it all that was sealed for them."),
	declare[ScopeCreated]("scope.created", 1, "A scope is added below another."),
	declare[ScopeRenamed]("scope.renamed", 1, "A scope gets another title."),
	declare[ScopeMoved]("scope.moved", 1, "A scope is put under another parent."),
	declare[ScopeDeleted]("scope.deleted", 1, "A scope ends, and with it what was held on it."),
	declare[ScopeMerged]("scope.merged", 1, "A scope is put into another one, and ends."),
	declare[ScopeArchived]("scope.archived", 1, "A scope is frozen, with all below it."),
	declare[ScopeRestored]("scope.restored", 1, "A scope is taken out of the archive."),
	declare[AttributeSet]("attribute.set", 1, "An attribute of a scope is said anew."),
	declare[AddressesRouted]("addresses.routed", 1, "Invitations to addresses of some domains are rerouted to a scope."),
)

// Catalogue lists every event type, in the order of declaration.
func Catalogue() []Type { return slices.Clone(catalogue.types) }

// Name is the written name of the event's type, for instance "role.granted".
func Name(e Event) string {
	if t, known := catalogue.byStruct[reflect.TypeOf(e)]; known {
		return t.Name
	}
	return ""
}

// declare makes a registry row for the newest version of E.
func declare[E Event](name string, version int, meaning string) Type {
	f := formOf(reflect.TypeFor[E]())
	read := readerOf[E](f)
	return Type{
		Name: name, Version: version, Meaning: meaning,
		Struct: reflect.TypeFor[E](),
		form:   f,
		read:   func(d *decoder) (Event, error) { return read(d) },
	}
}

// from adds the upcaster that lifts the given version to the next one.
func (t Type) from(version int, up Upcaster) Type {
	upcasters := map[int]Upcaster{version: up}
	maps.Copy(upcasters, t.upcasters)
	t.upcasters = upcasters
	return t
}

// newRegistry indexes the rows. It panics where two rows share a name or a
// struct, or where an older version has no upcaster: that is a mistake in this
// package, found by any test.
func newRegistry(types ...Type) *registry {
	r := &registry{types: types, byName: map[string]*Type{}, byStruct: map[reflect.Type]*Type{}}
	for i := range types {
		t := &types[i]
		if r.byName[t.Name] != nil || r.byStruct[t.Struct] != nil {
			panic("events: " + t.Name + " is declared twice")
		}
		if t.Version < 1 {
			panic(fmt.Sprintf("events: %s has version %d", t.Name, t.Version))
		}
		for v := 1; v < t.Version; v++ {
			if t.upcasters[v] == nil {
				panic(fmt.Sprintf("events: %s has no upcaster from version %d", t.Name, v))
			}
		}
		r.byName[t.Name], r.byStruct[t.Struct] = t, t
	}
	return r
}

// lift reads data of an older version.
func (t *Type) lift(types *registry, version int, data []byte) (Event, error) {
	var fields map[string]any
	if err := Unmarshal(data, &fields); err != nil {
		return nil, err
	}
	for v := version; v < t.Version; v++ {
		var err error
		if fields, err = t.upcasters[v](fields); err != nil {
			return nil, fmt.Errorf("lift from version %d: %w", v, err)
		}
	}
	lifted, err := Marshal(fields)
	if err != nil {
		return nil, fmt.Errorf("lift from version %d: %w", version, err)
	}
	d := takeDecoder(types, lifted)
	d.lifted = true
	event, err := t.read(d)
	if err != nil {
		return nil, fmt.Errorf("lift from version %d: %w", version, err)
	}
	d.release()
	return event, nil
}
