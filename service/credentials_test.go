package service

import (
	"testing"

	"tenure/aggregate"
	"tenure/projections"
)

func TestKeys(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	h.join("acme", "ben")
	ann, ben := h.as("acme", "ann"), h.as("acme", "ben")
	h.register("acme", PersonDetails{Login: "guest"})
	guest := h.as("acme", "guest")
	own := must[KeyReceipt](t)(h.IssueKey(t.Context(), ben, "acme", Envelope{}, IssueRequest{Person: "ben"}))
	if own.Person != "ben" || own.Events[0].BreakGlass {
		t.Errorf("the receipt is %+v", own)
	}
	// Nobody issues somebody else's key.
	_, err := h.IssueKey(t.Context(), ann, "acme", Envelope{}, IssueRequest{Person: "ben"})
	refusedWith(t, err, aggregate.CodeNotPermitted)

	list := func(c Caller, reading Reading) []string {
		var rows []string
		for _, k := range must[[]KeyView](t)(h.Keys(t.Context(), c, "acme", reading)) {
			rows = append(rows, k.Person+" by "+k.By)
		}
		return rows
	}
	diff(t, "an administrator sees", []string{"ann by operator", "ben by ben", "ben by operator", "guest by operator"}, sorted(list(ann, Reading{})))
	diff(t, "a member sees", []string{"ben by ben", "ben by operator"}, sorted(list(ben, Reading{})))
	diff(t, "a guest sees", []string{"guest by operator"}, list(guest, Reading{}))

	// Revoking others' keys takes the permission; the own ones do not.
	_, err = h.RevokeKey(t.Context(), ben, "acme", Envelope{}, RevokeKeyRequest{Key: string(ann.Credential)})
	refusedWith(t, err, aggregate.CodeNotPermitted)
	must[Receipt](t)(h.RevokeKey(t.Context(), ben, "acme", Envelope{}, RevokeKeyRequest{Key: own.Prefix}))
	must[Receipt](t)(h.RevokeKey(t.Context(), ann, "acme", Envelope{Note: "left on a train"}, RevokeKeyRequest{Key: string(ben.Credential)}))
	_, err = h.Authenticate(t.Context(), h.keys["acme ben"])
	refusedWith(t, err, CodeUnauthenticated)

	// Who may read is decided by today's rights: somebody who lost them does
	// not see the keys of the day when they had them.
	at := Reading{Moment: projections.Moment{Revision: own.Revision}}
	diff(t, "an administrator sees of the past", 4, len(list(ann, at)))
	must[Receipt](t)(h.TerminateMembership(t.Context(), ann, "acme", Envelope{}, MembershipRequest{Person: "ben"}))
	back := must[KeyReceipt](t)(h.IssueKey(t.Context(), operator, "acme", requested, IssueRequest{Person: "ben"}))
	ben = must[Caller](t)(h.Authenticate(t.Context(), back.Key))
	diff(t, "who was a member sees of the past", []string{"ben by ben", "ben by operator"}, sorted(list(ben, at)))
}
