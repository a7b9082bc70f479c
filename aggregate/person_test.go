package aggregate

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"tenure/events"
)

func TestPerson(t *testing.T) {
	login, email := events.Sealed("sealed login"), events.Sealed("sealed address")
	specify(t, []specification{
		{
			"an administrator registers a person, which gives no rights",
			given(acmeFounded),
			when(ann, RegisterPerson{Subject: ben, Login: login}),
			then(events.PersonRegistered{Subject: ben, Login: login}),
		},
		{
			"a member does not",
			given(acmeFounded, joined(ben)),
			when(ben, RegisterPerson{Subject: cat}),
			refused{code: CodeNotPermitted, scope: org, subject: ben, help: "tenure who --role admin --org acme", says: "admin on organization:acme"},
		},
		{
			"nobody is registered twice",
			given(acmeFounded, joined(ben)),
			when(ann, RegisterPerson{Subject: ben}),
			refused{code: CodeExists, subject: ben, says: "known already"},
		},
		{
			"built-in principals are no persons",
			given(acmeFounded),
			when(ann, RegisterPerson{Subject: events.Background}),
			refused{code: CodeInvalid, says: "ULID"},
		},
		{
			"nor is nobody",
			given(acmeFounded),
			when(ann, RegisterPerson{}),
			refused{code: CodeInvalid, says: "ULID"},
		},
		{
			"details are updated and cleared",
			given(acmeFounded, joined(ben)),
			when(ann, UpdatePerson{Subject: ben, Email: email, Cleared: []string{"job_title"}}),
			then(events.PersonUpdated{Subject: ben, Email: email, Cleared: []string{"job_title"}}),
		},
		{
			"an update of nothing changes nothing",
			given(acmeFounded, joined(ben)),
			when(ann, UpdatePerson{Subject: ben}),
			then(),
		},
		{
			"only known people are updated",
			given(acmeFounded),
			when(ann, UpdatePerson{Subject: nix, Email: email}),
			refused{code: CodeUnknown, help: "tenure person add", says: string(nix)},
		},
		{
			"a person has four fields",
			given(acmeFounded, joined(ben)),
			when(ann, UpdatePerson{Subject: ben, Cleared: []string{"shoe_size"}}),
			refused{code: CodeInvalid, says: `no field "shoe_size"; there is email`},
		},
		{
			"a member does not update others",
			given(acmeFounded, joined(ben)),
			when(ben, UpdatePerson{Subject: ann, Email: email}),
			refused{code: CodeNotPermitted, scope: org, subject: ben, help: "tenure who --role admin", says: "person.update"},
		},
	})
}

// Each sealed value remembers the commit that it is bound to, and a cleared
// one is gone.
func TestDetails(t *testing.T) {
	state := given(acmeFounded,
		events.PersonRegistered{Subject: ben, Login: events.Sealed("1"), Name: events.Sealed("2"), Email: events.Sealed("3")},
		events.PersonUpdated{Subject: ben, Name: events.Sealed("4"), Cleared: []string{"email"}},
	).fold(t)
	person, _ := state.Person(ben)
	want := Details{
		Login: Sealed{Commit: commitID(2), Value: events.Sealed("1")},
		Name:  Sealed{Commit: commitID(3), Value: events.Sealed("4")},
	}
	if diff := cmp.Diff(want, person.Details); diff != "" {
		t.Error(diff)
	}
	if person.Registered.Revision != 6 || person.Changed.Revision != 9 { // X03
		t.Errorf("registered at %d, changed at %d", person.Registered.Revision, person.Changed.Revision)
	}
}
