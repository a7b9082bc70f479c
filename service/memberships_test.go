package service

import (
	"testing"

	"tenure/projections"
)

// The change of a member's kind shows between two moments.
func TestDiffOfMemberKinds(t *testing.T) {
	h := open(t)
	h.studio()
	must[PersonReceipt](t)(h.RegisterPerson(t.Context(), operator, "acme", requested, PersonDetails{Login: "gus"}))
	member := MembershipRequest{Person: "gus", MemberKind: "guest"}
	before := must[Receipt](t)(h.StartMembership(t.Context(), operator, "acme", requested, member)).Revision
	member.MemberKind = "user"
	after := must[Receipt](t)(h.ChangeMemberKind(t.Context(), operator, "acme", requested, member)).Revision
	list := must[[]Difference](t)(h.Diff(t.Context(), operator, "acme", 0, projections.Moment{Revision: before}, projections.Moment{Revision: after}))
	if len(list) != 2 {
		t.Fatalf("%+v", list)
	}
	for i, want := range []Difference{{Change: "added", Kind: "user"}, {Change: "removed", Kind: "guest"}} {
		got := list[i]
		if got.Change != want.Change || got.Kind != want.Kind || got.What != "membership" || got.Login != "gus" || got.Revision != after {
			t.Errorf("%+v", got)
		}
	}
}
