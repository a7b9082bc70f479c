package projections

import (
	"testing"

	"tenure/aggregate"
	"tenure/events"
)

func TestCredentials(t *testing.T) {
	acme, beta := newHistory("acme"), newHistory("beta")
	admin, lea := acme.found(t), acme.join(t)
	other := beta.found(t)
	acme.must(t, acme.issue(admin))
	acme.must(t, acme.issue(lea))
	acme.must(t, acme.issue(lea))
	beta.must(t, beta.issue(other))
	view := NewCredentials()
	for _, h := range []*history{acme, beta} {
		for _, r := range h.records {
			if err := view.Apply(r); err != nil {
				t.Fatal(err)
			}
		}
	}
	find := func(id events.CredentialID, want Holder) {
		t.Helper()
		if got, found := view.Find(hashOf(id)); got != want || found != (want != Holder{}) {
			t.Errorf("key %s is that of %+v, want %+v", id, got, want)
		}
	}
	find(acme.keys[0], Holder{"acme", admin, acme.keys[0]})
	find(acme.keys[1], Holder{"acme", lea, acme.keys[1]})
	find(acme.keys[2], Holder{"acme", lea, acme.keys[2]})
	find(beta.keys[0], Holder{"beta", other, beta.keys[0]})
	find("01J00000000000000000000000", Holder{})

	if err := view.Apply(acme.must(t, aggregate.RevokeCredential{Credential: acme.keys[1]})); err != nil {
		t.Fatal(err)
	}
	find(acme.keys[1], Holder{})
	find(acme.keys[2], Holder{"acme", lea, acme.keys[2]})

	// X02: the end of a membership ends the keys.
	if err := view.Apply(acme.must(t, aggregate.TerminateMembership{Subject: lea, Scope: acme.root()})); err != nil {
		t.Fatal(err)
	}
	find(acme.keys[2], Holder{})
	find(acme.keys[0], Holder{"acme", admin, acme.keys[0]})
}

func TestCredentialsRefuseWhatIsNoHash(t *testing.T) {
	h := newHistory("acme")
	admin := h.found(t)
	good := h.must(t, h.issue(admin))
	for _, hash := range [][]byte{nil, {1, 2, 3}, make([]byte, 33)} {
		view := NewCredentials()
		broken := good
		broken.Events = events.Events{good.Events[0], events.CredentialIssued{Subject: admin, Credential: "01J00000000000000000000000", Hash: hash}}
		if err := view.Apply(broken); err == nil {
			t.Errorf("a hash of %d bytes is taken", len(hash))
		}
		if _, found := view.Find(hashOf(h.keys[0])); found {
			t.Error("part of the commit was folded")
		}
	}
}
