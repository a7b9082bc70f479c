package events

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/events.md, and those files under testdata/v1 that are missing")

const (
	person PrincipalID = "01K2Q7D3N8R5T6V9W1X2Y3Z4A5"
	client PrincipalID = "01K2Q7D3N8R5T6V9W1X2Y3Z4A6"
	item               = "01KGH4C9W0E8F2M4N6P8Q0R2S7"
)

var due = time.Date(2027, 3, 28, 1, 30, 0, 0, time.UTC)

// goldenCommit makes a commit in which every field is set.
func goldenCommit(events ...Event) Commit {
	return Commit{
		Actor: client, BreakGlass: true, Command: "role.grant",
		DecidedAt:   time.Date(2026, 2, 3, 4, 5, 6, 789_012_000, time.UTC),
		EffectiveAt: time.Date(2025, 12, 31, 23, 59, 59, 0, time.UTC),
		Events:      events, ID: "01KGH4C9W0E8F2M4N6P8Q0R2S4",
		KeyHash: bytes.Repeat([]byte{0xa1}, 32), Note: Sealed("\x01\xffnote"), NoteAbout: person,
		Number: 300, OnBehalfOf: person, Org: "acme", Prev: 70_000, Reason: "correction",
		RequestDigest: bytes.Repeat([]byte{0xb2}, 32), Ticket: "OPS-1234",
	}
}

// golden is what the files under testdata/v1 hold. Rows and files are only
// ever added: a field that an event gains comes in a row of its own, named
// EVENT-FIELD.
var golden = []struct {
	file  string
	event Event
}{
	{"organization.founded", OrganizationFounded{Scope: "org:acme", Title: Sealed("\x01\xfftitle")}},
	{"model.adopted", ModelAdopted{Digest: bytes.Repeat([]byte{0xc3}, 32), Model: "github", Source: bytes.Repeat([]byte("# a role model\n"), 20)}},
	{"person.registered", PersonRegistered{
		Email: Sealed("\x01\xffemail"), JobTitle: Sealed("\x01\xffjob"), Login: Sealed("\x01\xfflogin"),
		Name: Sealed("\x01\xffname"), Subject: person,
	}},
	{"person.updated", PersonUpdated{
		Cleared: []string{"job_title", "login"}, Email: Sealed("\x01\xffemail"), JobTitle: Sealed("\x01\xffjob"),
		Login: Sealed("\x01\xfflogin"), Name: Sealed("\x01\xffname"), Subject: person,
	}},
	{"credential.issued", CredentialIssued{
		Credential: "01KGH4C9W0E8F2M4N6P8Q0R2S5", Hash: bytes.Repeat([]byte{0xd4}, 32), Prefix: "tnr_4Fq", Subject: client,
	}},
	{"credential.revoked", CredentialRevoked{Cause: CauseTermination, Credential: "01KGH4C9W0E8F2M4N6P8Q0R2S5", Subject: client}},
	{"membership.started", MembershipStarted{Cause: CauseImport, Scope: "org:acme", Subject: person}},
	{"membership.suspended", MembershipSuspended{Scope: "org:acme", Subject: person}},
	{"membership.resumed", MembershipResumed{Scope: "org:acme", Subject: person}},
	{"membership.kind_changed", MembershipKindChanged{MemberKind: "guest", Scope: "org:acme", Subject: person}},
	{"membership.terminated", MembershipTerminated{Cause: CauseScopeDeleted, Scope: "team:sig-etcd", Subject: person}},
	{"role.granted", RoleGranted{Cause: CauseDefault, Role: "member", Scope: "org:acme", Subject: person}},
	{"role.revoked", RoleRevoked{Cause: CauseReplaced, Role: "admin", Scope: "org:acme", Subject: person}},
	{"scope.created", ScopeCreated{Cause: CauseCreated, Parent: "org:acme", Scope: "team:sig-etcd", Title: Sealed("\x01\xfftitle")}},
	{"scope.renamed", ScopeRenamed{Cause: CauseImport, Scope: "team:sig-etcd", Title: Sealed("\x01\xfftitle")}},
	{"scope.moved", ScopeMoved{Cause: CauseScopeDeleted, Parent: "org:acme", Scope: "team:sig-etcd"}},
	{"scope.deleted", ScopeDeleted{Cause: CauseScopeDeleted, Scope: "team:sig-etcd"}},
	{"role.granted-until", RoleGranted{Role: "member", Scope: "org:acme", Subject: person, Until: due}},
	{"role.limited", RoleLimited{Role: "member", Scope: "org:acme", Subject: person, Until: due}},
	{"expiry.announced", ExpiryAnnounced{Role: "member", Scope: "org:acme", Subject: person, Until: due}},
	{"ownership.transferred", OwnershipTransferred{Former: client, Role: "owner", Scope: "org:acme", Subject: person}},
	{"designation.set", DesignationSet{Designation: "main_owner", Scope: "org:acme", Subject: person}},
	{"designation.cleared", DesignationCleared{Cause: CauseReplaced, Designation: "main_owner", Scope: "org:acme", Subject: person}},
	{"designation.lapsed", DesignationLapsed{Cause: CauseQuorum, Designation: "main_owner", Scope: "org:acme", Subject: person}},
	{"feature.enabled", FeatureEnabled{Feature: "license_purchase"}},
	{"feature.disabled", FeatureDisabled{Feature: "license_purchase"}},
	{"fact.recorded", FactRecorded{Fact: "license_purchased", Quantity: 300, Scope: "org:acme"}},
	{"fact.recorded-subject", FactRecorded{Fact: "password_reset", Scope: "org:acme", Subject: person}},
	{"invitation.sent", InvitationSent{Expires: due, Invitation: item, Role: "member", Scope: "org:acme", Subject: person,
		Token: Sealed("\x01\xfftoken"), TokenHash: bytes.Repeat([]byte{0xe5}, 32)}},
	{"invitation.resent", InvitationResent{Expires: due, Invitation: item, Subject: person,
		Token: Sealed("\x01\xfftoken"), TokenHash: bytes.Repeat([]byte{0xe5}, 32)}},
	{"invitation.accepted", InvitationAccepted{Invitation: item, Subject: person}},
	{"invitation.declined", InvitationDeclined{Invitation: item, Subject: person}},
	{"invitation.withdrawn", InvitationWithdrawn{Cause: CauseAnonymization, Invitation: item, Subject: person}},
	{"invitation.expired", InvitationExpired{Invitation: item, Subject: person}},
	{"reminder.set", ReminderSet{Due: due, Every: "P2W", Reminder: item, Subject: person, Zone: "Europe/Vienna"}},
	{"reminder.fired", ReminderFired{Count: 2, Due: due, Next: due.AddDate(0, 0, 14), Reminder: item, Subject: person}},
	{"reminder.completed", ReminderCompleted{Cause: CauseAnonymization, Reminder: item, Subject: person}},
	{"reminder.canceled", ReminderCanceled{Reminder: item, Subject: person}},
	{"retention.set", RetentionSet{Ground: Sealed("\x01\xffground"), Subject: person, Until: due}},
	{"retention.ended", RetentionEnded{Subject: person, Until: due}},
	{"hold.placed", HoldPlaced{Ground: Sealed("\x01\xffground"), Hold: item, Subject: person}},
	{"hold.released", HoldReleased{Hold: item, Subject: person}},
	{"anonymization.started", AnonymizationStarted{Subject: person}},
	{"model.adopted-roles", ModelAdopted{Digest: bytes.Repeat([]byte{0xc3}, 32), Model: "github", Roles: []string{"org.admin=org.owner", "org.buyer=none"},
		Source: bytes.Repeat([]byte("# a role model\n"), 20)}},
	{"membership.started-guest", MembershipStarted{MemberKind: "guest", Scope: "team:sig-etcd", Subject: person}},
	{"invitation.sent-rerouted", InvitationSent{Expires: due, Invitation: item, MemberKind: "guest", Role: "member", Route: "unit:east", Scope: "org:acme", Subject: person,
		Token: Sealed("\x01\xfftoken"), TokenHash: bytes.Repeat([]byte{0xe5}, 32)}},
	{"edition.set", EditionSet{Edition: "essentials"}},
	{"role.defined", RoleDefined{Icon: "shield", Role: "moderator", Scope: "org:acme", Template: "org.admin_role", Title: Sealed("\x01\xfftitle")}},
	{"role.renamed", RoleRenamed{Icon: "star", Role: "moderator", Scope: "org:acme", Title: Sealed("\x01\xfftitle")}},
	{"role.deleted", RoleDeleted{Cause: CauseModel, Role: "moderator", Scope: "org:acme"}},
	{"permission.added", PermissionAdded{Cause: CauseCreated, Permission: "team.edit", Role: "moderator", Scope: "org:acme"}},
	{"permission.removed", PermissionRemoved{Permission: "team.edit", Scope: "group:finance"}},
	{"permission.removed-role", PermissionRemoved{Permission: "team.edit", Role: "moderator", Scope: "org:acme"}},
	{"permission.withheld", PermissionWithheld{Kind: "team", Permission: "team.edit", Role: "admin", Value: "project"}},
	{"permission.restored", PermissionRestored{Kind: "team", Permission: "team.edit", Role: "admin", Value: "project"}},
	{"client.created", ClientCreated{Name: Sealed("\x01\xffname"), Subject: client}},
	{"client.deleted", ClientDeleted{Subject: client}},
	{"manager.assigned", ManagerAssigned{Manager: client, Subject: person}},
	{"manager.removed", ManagerRemoved{Cause: CauseTermination, Manager: client, Subject: person}},
	{"scope.merged", ScopeMerged{Into: "team:sig-storage", Scope: "team:sig-etcd"}},
	{"scope.archived", ScopeArchived{Scope: "team:sig-etcd"}},
	{"scope.restored", ScopeRestored{Scope: "team:sig-etcd"}},
	{"attribute.set", AttributeSet{Attribute: "type", Cause: CauseCreated, Scope: "team:sig-etcd", Value: "project"}},
	{"addresses.routed", AddressesRouted{Domains: []string{"east.example", "west.example"}, Scope: "unit:east"}},
	{"person.anonymized", PersonAnonymized{Certificate: []byte("a certificate\n"), Epoch: 7, Started: 70_000, Subject: person}},
}

func goldenPath(file string) string { return filepath.Join("testdata", "v1", file+".msgpack") }

func TestGoldenBytes(t *testing.T) {
	for _, row := range golden {
		t.Run(row.file, func(t *testing.T) {
			want := goldenCommit(row.event)
			data, err := os.ReadFile(goldenPath(row.file))
			if os.IsNotExist(err) && *update {
				data = mustEncode(t, want)
				if err := os.MkdirAll(filepath.Dir(goldenPath(row.file)), 0o755); err != nil {
					t.Fatal(err)
				}
				err = os.WriteFile(goldenPath(row.file), data, 0o644)
			}
			if err != nil {
				t.Fatalf("%v; -update writes missing files", err)
			}
			got, err := Decode(data)
			if err != nil {
				t.Fatalf("bytes of the past cannot be read any more: %v", err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("bytes of the past are read differently (-want +got):\n%s", diff)
			}
			if again := mustEncode(t, got); versionOf(t, data) == newestVersion(row.event) && !bytes.Equal(data, again) {
				t.Errorf("the same version is written differently:\n%x\n%x", data, again)
			}
		})
	}
}

// versionOf reads the version of a commit's only event.
func versionOf(t *testing.T, data []byte) int {
	t.Helper()
	var commit map[string]any
	if err := Unmarshal(data, &commit); err != nil {
		t.Fatal(err)
	}
	return int(commit["events"].([]any)[0].(map[string]any)["v"].(int8))
}

func newestVersion(e Event) int { return catalogue.byStruct[reflect.TypeOf(e)].Version }

// TestGoldenBytesAreComplete fails for a new event, or a new field of one,
// that no golden file holds, and for a file that no row describes.
func TestGoldenBytesAreComplete(t *testing.T) {
	set := map[reflect.Type]map[string]bool{}
	note := func(v reflect.Value) {
		if set[v.Type()] == nil {
			set[v.Type()] = map[string]bool{}
		}
		for i := range v.NumField() {
			if !v.Field(i).IsZero() {
				set[v.Type()][v.Type().Field(i).Name] = true
			}
		}
	}
	described := map[string]bool{}
	for _, row := range golden {
		if event, _, _ := strings.Cut(row.file, "-"); event != Name(row.event) {
			t.Errorf("the row %s holds a %s", row.file, Name(row.event))
		}
		described[goldenPath(row.file)] = true
		note(reflect.ValueOf(goldenCommit(row.event)))
		note(reflect.ValueOf(row.event))
	}
	for _, typ := range Catalogue() {
		if !described[goldenPath(typ.Name)] {
			t.Errorf("%s has no golden file: add a row, then run with -update", typ.Name)
		}
	}
	types := []reflect.Type{reflect.TypeFor[Commit]()}
	for _, typ := range Catalogue() {
		types = append(types, typ.Struct)
	}
	for _, typ := range types {
		for i := range typ.NumField() {
			if !set[typ][typ.Field(i).Name] {
				t.Errorf("no golden file sets %s.%s", typ.Name(), typ.Field(i).Name)
			}
		}
	}
	files, err := filepath.Glob(goldenPath("*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !described[file] {
			t.Errorf("%s is described by no row", file)
		}
	}
}
