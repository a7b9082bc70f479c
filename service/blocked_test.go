package service

import (
	"strings"
	"testing"

	"tenure/aggregate"
	"tenure/events"
)

// An invitation that cannot be accepted as things are is listed as that.
func TestBlockedInvitations(t *testing.T) {
	h := workshop(t)
	ctx, ann := t.Context(), h.as("acme", "ann")
	invite := func(who string, caller Caller, request InvitationRequest) {
		t.Helper()
		request.PersonDetails = PersonDetails{Email: who + "@example.org"}
		must[InvitationReceipt](t)(h.Invite(ctx, caller, "acme", Envelope{}, request))
	}
	invite("ida", ann, InvitationRequest{})
	invite("jon", ann, InvitationRequest{Role: "viewer"})
	h.grant("acme", "dan", "owner", "")
	invite("kim", h.as("acme", "dan"), InvitationRequest{})
	listed := func() (blocked []string) {
		for _, i := range must[[]InvitationView](t)(h.Invitations(ctx, ann, "acme", Reading{})) {
			blocked = append(blocked, i.Login+": "+i.Blocked)
		}
		return blocked
	}
	diff(t, "invitations", []string{"ida@example.org: ", "jon@example.org: ", "kim@example.org: "}, listed())
	must[Receipt](t)(h.RevokeRole(ctx, ann, "acme", Envelope{}, RoleRequest{Person: "cat", Role: "viewer"}))
	must[Receipt](t)(h.SetEdition(ctx, ann, "acme", Envelope{}, EditionRequest{Edition: "small"}))
	must[Receipt](t)(h.RevokeRole(ctx, ann, "acme", Envelope{}, RoleRequest{Person: "dan", Role: "owner"}))
	got := listed()
	if len(got) != 3 || got[0] != "ida@example.org: " || !strings.Contains(got[1], "viewer") || !strings.Contains(got[1], "edition Large") ||
		!strings.Contains(got[2], "Whoever sent this invitation may not do so any more") {
		t.Errorf("listed as %q", got)
	}
	must[Receipt](t)(h.SetEdition(ctx, ann, "acme", Envelope{}, EditionRequest{Edition: "large"}))
	h.grant("acme", "dan", "owner", "")
	diff(t, "invitations afterwards", []string{"ida@example.org: ", "jon@example.org: ", "kim@example.org: "}, listed())
}

// Whoever answers with a token and holds roles already gets no key by it, and is
// told so.
func TestAcceptedWithoutAKey(t *testing.T) {
	h := workshop(t)
	h.grant("acme", "eve", "editor", "plan:draft")
	sent := must[InvitationReceipt](t)(h.Invite(t.Context(), operator, "acme", requested, InvitationRequest{Person: "eve"}))
	caller := must[Caller](t)(h.Authenticate(t.Context(), sent.Token))
	want := []string{"No key was issued, since eve holds roles here already: the operator issues the first one (tenure keys issue eve --org acme)."}
	for _, dry := range []bool{true, false} {
		receipt := must[KeyReceipt](t)(h.AcceptInvitation(t.Context(), caller, "acme", Envelope{DryRun: dry}, ItemRequest{ID: string(sent.ID)}))
		if receipt.Key != "" {
			t.Error("there is a key")
		}
		diff(t, "remarks", want, receipt.Remarks)
	}
	sent = must[InvitationReceipt](t)(h.Invite(t.Context(), operator, "acme", requested, InvitationRequest{PersonDetails: PersonDetails{Email: "fay@example.org"}}))
	caller = must[Caller](t)(h.Authenticate(t.Context(), sent.Token))
	if receipt := must[KeyReceipt](t)(h.AcceptInvitation(t.Context(), caller, "acme", Envelope{}, ItemRequest{ID: string(sent.ID)})); receipt.Key == "" || receipt.Remarks != nil {
		t.Errorf("key %t, remarks %q", receipt.Key != "", receipt.Remarks)
	}
}

// Refusals say what would help, and no more than can be read.
func TestHelpInRefusals(t *testing.T) {
	h := workshop(t)
	ctx, ann, long := t.Context(), h.as("acme", "ann"), strings.Repeat("x", 10_000)
	h.register("acme", PersonDetails{Login: "fay", Email: "fay@example.org"})
	for _, c := range []struct {
		name, says, help string
		err              error
	}{
		{"an address that is known", "is known already", "tenure invitations send fay@example.org --on team:squad --org acme",
			failed(h.Invite(ctx, ann, "acme", Envelope{}, InvitationRequest{PersonDetails: PersonDetails{Email: "fay@example.org"}, Scope: "team:squad"}))},
		{"a login that is known", "is known already", "tenure invitations send fay --org acme",
			failed(h.Invite(ctx, ann, "acme", Envelope{}, InvitationRequest{PersonDetails: PersonDetails{Login: "fay", Email: "new@example.org"}}))},
		{"a role below, without saying where", "team.lead is a role on a team, and workspace:acme is none: say which with --on team:HANDLE.", "",
			failed(h.Holders(ctx, ann, "acme", Reading{}, "team.lead", ""))},
		{"a blank name", "needs something to read", "", failed(h.RegisterPerson(ctx, ann, "acme", Envelope{}, PersonDetails{Login: "gil", Name: "   "}))},
		{"a role that there is not", "no role", "tenure models show studio", failed(h.GrantRole(ctx, ann, "acme", Envelope{}, GrantRequest{RoleRequest: RoleRequest{Person: "ben", Role: "none"}}))},
	} {
		r, _ := c.err.(aggregate.Refusals)
		if len(r) == 0 {
			t.Errorf("%s: %v", c.name, c.err)
			continue
		}
		if !strings.Contains(r[0].Message, c.says) || r[0].Help != c.help {
			t.Errorf("%s: %s (%s)", c.name, r[0].Message, r[0].Help)
		}
	}
	for name, err := range map[string]error{
		"role":         failed(h.GrantRole(ctx, ann, "acme", Envelope{}, GrantRequest{RoleRequest: RoleRequest{Person: "ben", Role: events.RoleID(long)}})),
		"person":       failed(h.GrantRole(ctx, ann, "acme", Envelope{}, GrantRequest{RoleRequest: RoleRequest{Person: long, Role: "owner"}})),
		"custom role":  failed(h.DefineRole(ctx, ann, "acme", Envelope{}, DefineRoleRequest{Role: events.RoleID(long)})),
		"icon":         failed(h.DefineRole(ctx, ann, "acme", Envelope{}, DefineRoleRequest{Role: "good", Icon: long})),
		"template":     failed(h.DefineRole(ctx, ann, "acme", Envelope{}, DefineRoleRequest{Role: "good", Template: long})),
		"renamed":      failed(h.RenameRole(ctx, ann, "acme", Envelope{}, RenameRoleRequest{Role: long, Icon: &long})),
		"deleted":      failed(h.DeleteRole(ctx, ann, "acme", Envelope{}, DeleteRoleRequest{Role: long})),
		"permitted":    failed(h.PermitRole(ctx, ann, "acme", Envelope{}, PermitRoleRequest{Role: long, Permissions: nil})),
		"withheld":     failed(h.WithholdPermission(ctx, ann, "acme", Envelope{}, WithholdRequest{Role: long, Permissions: nil})),
		"domain":       failed(h.RouteAddresses(ctx, operator, "acme", requested, RouteRequest{Scope: "team:squad", Domains: []string{long + ".example"}})),
		"scope":        failed(h.CreateScope(ctx, ann, "acme", Envelope{}, ScopeRequest{Scope: "team:" + long})),
		"kind":         failed(h.StartMembership(ctx, ann, "acme", Envelope{}, MembershipRequest{Person: "eve", MemberKind: events.MemberKindID(long)})),
		"holders":      failed(h.Holders(ctx, ann, "acme", Reading{}, events.RoleID(long), "")),
		"permission":   failed(h.Can(ctx, ann, "acme", Reading{}, "ben", long, "")),
		"invited":      failed(h.Invite(ctx, ann, "acme", Envelope{}, InvitationRequest{Person: "eve", Role: events.RoleID(long)})),
		"invited to":   failed(h.Invite(ctx, ann, "acme", Envelope{}, InvitationRequest{Person: "eve", Scope: long})),
		"edition":      failed(h.SetEdition(ctx, ann, "acme", Envelope{}, EditionRequest{Edition: events.EditionID(long)})),
		"feature":      failed(h.SwitchFeature(ctx, ann, "acme", Envelope{}, FeatureRequest{Feature: events.FeatureID(long)})),
		"designation":  failed(h.SetDesignation(ctx, ann, "acme", Envelope{}, DesignationRequest{Person: "ben", Designation: events.DesignationID(long)})),
		"attribute":    failed(h.SetAttributes(ctx, ann, "acme", Envelope{}, ScopeRequest{Scope: "plan:open", Attributes: map[events.AttributeID]string{events.AttributeID(long): "x"}})),
		"value":        failed(h.SetAttributes(ctx, ann, "acme", Envelope{}, ScopeRequest{Scope: "plan:open", Attributes: map[events.AttributeID]string{"commenting": long}})),
		"resolver":     failed(h.Resolve(ctx, ann, "acme", Reading{}, long, "")),
		"key":          failed(h.RevokeKey(ctx, ann, "acme", Envelope{}, RevokeKeyRequest{Key: long})),
		"invitation":   failed(h.WithdrawInvitation(ctx, ann, "acme", Envelope{}, ItemRequest{ID: long})),
		"fact":         failed(h.RecordFact(ctx, ann, "acme", Envelope{}, FactRequest{Fact: events.FactID(long)})),
		"client":       failed(h.CreateClient(ctx, operator, "acme", requested, NewClientRequest{Name: long})),
		"login":        failed(h.RegisterPerson(ctx, ann, "acme", Envelope{}, PersonDetails{Login: long})),
		"organization": failed(h.Found(ctx, operator, Envelope{}, FoundRequest{Org: events.OrgID(long)})),
	} {
		r, _ := err.(aggregate.Refusals)
		if len(r) == 0 {
			t.Errorf("%s: %v", name, err)
		}
		for _, refused := range r {
			for what, text := range map[string]string{"message": refused.Message, "help": refused.Help, "field": refused.Field, "role": refused.Role, "scope": string(refused.Scope), "subject": string(refused.Subject)} {
				if len(text) > 500 {
					t.Errorf("%s: the %s has %d bytes: %.200s", name, what, len(text), text)
				}
			}
		}
	}
}
